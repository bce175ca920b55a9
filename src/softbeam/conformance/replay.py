"""Replay hardware recordings and say, one by one, where the emulator differs from the GPU.

A fault strikes one unit of a launch (a warp, or a block whose warps wait for each other); what the
others do is in :mod:`softbeam.conformance.surroundings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.conformance.recorded import FaultRecord, TraceRecord
from softbeam.conformance.recordings import Recordings, Scenario
from softbeam.conformance.surroundings import REPLAY_BUDGET, FaultFree, run_fault_free
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Runner
from softbeam.emulator.tracing import trace_thread
from softbeam.emulator.vector import FaultVector, Strikes, fault_vector, no_fault
from softbeam.errors import RecordingError, UnsupportedInstruction
from softbeam.sass.instruction import pc_of

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
    pcs = [pc_of(row) for row in rows.tolist()]
    for pc, values in recorded:
        while (
            position < len(pcs)
            and pcs[position] != pc
            and instructions[rows[position]].opcode == "BSYNC"
        ):
            position += 1
        if position >= len(pcs) or pcs[position] != pc:
            there = "the end" if position >= len(pcs) else f"{pcs[position]:#x}"
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

    try:
        found = trace_thread(
            runner,
            launch,
            launch.shape.block_number(trace.block),
            thread,
            steps=len(trace.steps) + _SPARE_STEPS,
            registers=trace.registers,
            budget=REPLAY_BUDGET,
            fault=no_fault(),
        )
    except UnsupportedInstruction as error:
        return result(f"unsupported: {error}")
    difference = _trace_difference(trace.steps, found.rows, found.registers, scenario)
    if not difference and trace.complete and not found.ending.finished:
        difference = f"emulated: {found.ending.name}"
    return result(difference)


def recorded_fault(scenario: Scenario, fault: FaultRecord) -> FaultVector:
    """Return a recorded fault as the interpreter takes it, with the debugger's ways."""
    kinds = {
        "RF": Strikes.REGISTER_BEFORE,
        "IOV": Strikes.REGISTER_AFTER,
        "PR": Strikes.PREDICATE,
        "destination_index": Strikes.INDEX,
        "store_address": Strikes.STORE_ADDRESS,
    }
    strikes = kinds[fault.target if fault.mode == "IOA" else fault.mode]
    in_register = fault.mode != "IOA"
    return fault_vector(
        strikes,
        thread=scenario.launch.shape.thread_number(fault.thread),
        pc=fault.pc,
        occurrence=fault.occurrence,
        registers=scenario.registers,
        register=int(fault.target[1:]) if in_register else 0,
        flip=0 if in_register else 1 << (fault.bit or 0),
        value=fault.after or 0 if in_register else None,
        drops=strikes == Strikes.INDEX,
        late=True,
    )


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
    warp = launch.shape.thread_number(fault.thread) // LANES
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
        ending, words = fault_free.struck(runner, launch, struck, recorded_fault(scenario, fault))
    except UnsupportedInstruction as error:
        return result(False, f"unsupported: {error}")
    if not ending.fired:
        return result(False, "the fault's place was never reached")
    if not ending.finished:
        raised = ending.exception is not None
        return result(fault.outcome == "exception" and raised, ending.name)
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
