"""Replay hardware recordings and say, one by one, where the emulator differs from the GPU.

A fault strikes one unit of a launch (a warp, or a block whose warps wait for each other); what the
others do is in :mod:`softbeam.emulator.surroundings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import EXCEPTIONS, new_state, no_fault
from softbeam.emulator.launching import Runner
from softbeam.emulator.recorded import FaultRecord, TraceRecord
from softbeam.emulator.recordings import Recordings, Scenario
from softbeam.emulator.surroundings import REPLAY_BUDGET, FaultFree, run_fault_free
from softbeam.errors import RecordingError, UnsupportedInstruction
from softbeam.sass.instruction import INSTRUCTION_BYTES

#: Steps that an emulated thread may have beyond its trace, for those that the debugger missed.
_SPARE_STEPS = 4096


@dataclass(frozen=True, slots=True)
class Comparison:
    """One recorded item beside its replay.

    Attributes
    ----------
    kind : str
        ``golden``, ``traces`` or ``faults``.
    identity : str
        Name of the launch, trace or fault.
    scenario, mode : str
        The scenario, and a fault's mode (empty for others).
    agrees : bool
        Whether outcome and every word of memory (for a trace: every step) are the same.
    recorded, replayed : str
        The outcomes, with a disagreement's first difference.
    same_exception : bool or None
        For a fault recorded as an exception: whether the exception's name is the same.
    """

    kind: str
    identity: str
    scenario: str
    mode: str
    agrees: bool
    recorded: str
    replayed: str
    same_exception: bool | None = None


def _first_difference(expected: NDArray[np.uint32], found: NDArray[np.uint32]) -> str:
    words = np.flatnonzero(expected != found)
    word = int(words[0])
    return (
        f"{words.size} words differ, first word {word}: "
        f"recorded {int(expected[word]):#x}, emulated {int(found[word]):#x}"
    )


def compare_golden(
    scenario: Scenario, fault_free: FaultFree, golden: NDArray[np.uint32]
) -> Comparison:
    """Compare all of the arena after a scenario's launch without fault."""

    def result(agrees: bool, replayed: str) -> Comparison:
        return Comparison("golden", scenario.name, scenario.name, "", agrees, "completed", replayed)

    if fault_free.failure:
        return result(False, fault_free.failure)
    words = fault_free.words[: scenario.words]
    if np.array_equal(words, golden):
        return result(True, "completed")
    return result(False, _first_difference(golden, words))


def _trace_difference(
    recorded: Sequence[tuple[int, tuple[int, ...] | None]],
    rows: NDArray[np.int64],
    registers: NDArray[np.uint32],
    scenario: Scenario,
) -> str:
    """Return where an emulated thread leaves its recorded trace; empty if nowhere.

    The debugger steps over BSYNC without a stop, so its pc may be missing from the recording.
    A register that has not changed since the thread began holds what an earlier thread left
    there on the GPU, and zero here; it is compared from its first change on.
    """
    instructions = scenario.launch.program.function.instructions
    position = 0
    initial = next((values for _, values in recorded if values is not None), ())
    first = np.array(initial, dtype=np.uint32)
    for pc, values in recorded:
        while (
            position < rows.size
            and rows[position] * INSTRUCTION_BYTES != pc
            and instructions[rows[position]].opcode == "BSYNC"
        ):
            position += 1
        if position >= rows.size or rows[position] * INSTRUCTION_BYTES != pc:
            there = "the end"
            if position < rows.size:
                there = f"{rows[position] * INSTRUCTION_BYTES:#x}"
            return f"step {position}: recorded pc {pc:#x}, emulated {there}"
        if values is not None:
            wanted = np.array(values, dtype=np.uint32)
            found = registers[position, : wanted.size]
            untouched = (found == registers[0, : wanted.size]) & (wanted == first[: wanted.size])
            wrong = np.flatnonzero((wanted != found) & ~untouched)
            if wrong.size:
                return (
                    f"pc {pc:#x}: R{wrong[0]} recorded {values[wrong[0]]:#x}, "
                    f"emulated {found[wrong[0]]:#x}"
                )
        position += 1
    return ""


def compare_trace(
    runner: Runner, scenario: Scenario, number: int, trace: TraceRecord
) -> Comparison:
    """Step through one thread and compare pcs and registers with a recorded trace."""
    launch = scenario.launch
    thread = launch.shape.thread_number(trace.thread)
    identity = f"{scenario.name}/trace/{number}"

    def result(difference: str) -> Comparison:
        return Comparison(
            "traces", identity, scenario.name, "", not difference, "trace", difference or "trace"
        )

    state = new_state(
        launch.shape.warps if launch.program.has_barrier else 1,
        shared_bytes=launch.shared_bytes,
        local_bytes=launch.program.local_bytes,
        trace_steps=len(trace.steps) + _SPARE_STEPS,
        trace_registers=trace.registers,
    )
    try:
        ending = runner.run(
            launch,
            launch.shape.block_number(trace.block),
            thread // k.LANES,
            budget=REPLAY_BUDGET,
            fault=no_fault(),
            traced=thread,
            state=state,
        )
    except UnsupportedInstruction as error:
        return result(f"unsupported: {error}")
    length = int(ending.information[k.INFO_TRACE])
    difference = _trace_difference(
        trace.steps, state.trace_row[:length], state.trace_registers[:length], scenario
    )
    if not difference and trace.complete and ending.status != k.FINISHED:
        difference = f"emulated: {EXCEPTIONS.get(ending.status, 'hang')}"
    return result(difference)


def fault_vector(scenario: Scenario, fault: FaultRecord) -> NDArray[np.int64]:
    """Return the interpreter's vector of a recorded fault."""
    vector = no_fault()
    thread = scenario.launch.shape.thread_number(fault.thread)
    vector[k.FAULT_WARP] = thread // k.LANES
    vector[k.FAULT_LANE] = thread % k.LANES
    vector[k.FAULT_ROW] = fault.pc // INSTRUCTION_BYTES
    vector[k.FAULT_OCCURRENCE] = fault.occurrence
    vector[k.FAULT_REGISTERS] = scenario.registers
    vector[k.FAULT_LATE] = 1
    if fault.mode != "IOA":
        kinds = {"RF": k.FAULT_BEFORE, "IOV": k.FAULT_AFTER, "PR": k.FAULT_PREDICATE}
        vector[k.FAULT_KIND] = kinds[fault.mode]
        vector[k.FAULT_REGISTER] = int(fault.target[1:])
        vector[k.FAULT_REPLACES] = 1
        vector[k.FAULT_VALUE] = fault.after or 0
    elif fault.target == "destination_index":
        vector[k.FAULT_KIND] = k.FAULT_INDEX
        vector[k.FAULT_INDEX_MASK] = 1 << (fault.bit or 0)
        vector[k.FAULT_DROPS] = 1
    else:
        vector[k.FAULT_KIND] = k.FAULT_STORE
        mask = np.array([1 << (fault.bit or 0)], dtype=np.uint64)
        vector[k.FAULT_VALUE] = mask.view(np.int64)[0]
    return vector


def compare_fault(
    runner: Runner,
    scenario: Scenario,
    fault_free: FaultFree,
    golden: NDArray[np.uint32],
    fault: FaultRecord,
) -> Comparison:
    """Replay one recorded fault and compare the outcome and every word of the arena."""
    launch = scenario.launch
    recorded = fault.exception if fault.outcome == "exception" else "completed"
    warp = launch.shape.thread_number(fault.thread) // k.LANES
    struck = (
        launch.shape.block_number(fault.block),
        0 if launch.program.has_barrier else warp,
    )

    def result(agrees: bool, replayed: str) -> Comparison:
        named = None if fault.outcome == "completed" else replayed == recorded
        return Comparison(
            "faults", fault.id, scenario.name, fault.mode, agrees, recorded or "", replayed, named
        )

    try:
        status, words, fired = fault_free.struck(
            runner, launch, struck, fault_vector(scenario, fault)
        )
    except UnsupportedInstruction as error:
        return result(False, f"unsupported: {error}")
    if not fired:
        return result(False, "the fault's place was never reached")
    if status != k.FINISHED:
        name = EXCEPTIONS.get(status, "hang")
        return result(fault.outcome == "exception" and status in EXCEPTIONS, name)
    if fault_free.failure:
        return result(False, f"a unit without fault: {fault_free.failure}")
    if fault.outcome != "completed":
        return result(False, "completed")
    words = words[: scenario.words]
    expected = golden.copy()
    for word, value, _ in fault.memory or ():
        expected[word] = launch.memory.words[word] if value is None else value
    if np.array_equal(expected, words):
        return result(True, "completed")
    return result(False, f"completed: {_first_difference(expected, words)}")


def replay(recordings: Recordings) -> Iterator[Comparison]:
    """Replay all of a folder: golden launches, traces, then faults, in the recorded order.

    Raises
    ------
    RecordingError
        If a record is malformed, or a fault's scenario has no golden memory.
    """
    runner = Runner()
    golden, fault_free = {}, {}
    for name, scenario in recordings.scenarios.items():
        words = recordings.golden(name)
        if words is not None:
            golden[name] = words
            fault_free[name] = run_fault_free(runner, scenario.launch, scenario.registers)
            yield compare_golden(scenario, fault_free[name], words)
    for name, scenario in recordings.scenarios.items():
        for number, trace in enumerate(recordings.traces(name)):
            yield compare_trace(runner, scenario, number, trace)
    for fault in recordings.faults():
        name = fault.scenario
        if name not in golden:
            raise RecordingError(
                f"{recordings.folder}: fault {fault.id} is of scenario '{name}', whose golden "
                f"memory golden/{name}.bin is missing"
            )
        yield compare_fault(
            runner, recordings.scenarios[name], fault_free[name], golden[name], fault
        )
