"""The LLVM function that is being emitted: what all its blocks share."""

from __future__ import annotations

from llvmlite import ir

from softbeam.emulator.core import translated as t
from softbeam.emulator.core.layout import LANES
from softbeam.emulator.translation.vectors import BYTES, I1, I32, I64, Value
from softbeam.emulator.translation.warp import WarpState

CONTEXT_TYPE = I64.as_pointer()


class Frame:
    """Entry, exit and counters of one function for full masks or for any.

    Parameters
    ----------
    module : llvmlite.ir.Module
        The module.
    name : str
        The function's name.
    full : bool
        Whether all 32 lanes run.
    """

    def __init__(self, module: ir.Module, name: str, *, full: bool) -> None:
        self.module = module
        self.full = full
        kind = ir.FunctionType(ir.VoidType(), [CONTEXT_TYPE])
        self.function = ir.Function(module, kind, name)
        self.tune(self.function)
        self.entry = self.function.append_basic_block("entry")
        self.builder = ir.IRBuilder(self.entry)
        self.context = self.function.args[0]
        record = self.pointer(t.WARP_AT)
        self.mask_bits = ir.Constant(I32, 0xFFFFFFFF)
        mask = None
        if not full:
            self.mask_bits = self.builder.trunc(self.entry_value(t.MASK), I32)
            mask = self.builder.bitcast(self.mask_bits, ir.VectorType(I1, LANES))
        self.active = self.builder.zext(self.builder.ctpop(self.mask_bits), I64)
        self.warp = WarpState(self.builder, record, mask)
        self.executed = self.builder.alloca(I64)
        self.branched = self.builder.alloca(I64)
        zero = ir.Constant(I64, 0)
        self.builder.store(zero, self.executed)
        self.builder.store(zero, self.branched)
        self.allowed = self.entry_value(t.ALLOWED)
        self.stop = self.entry_value(t.STOP)
        self.instructions = self.entry_value(t.INSTRUCTIONS)
        self.leave = self.function.append_basic_block("leave")
        self.constants = self.pointer(t.CONSTANTS_AT, I32)
        # Room for what a warp loads or stores: 32 offsets, and 32 pieces of up to 16 bytes.
        self.offsets = self._room(8 * LANES)
        self.offsets = self.builder.bitcast(self.offsets, I64.as_pointer())
        self.buffer = self._room(16 * LANES)
        self.spare = self._room(4 * LANES)
        # Where a called row's status goes, and its exception, of which there is none.
        self.status, self.error = self.builder.alloca(I64), self.builder.alloca(BYTES)
        self.nowhere = self.builder.ptrtoint(self.buffer, I64)
        self.addresses = {
            index: self.entry_value(index)
            for index in (
                *(t.WORDS_AT, t.SHARED_AT, t.LOG_WORD_AT, t.LOG_BEFORE_AT, t.LOG_TIME_AT),
                *(t.INFORMATION_AT, t.GRID_BLOCK_AT, t.SEGMENTS_AT, t.COUNTS_AT, t.SKIPPED_AT),
                *(t.RCP_AT, t.RSQ_AT, t.EX2_AT, t.CONSTANTS, t.SHARED, t.LOG_ROOM),
                *(t.ROW_ENTRY, t.LOCAL_AT, t.LOCAL),
            )
        }
        self.first_row = self.entry_value(t.ROW)
        with self.builder.goto_block(self.leave):
            self.row = self.builder.phi(I64)
            self.put(t.ROW, self.row)
            self.put(t.EXECUTED, self.builder.load(self.executed))
            self.put(t.BRANCHED, self.builder.load(self.branched))
            self.builder.ret_void()

    def call_row(self, number: int, executed: Value, time: Value) -> Value:
        """Call the interpreter's code for a row (Numba's calling convention); return its status."""
        builder = self.builder
        kinds = [I64.as_pointer(), BYTES.as_pointer(), I64, I64, I32, I64]
        kind = ir.FunctionType(I32, kinds)
        function = builder.inttoptr(self.addresses[t.ROW_ENTRY], kind.as_pointer())
        context = builder.ptrtoint(self.context, I64)
        row = ir.Constant(I64, number)
        builder.call(function, [self.status, self.error, context, row, executed, time])
        return builder.load(self.status)

    def tune(self, function: ir.Function) -> None:
        """Let LLVM use whole vector registers, and expect no exceptions."""
        function.attributes.add("nounwind")

    def _room(self, size: int) -> Value:
        room = self.builder.alloca(ir.ArrayType(I64, size // 8))
        room.align = 64
        return self.builder.bitcast(room, BYTES)

    def shared_limit(self, size: int) -> Value:
        """Return how many addresses of shared memory may begin `size` bytes."""
        builder, bytes_ = self.builder, self.addresses[t.SHARED]
        room = builder.sub(bytes_, ir.Constant(I64, size - 1))
        some = builder.icmp_signed(">", room, ir.Constant(I64, 0))
        return builder.trunc(builder.select(some, room, ir.Constant(I64, 0)), I32)

    def slot(self, index: int) -> Value:
        """Return a pointer to an entry of the context."""
        return self.builder.gep(self.context, [ir.Constant(I64, index)])

    def entry_value(self, index: int) -> Value:
        """Load an entry of the context; only where the function begins."""
        return self.builder.load(self.slot(index))

    def put(self, index: int, value: Value) -> None:
        """Store an entry of the context."""
        self.builder.store(value, self.slot(index))

    def pointer(self, index: int, kind: ir.Type | None = None) -> Value:
        """Return the address in an entry as a pointer."""
        target = BYTES if kind is None else kind.as_pointer()
        return self.builder.inttoptr(self.entry_value(index), target)

    def element(self, base: int, index: Value, kind: ir.Type = I64) -> Value:
        """Return a pointer to an element of the array whose address is the entry `base`."""
        pointer = self.builder.inttoptr(self.addresses[base], kind.as_pointer())
        return self.builder.gep(pointer, [index])

    def constant(self, word: int) -> Value:
        """Load a word of the constants."""
        return self.builder.load(self.builder.gep(self.constants, [ir.Constant(I64, word)]))

    def leave_to(self, row: int) -> None:
        """End the block: the interpreter goes on at a row."""
        self.row.add_incoming(ir.Constant(I64, row), self.builder.block)
        self.builder.branch(self.leave)
