"""Emit a program's rows as one LLVM function: for groups of all 32 lanes, or for any group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core import translated as t
from softbeam.emulator.translation import atomics, copying
from softbeam.emulator.translation.blocks import MEANINGS, Block, Blocks
from softbeam.emulator.translation.frame import Frame
from softbeam.emulator.translation.local import LocalAccess
from softbeam.emulator.translation.memory import (
    ACCESSES,
    LOADS,
    Access,
    is_global,
    load_constant,
)
from softbeam.emulator.translation.operation import Operation, Results, Untranslatable
from softbeam.emulator.translation.vectors import I1, I32, I64, Value

#: Names of the two functions of a program.
NAMES = {True: "full", False: "masked"}

#: Destinations that are none.
NO_REGISTER, NO_UNIFORM = 255, 255


def access_rows(rows: NDArray[np.int64]) -> list[int]:
    """Return the rows that access global memory; each remembers where it found its segment."""
    return [int(row) for row in np.flatnonzero(is_global(rows))]


def emit(module: ir.Module, rows: NDArray[np.int64], blocks: Blocks, *, full: bool) -> None:
    """Append the function for full masks, or for others, to a module."""
    _Emitter(module, rows, blocks, full=full).emit()


class FailedRow(Exception):  # noqa: N818  (never leaves this package)
    """A row that could not be translated, against all expectation."""

    def __init__(self, row: int, why: Exception) -> None:
        super().__init__(f"{type(why).__name__}: {why}")
        self.row = row


class _Emitter:
    def __init__(
        self, module: ir.Module, rows: NDArray[np.int64], blocks: Blocks, *, full: bool
    ) -> None:
        self.frame = Frame(module, NAMES[full], full=full)
        self.builder = self.frame.builder
        self.warp = self.frame.warp
        self.rows = rows
        self.blocks = blocks
        self.accesses = {row: number for number, row in enumerate(access_rows(rows))}
        self.labels = {
            block.first: self.frame.function.append_basic_block(f"row{block.first}")
            for block in blocks.blocks
        }
        self._stubs: dict[int, ir.Block] = {}
        #: Goes to the row that `wanted` says, in translated code or out of it.
        self.dispatch = self.frame.function.append_basic_block("dispatch")
        with self.builder.goto_block(self.dispatch):
            self.wanted = self.builder.phi(I64)

    def emit(self) -> None:
        """Emit the entry, which goes to the row that is asked for, and every block."""
        outside = self.frame.function.append_basic_block("outside")
        self.wanted.add_incoming(self.frame.first_row, self.builder.block)
        self.builder.branch(self.dispatch)
        self.builder.position_at_end(self.dispatch)
        switch = self.builder.switch(self.wanted, outside)
        for first, label in self.labels.items():
            switch.add_case(ir.Constant(I64, first), label)
        self.builder.position_at_end(outside)
        self.frame.row.add_incoming(self.wanted, outside)
        self.builder.branch(self.frame.leave)
        for block in self.blocks.blocks:
            _BlockEmitter(self, block).emit()

    def label(self, row: int) -> ir.Block:
        """Return where to branch to go on at a row."""
        if row in self.labels:
            return self.labels[row]
        if row not in self._stubs:
            stub = self.frame.function.append_basic_block(f"to{row}")
            self._stubs[row] = stub
            with self.builder.goto_block(stub):
                self.frame.leave_to(row)
        return self._stubs[row]


class _BlockEmitter:
    """One block: the check that it may run, its rows, and where it goes on."""

    def __init__(self, program: _Emitter, block: Block) -> None:
        self.program, self.block = program, block
        self.frame, self.builder, self.warp = program.frame, program.builder, program.warp
        self.before: Value = None  # rows executed before the block

    def emit(self) -> None:
        """Emit the block."""
        frame, builder, block = self.frame, self.builder, self.block
        builder.position_at_end(self.program.labels[block.first])
        self.warp.forget()
        self.before = builder.load(frame.executed)
        after = builder.add(self.before, ir.Constant(I64, block.end - block.first))
        runs = builder.and_(
            builder.icmp_signed("<=", after, frame.allowed),
            builder.icmp_signed("!=", frame.stop, ir.Constant(I64, block.number)),
        )
        body = frame.function.append_basic_block(f"body{block.first}")
        builder.cbranch(runs, body, self._stub(block.first))
        builder.position_at_end(body)
        for row in range(block.first, block.end):
            try:
                self._row(row)
            except Exception as error:
                raise FailedRow(row, error) from error
            if builder.block.is_terminated:
                return
        self.warp.flush()
        self._finish(block.end)
        builder.branch(self.program.label(block.end))

    def _stub(self, row: int) -> ir.Block:
        stub = self.frame.function.append_basic_block(f"stop{row}")
        with self.builder.goto_block(stub):
            self.frame.leave_to(row)
        return stub

    def _executed_by(self, row: int) -> Value:
        """Return the rows executed before a row of the block."""
        return self.builder.add(self.before, ir.Constant(I64, row - self.block.first))

    def _finish(self, end: int) -> None:
        """Count the rows of the block, all of which are executed."""
        frame, builder = self.frame, self.builder
        builder.store(self._executed_by(end), frame.executed)
        place = frame.element(t.COUNTS_AT, ir.Constant(I64, self.block.number))
        builder.store(builder.add(builder.load(place), frame.active), place)

    def _leave_before(self, row: int) -> None:
        """Leave the block early: the interpreter goes on with a row of it."""
        self._leave(row, row)

    def _leave(self, row: int, end: int) -> None:
        """Leave the block early, at a row; those before `end` have been executed."""
        first = self.block.first
        self.builder.store(self._executed_by(end), self.frame.executed)
        if end > first:
            copying.count_rows(self.frame, first, end - first)
        self.frame.leave_to(row)

    def _row(self, number: int) -> None:
        row = self.program.rows[number]
        operation = int(row[k.OP])
        executed = self.warp.executed(int(row[k.GUARD]))
        if operation in _CONTROL:
            _CONTROL[operation](self, number, row, executed)
        elif number in self.program.blocks.called:
            self._call(number, row, executed)
        elif operation != k.NOP:
            try:
                self._translate(number, row, executed)
            except Untranslatable:
                self._call(number, row, executed)
        if not self.builder.block.is_terminated:
            self._count_skipped(number, row, executed)

    def _translate(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        operation = int(row[k.OP])
        if operation in ACCESSES:
            self._access(number, row, executed)
            return
        if operation in (k.ATOMIC, k.REDUCTION):
            self._atomic(number, row, executed)
            return
        o = Operation(self.frame, row, executed)
        if operation == k.LDC:
            self._write_words(o, load_constant(o), o.column(k.DESTINATIONS), executed)
        else:
            self._write(o, MEANINGS[operation](o), executed)

    def _time(self, number: int) -> Value:
        """Return how many warp instructions have been executed once a row has been."""
        return self.builder.add(self.frame.instructions, self._executed_by(number + 1))

    def _call(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        """Call the interpreter's code for a row; leave the block if that raises an exception."""
        builder, frame = self.builder, self.frame
        self.warp.flush()
        known, unknown = (frame.function.append_basic_block(n) for n in ("known", "unknown"))
        none = builder.icmp_signed("==", frame.addresses[t.ROW_ENTRY], ir.Constant(I64, 0))
        builder.cbranch(none, unknown, known)
        builder.position_at_end(unknown)
        self._leave_before(number)
        builder.position_at_end(known)
        status = frame.call_row(number, self.warp.bits(executed), self._time(number))
        going, failed = (frame.function.append_basic_block(n) for n in ("going", "failed"))
        fine = builder.icmp_signed("==", status, ir.Constant(I64, k.RUNNING))
        builder.cbranch(fine, going, failed)
        builder.position_at_end(failed)
        frame.put(t.STATUS, status)
        self._count_skipped(number, row, executed)
        self._leave(number, number + 1)
        builder.position_at_end(going)
        self.warp.forget()

    def _count_skipped(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        """Count the active lanes that the guard kept from executing."""
        if int(row[k.GUARD]) == 7 or executed is None:
            return
        builder, frame = self.builder, self.frame
        ones = builder.zext(builder.ctpop(self.warp.bits(executed)), I64)
        place = frame.element(t.SKIPPED_AT, ir.Constant(I64, number))
        skipped = builder.sub(frame.active, ones)
        builder.store(builder.add(builder.load(place), skipped), place)

    def _access(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        self.warp.flush()
        o = Operation(self.frame, row, executed)
        access: Access | LocalAccess
        if o.column(k.SPACE) == k.LOCAL:
            access = LocalAccess(o, lambda: self._leave_before(number))
        else:
            access = self._memory(number, o)
        if o.column(k.OP) in LOADS:
            words = access.load()
            self._write_words(o, words, o.column(k.DESTINATIONS), executed)
        elif isinstance(access, LocalAccess):
            access.store()
        else:
            access.store(self._time(number))

    def _memory(self, number: int, o: Operation) -> Access:
        place = self.program.accesses.get(number, 0)
        return Access(o, place, o.executed, lambda: self._leave_before(number))

    def _atomic(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        self.warp.flush()
        o = Operation(self.frame, row, executed)
        old = atomics.emit(self._memory(number, o), self._time(number))
        if o.column(k.OP) == k.ATOMIC:
            self._write_words(o, (old,), o.column(k.DESTINATIONS), executed)

    def _write(self, o: Operation, results: Results, executed: Value | None) -> None:
        """Write an operation's results: registers, then predicates."""
        # The interpreter writes one register, or two.
        wanted = 2 if o.column(k.DESTINATIONS) == 2 else 1
        self._write_words(o, results.words, wanted, executed)
        set_predicate = self.warp.set_uniform_predicate if o.uniform else self.warp.set_predicate
        for column, value in (
            (k.PREDICATE_0, results.first),
            (k.PREDICATE_1, results.second),
        ):
            held = value if value is not None else o.v.bit(False)
            set_predicate(o.column(column), held, executed)

    def _write_words(
        self, o: Operation, words: tuple[Value, ...], wanted: int, executed: Value | None
    ) -> None:
        """Write destination registers, unless there are none."""
        destination = o.column(k.DESTINATION)
        if destination == (NO_UNIFORM if o.uniform else NO_REGISTER):
            return
        # A word that the operation does not give is zero.
        words += (o.v.word(0),) * (wanted - len(words))
        set_register = self.warp.set_uniform if o.uniform else self.warp.set_register
        for part in range(wanted):
            set_register(destination + part, words[part], executed)

    # Control flow.

    def _branched(self, number: int) -> None:
        """Note that a row that steers control flow was executed."""
        self.builder.store(self._executed_by(number + 1), self.frame.branched)

    def _decide(self, number: int, all_: Value, none: Value) -> None:
        """Leave the block where some lanes go one way and some the other."""
        builder = self.builder
        going, mixed = (self.frame.function.append_basic_block(name) for name in ("going", "mixed"))
        builder.cbranch(builder.or_(all_, none), going, mixed)
        builder.position_at_end(mixed)
        self._leave_before(number)
        builder.position_at_end(going)

    def _ways(self, lanes: Value) -> tuple[Value, Value]:
        """Return whether lanes are all of the group, and whether they are none."""
        bits = self.warp.bits(lanes)
        return (
            self.builder.icmp_unsigned("==", bits, self.frame.mask_bits),
            self.builder.icmp_unsigned("==", bits, ir.Constant(I32, 0)),
        )

    def _branch(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        builder, target = self.builder, int(row[k.TARGET])
        self.warp.flush()
        code = int(row[k.SOURCE_PREDICATE_0])
        taken = executed
        if code != 7:
            holds = self.warp.source_predicate(code)
            taken = holds if taken is None else builder.and_(taken, holds)
        label, following = self.program.label(target), self.program.label(number + 1)
        if taken is None or (code == 7 and int(row[k.GUARD]) == 7):
            self._branched(number)
            self._finish(number + 1)
            builder.branch(label)
            return
        all_, none = self._ways(taken)
        self._decide(number, all_, none)
        self._count_skipped(number, row, executed)
        self._branched(number)
        self._finish(number + 1)
        builder.cbranch(all_, label, following)

    def _jump(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        """RET, BRX, indirect CALL: where all lanes of the group go to one row of the program."""
        builder, v = self.builder, self.warp.vectors
        self.warp.flush()
        if int(row[k.A]) != k.REGISTER:
            self._leave_before(number)
            return
        code = int(row[k.SOURCE_PREDICATE_0])
        if code != 7:
            holds = self.warp.source_predicate(code)
            executed = holds if executed is None else builder.and_(executed, holds)
        register = int(row[k.A_VALUE])
        low = self.warp.register(register)
        target = v.wide(low)
        if row[k.WIDE_ADDRESS]:
            target = v.pair(low, self.warp.register(register + 1))
        lane = builder.cttz(self.frame.mask_bits, ir.Constant(I1, 0))
        first = builder.extract_element(target, lane)
        same = builder.icmp_unsigned("==", target, v.splat(first))
        if executed is not None:
            same = builder.and_(same, executed)
        all_, _ = self._ways(same)
        first = builder.add(first, ir.Constant(I64, int(row[k.OFFSET])))
        wanted = builder.lshr(first, ir.Constant(I64, 4))
        known = builder.and_(
            builder.icmp_unsigned("<", wanted, ir.Constant(I64, len(self.program.rows))),
            builder.icmp_unsigned(
                "==", builder.and_(first, ir.Constant(I64, 15)), ir.Constant(I64, 0)
            ),
        )
        go = builder.and_(all_, known)
        self._decide(number, go, go)
        self._branched(number)
        self._finish(number + 1)
        self.program.wanted.add_incoming(wanted, builder.block)
        builder.branch(self.program.dispatch)

    def _set_barrier(self, index: int, words: Value, executed: Value | None) -> None:
        place = self.warp.at("barriers", 4 * k.LANES * index, words.type)
        if executed is not None:
            old = self.builder.load(place)
            old.align = 4
            words = self.builder.select(executed, words, old)
        self.builder.store(words, place).align = 4

    def _open_barrier(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        """BSSY: the executing lanes are those who will wait for each other."""
        lanes = self.warp.vectors.splat(self.warp.bits(executed))
        self._set_barrier(int(row[k.BARRIER]), lanes, executed)
        self._branched(number)

    def _pass_barrier(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        """BSYNC, WARPSYNC: where the warp is one group that goes as a whole, nobody waits."""
        builder = self.builder
        self.warp.flush()
        if executed is not None:
            all_, none = self._ways(executed)
            groups = builder.load(self.warp.at("groups", 0, I64))
            alone = builder.icmp_signed("==", groups, ir.Constant(I64, 1))
            self._decide(number, builder.and_(all_, alone), none)
        if int(row[k.OP]) == k.WARPSYNC:
            o = Operation(self.frame, row)
            words = o.v.word(0) if o.column(k.A) == k.NOTHING else o.a
            if o.column(k.A) == k.REGISTER:
                self._need_one_word(number, words, executed)
            self._set_barrier(k.WARPSYNC_BARRIER, words, executed)
        self._count_skipped(number, row, executed)
        self._branched(number)
        self._finish(number + 1)
        builder.branch(self.program.label(number + 1))

    def _need_one_word(self, number: int, words: Value, executed: Value | None) -> None:
        """Leave the block where executing lanes hold different words, as masks of WARPSYNC."""
        builder = self.builder
        bits = self.warp.bits(executed)
        lane = builder.and_(builder.cttz(bits, ir.Constant(I1, 0)), ir.Constant(I32, 31))
        first = builder.extract_element(words, lane)
        others = builder.icmp_unsigned("!=", words, self.warp.vectors.splat(first))
        if executed is not None:
            others = builder.and_(others, executed)
        _, none = self._ways(others)
        self._decide(number, none, none)

    def _exit(self, number: int, row: NDArray[np.int64], executed: Value | None) -> None:
        """EXIT: of all threads of a warp that is one group, or of none."""
        builder = self.builder
        self.warp.flush()
        groups = self.warp.at("groups", 0, I64)
        last = builder.icmp_signed("==", builder.load(groups), ir.Constant(I64, 1))
        code = int(row[k.SOURCE_PREDICATE_0])
        leaving = executed
        if code != 7:
            holds = self.warp.source_predicate(code)
            leaving = holds if leaving is None else builder.and_(leaving, holds)
        if leaving is not None:
            all_, none = self._ways(leaving)
            last = builder.and_(all_, last)
            self._decide(number, last, none)
        self._count_skipped(number, row, executed)
        self._branched(number)
        self._finish(number + 1)
        ended = self.frame.function.append_basic_block("ended")
        builder.cbranch(last, ended, self.program.label(number + 1))
        builder.position_at_end(ended)
        builder.store(ir.Constant(I64, 0), groups)
        self.frame.leave_to(t.ENDED)


_CONTROL: dict[int, Callable[[_BlockEmitter, int, NDArray[np.int64], Value | None], None]] = {
    k.BRA: _BlockEmitter._branch,
    k.CALL: _BlockEmitter._branch,
    k.RET: _BlockEmitter._jump,
    k.BRX: _BlockEmitter._jump,
    k.BSSY: _BlockEmitter._open_barrier,
    k.BSYNC: _BlockEmitter._pass_barrier,
    k.WARPSYNC: _BlockEmitter._pass_barrier,
    k.EXIT: _BlockEmitter._exit,
}
