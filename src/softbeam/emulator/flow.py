"""What flows where in a program: which registers are live, hold loaded data, or decide its way.

Static facts of lowered rows, by fixpoint over all paths; they hold for every launch.  Sets of
registers are integers with a bit for each: general registers, uniform registers, predicates and
uniform predicates, in this order (:data:`UNIFORMS`, :data:`PREDICATES`, :data:`UNIFORM_PREDICATES`
are where each kind begins).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.operations import OPERATIONS, PART_WARP, Writes
from softbeam.emulator.lowering import Program

#: Where in a set each kind of register begins.
UNIFORMS, PREDICATES, UNIFORM_PREDICATES = 256, 512, 520

_ALWAYS, _NO_UNIFORM, _NO_REGISTER = 7, 255, 255

#: Control flow whose successors are known from the row alone; a call from which nothing returns is
#: a branch, which is how the compiler leaves some loops.
_CONTROL = frozenset({k.BRA, k.CALL, k.BSSY, k.BSYNC, k.EXIT, k.BAR, k.BREAK, k.WARPSYNC})

#: Operations that move words between registers and memory.
LOADS, STORES = (k.LOAD, k.LOAD_OTHER), (k.STORE, k.STORE_OTHER)

#: Operations of the warp that do not depend on registers, or whose results the path decides.
_UNKNOWN = frozenset({k.UNSUPPORTED, k.CLOCK, k.BARRIER_RESULT, k.QUERY_SPACE})


@dataclass(frozen=True, slots=True)
class RowFlow:
    """What one row reads and writes, as sets.

    Attributes
    ----------
    reads, writes : int
        All that it reads and may write.
    steers : int
        What of `reads` decides more than values of general registers: guards, addresses, what is
        stored to shared memory, sources of predicates, of uniform registers and of other lanes.
    complete : bool
        Whether it writes all of `writes` where its guard holds.
    certain : bool
        Whether it writes all of them in every lane that reaches it.
    """

    reads: int
    writes: int
    steers: int
    complete: bool
    certain: bool


@dataclass(frozen=True)
class Flow:
    """The flow of a program.

    Attributes
    ----------
    rows : tuple of RowFlow
        By row.
    live : tuple of int
        By row: what may be read, from this row on, before it is written again.
    steering : tuple of int
        By row: the registers whose values, from this row on, can reach anything else than general
        registers of their own lane and the values that it stores to global memory; but for checks
        (:attr:`softbeam.emulator.lowering.Program.checks`), which whatever differs may reach.
    data : tuple of int
        By row: what may hold something loaded from memory, or computed from that.
    leader : numpy.ndarray of int64
        By row: the first row of its stretch, all rows of which are passed equally often.
    last : numpy.ndarray of bool
        By row: whether no barrier is passed any more.
    """

    rows: tuple[RowFlow, ...]
    live: tuple[int, ...]
    steering: tuple[int, ...]
    data: tuple[int, ...]
    leader: NDArray[np.int64]
    last: NDArray[np.bool_]

    def steering_after(self, row: int) -> int:
        """Return the registers that steer behind a row that control flow does not leave."""
        return self.steering[row + 1] if row + 1 < len(self.steering) else 0


def predicate_bit(code: int) -> int:
    """Return the set with the predicate of a guard's code; empty for the one that always holds."""
    if code & 7 == _ALWAYS:
        return 0
    return 1 << ((UNIFORM_PREDICATES if code & 16 else PREDICATES) + (code & 7))


def _words(bits: NDArray[np.uint64]) -> int:
    total = sum(int(word) << (64 * place) for place, word in enumerate(bits))
    return total & ~(1 << _NO_REGISTER)


def _uniforms(first: int, count: int) -> int:
    return sum(1 << (UNIFORMS + one) for one in range(first, min(first + count, _NO_UNIFORM)))


def _address(row: NDArray[np.int64]) -> int:
    """Return what an access takes its address from."""
    found = 0
    if row[k.A] == k.REGISTER:
        pair = 3 if row[k.WIDE_ADDRESS] else 1
        found |= pair << int(row[k.A_VALUE])
    if row[k.UNIFORM_BASE] != _NO_UNIFORM:
        found |= _uniforms(int(row[k.UNIFORM_BASE]), 2)
    if row[k.A] == k.UNIFORM_REGISTER:
        found |= _uniforms(int(row[k.A_VALUE]), 2)
    return found & ~(1 << _NO_REGISTER)


def _row_flow(program: Program, number: int) -> RowFlow:
    row = program.code.rows[number]
    operation = int(row[k.OP])
    guard = predicate_bit(int(row[k.GUARD]))
    reads = guard | _words(program.code.reads[number])
    for column in (k.SOURCE_PREDICATE_0, k.SOURCE_PREDICATE_1, k.SOURCE_PREDICATE_2):
        reads |= predicate_bit(int(row[column]))
    for column in (k.A, k.B, k.C):
        if row[column] == k.UNIFORM_REGISTER:
            reads |= _uniforms(int(row[column + 1]), 2)
    address = _address(row)
    if operation in (*LOADS, *STORES, k.REDUCTION):
        reads |= address
    registers = _words(program.code.writes[number])
    others = 0
    uniform = bool(row[k.UNIFORM])
    if uniform and row[k.DESTINATION] != _NO_UNIFORM and row[k.DESTINATIONS]:
        others |= _uniforms(int(row[k.DESTINATION]), int(row[k.DESTINATIONS]))
    for column in (k.PREDICATE_0, k.PREDICATE_1):
        if row[column] != _ALWAYS:
            others |= predicate_bit(int(row[column]) | (16 if uniform else 0))
    own = OPERATIONS[operation].writes is Writes.OWN_PREDICATES
    if own:
        others |= 0x7F << PREDICATES
    steers = reads
    if operation in LOADS or (operation in STORES and row[k.SPACE] == k.GLOBAL):
        steers = guard | address
    elif operation < k.FIRST_MEMORY and not others and row[k.PART] != PART_WARP:
        steers = guard
    certain = not own and int(row[k.GUARD]) == _ALWAYS
    return RowFlow(reads, registers | others, steers, not own, certain)


def _successors(rows: NDArray[np.int64], number: int) -> tuple[int, ...]:
    row = rows[number]
    operation, following = int(row[k.OP]), number + 1
    always = row[k.GUARD] == _ALWAYS
    if operation == k.EXIT and always and row[k.SOURCE_PREDICATE_0] == _ALWAYS:
        return ()
    if operation in (k.BRA, k.CALL):
        target = int(row[k.TARGET])
        if always and row[k.SOURCE_PREDICATE_0] == _ALWAYS:
            return (target,)
        return (following, target) if following < rows.shape[0] else (target,)
    return (following,) if following < rows.shape[0] else ()


def is_followed(program: Program) -> bool:
    """Return whether this module can say where a program's values go.

    That is: its control flow is branches to known rows; its memory global and shared, without
    atomics but those that add to what its checks report; its barriers plain.
    """
    rows = program.code.rows
    operations = rows[:, k.OP]
    accesses = np.isin(operations, (*LOADS, *STORES))
    for number in np.flatnonzero(~np.isin(operations, (k.UNSUPPORTED, k.NOP))):
        operation = int(operations[number])
        if operation >= k.FIRST_CONTROL and operation not in _CONTROL:
            return False
        if operation in _UNKNOWN or (operation == k.BAR and rows[number, k.DETAIL]):
            return False
        known = (k.LDC, *LOADS, *STORES, *((k.REDUCTION,) if program.checks else ()))
        if k.FIRST_MEMORY <= operation < k.FIRST_CONTROL and operation not in known:
            return False
    return bool(np.isin(rows[accesses, k.SPACE], (k.GLOBAL, k.SHARED)).all())


#: Sets that hold under a guard, by the guard's code; those under ``_ALWAYS`` hold always.
_Guarded = dict[int, int]


def _backward(
    successors: list[tuple[int, ...]],
    flows: tuple[RowFlow, ...],
    guards: list[int],
    asks: Sequence[int],
    passes_on: list[bool],
) -> tuple[int, ...]:
    """Return what is wanted before each row: what it asks for, and what is wanted behind it.

    A register that is written and then used under one guard is not wanted before it is written; so
    sets are kept by guard until the guard's predicate is written.

    Parameters
    ----------
    successors, flows, guards
        By row.
    asks : sequence of int
        By row: what it asks for.
    passes_on : list of bool
        By row: whether it wants what it reads if what it writes is wanted.
    """
    number = len(successors)
    before: list[_Guarded] = [{} for _ in range(number)]
    again = True
    while again:
        again = False
        for row in range(number - 1, -1, -1):
            behind: _Guarded = {}
            for other in successors[row]:
                for guard, bits in before[other].items():
                    behind[guard] = behind.get(guard, 0) | bits
            found = _wanted(flows[row], guards[row], asks[row], passes_on[row], behind)
            again = again or found != before[row]
            before[row] = found
    return tuple(_joined(one) for one in before)


def _joined(sets: _Guarded) -> int:
    bits = 0
    for one in sets.values():
        bits |= one
    return bits


def _wanted(flow: RowFlow, guard: int, asked: int, passes_on: bool, behind: _Guarded) -> _Guarded:
    found: _Guarded = {}
    own = predicate_bit(guard)
    under = _ALWAYS if own & flow.writes else guard
    for when, bits in behind.items():
        # Behind a row that writes the guard's predicate, the guard was another before.
        kept = _ALWAYS if predicate_bit(when) & flow.writes else when
        killed = flow.complete and (guard == _ALWAYS or when == guard == kept)
        if passes_on and bits & flow.writes:
            holds = under if kept == _ALWAYS else kept
            found[holds] = found.get(holds, 0) | flow.reads
        found[kept] = found.get(kept, 0) | (bits & ~flow.writes if killed else bits)
    # A guard itself is wanted always, what it guards only where it holds.
    found[under] = found.get(under, 0) | (asked & ~own)
    found[_ALWAYS] = found.get(_ALWAYS, 0) | own
    return {when: bits for when, bits in found.items() if bits}


def _forward(successors: list[tuple[int, ...]], step: Callable[[int, int], int]) -> tuple[int, ...]:
    number = len(successors)
    before, again = [0] * number, True
    while again:
        again = False
        for row in range(number):
            behind = step(row, before[row])
            for other in successors[row]:
                joined = before[other] | behind
                again = again or joined != before[other]
                before[other] = joined
    return tuple(before)


def _find_flow(program: Program) -> Flow:
    rows = program.code.rows
    number = rows.shape[0]
    flows = tuple(_row_flow(program, row) for row in range(number))
    successors = [_successors(rows, row) for row in range(number)]
    computes = [
        int(rows[row, k.OP]) < k.FIRST_MEMORY and flows[row].steers != flows[row].reads
        for row in range(number)
    ]

    guards = [int(one) for one in rows[:, k.GUARD]]
    loads = [int(rows[row, k.OP]) in LOADS for row in range(number)]

    def data(row: int, before: int) -> int:
        flow = flows[row]
        kept = before & ~flow.writes if flow.certain else before
        return kept | flow.writes if loads[row] or flow.reads & before else kept

    loaded, last = _forward(successors, data), _last_stretch(rows, successors)
    steers = [flow.steers for flow in flows]
    if program.checks:
        # A check that finds a difference is what it is for, and reaches the end of its thread.
        steers = [one & ~loaded[row] if last[row] else one for row, one in enumerate(steers)]
    return Flow(
        flows,
        _backward(successors, flows, guards, [flow.reads for flow in flows], [False] * number),
        _backward(successors, flows, guards, steers, computes),
        loaded,
        _leaders(rows, successors),
        last,
    )


def _last_stretch(rows: NDArray[np.int64], successors: list[tuple[int, ...]]) -> NDArray[np.bool_]:
    """Return from which rows no way leads to a barrier."""
    before = rows[:, k.OP] == k.BAR
    again = True
    while again:
        again = False
        for row in range(rows.shape[0] - 1, -1, -1):
            if not before[row] and any(before[other] for other in successors[row]):
                before[row] = again = True
    found: NDArray[np.bool_] = ~before
    return found


def _leaders(rows: NDArray[np.int64], successors: list[tuple[int, ...]]) -> NDArray[np.int64]:
    begins = {0}
    for row, others in enumerate(successors):
        if int(rows[row, k.OP]) >= k.FIRST_CONTROL:
            begins.update((row + 1, *others))
    leader, first = np.zeros(rows.shape[0], dtype=np.int64), 0
    for row in range(rows.shape[0]):
        first = row if row in begins else first
        leader[row] = first
    return leader


_flows: dict[int, tuple[weakref.ref[NDArray[np.int64]], Flow | None]] = {}


def flow_of(program: Program) -> Flow | None:
    """Return a program's flow, found once; None where it is not known (:func:`is_followed`)."""
    rows = program.code.rows
    found = _flows.get(id(rows))
    if found is None or found[0]() is not rows:
        flow = _find_flow(program) if is_followed(program) else None
        found = (weakref.ref(rows), flow)
        _flows[id(rows)] = found
    return found[1]
