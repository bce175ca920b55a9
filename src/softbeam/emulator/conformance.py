"""Replay hardware recordings and say, one by one, where the emulator differs from the GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import EXCEPTIONS, new_state, no_fault
from softbeam.emulator.launching import Runner
from softbeam.emulator.recordings import Recordings, Scenario
from softbeam.errors import RecordingError, UnsupportedInstruction

#: Instructions that a thread may execute in a replay; the recorded GPU had no limit.
REPLAY_BUDGET = 4_000_000_000

_BYTES = 16


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


def compare_golden(runner: Runner, scenario: Scenario, golden: NDArray[np.uint32]) -> Comparison:
    """Run a scenario without fault and compare all of the arena."""

    def result(agrees: bool, replayed: str) -> Comparison:
        return Comparison("golden", scenario.name, scenario.name, "", agrees, "completed", replayed)

    try:
        status, words, _ = runner.run_launch(
            scenario.launch, budget=REPLAY_BUDGET, fault=no_fault(), fault_free=no_fault()
        )
    except UnsupportedInstruction as error:
        return result(False, f"unsupported: {error}")
    if status != k.FINISHED:
        return result(False, EXCEPTIONS.get(status, "hang"))
    if np.array_equal(words, golden):
        return result(True, "completed")
    return result(False, _first_difference(golden, words))


def _trace_difference(
    recorded: list[Any], rows: NDArray[np.int64], registers: NDArray[np.uint32], scenario: Scenario
) -> str:
    """Return where an emulated thread leaves its recorded trace; empty if nowhere.

    The debugger steps over BSYNC without a stop, so its pc may be missing from the recording.
    A register that has not changed since the thread began holds what an earlier thread left
    there on the GPU, and zero here; it is compared from its first change on.
    """
    position = 0
    first = np.array(recorded[0][1] or (), dtype=np.uint32)
    for pc, values in recorded:
        while (
            position < rows.size
            and rows[position] * _BYTES != pc
            and scenario.launch.program.function.instructions[rows[position]].opcode == "BSYNC"
        ):
            position += 1
        if position >= rows.size or rows[position] * _BYTES != pc:
            there = f"{rows[position] * _BYTES:#x}" if position < rows.size else "the end"
            return f"step {position}: recorded pc {pc:#x}, emulated {there}"
        if values is not None:
            found, wanted = registers[position], np.array(values, dtype=np.uint32)
            untouched = (found == registers[0]) & (wanted == first)
            wrong = np.flatnonzero((wanted != found) & ~untouched)
            if wrong.size:
                return (
                    f"pc {pc:#x}: R{wrong[0]} recorded {values[wrong[0]]:#x}, "
                    f"emulated {registers[position][wrong[0]]:#x}"
                )
        position += 1
    return ""


def compare_trace(
    runner: Runner, scenario: Scenario, number: int, trace: Mapping[str, Any]
) -> Comparison:
    """Step through one thread and compare pcs and registers with a recorded trace."""
    launch = scenario.launch
    block = launch.shape.block_number(trace["block"])
    thread = launch.shape.thread_number(trace["thread"])
    identity = f"{scenario.name}/trace/{number}"
    state = new_state(
        launch.shape.warps if launch.program.has_barrier else 1,
        shared_bytes=launch.shared_bytes,
        trace_steps=len(trace["steps"]) + 4096,
        trace_registers=trace["registers"],
    )

    def result(difference: str) -> Comparison:
        return Comparison(
            "traces", identity, scenario.name, "", not difference, "trace", difference or "trace"
        )

    try:
        ending = runner.run(
            launch,
            block,
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
        trace["steps"], state.trace_row[:length], state.trace_registers[:length], scenario
    )
    if not difference and trace.get("complete") and ending.status != k.FINISHED:
        difference = f"emulated: {EXCEPTIONS.get(ending.status, 'hang')}"
    return result(difference)


def fault_vector(scenario: Scenario, fault: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the interpreter's vector of a recorded fault.

    Raises
    ------
    RecordingError
        If the fault's mode or target is not one that recordings have.
    """
    vector = no_fault()
    thread = scenario.launch.shape.thread_number(fault["thread"])
    vector[k.FAULT_WARP] = thread // k.LANES
    vector[k.FAULT_LANE] = thread % k.LANES
    vector[k.FAULT_ROW] = fault["pc"] // _BYTES
    vector[k.FAULT_OCCURRENCE] = fault["occurrence"]
    vector[k.FAULT_REGISTERS] = scenario.registers
    mode, target = fault["mode"], fault["target"]
    if mode in ("RF", "IOV", "PR"):
        kinds = {"RF": k.FAULT_BEFORE, "IOV": k.FAULT_AFTER, "PR": k.FAULT_PREDICATE}
        vector[k.FAULT_KIND] = kinds[mode]
        vector[k.FAULT_REGISTER] = int(target.lstrip("RP"))
        vector[k.FAULT_REPLACES] = 1
        vector[k.FAULT_VALUE] = fault["after"]
    elif mode == "IOA" and target == "destination_index":
        vector[k.FAULT_KIND] = k.FAULT_INDEX
        vector[k.FAULT_INDEX_MASK] = 1 << fault["bit"]
        vector[k.FAULT_DROPS] = 1
    elif mode == "IOA" and target == "store_address":
        vector[k.FAULT_KIND] = k.FAULT_STORE
        vector[k.FAULT_VALUE] = np.uint64(1 << fault["bit"]).astype(np.int64)
    else:
        raise RecordingError(f"fault {fault.get('id')}: unknown mode {mode} or target {target}")
    return vector


def compare_fault(
    runner: Runner,
    scenario: Scenario,
    golden: NDArray[np.uint32],
    fault: Mapping[str, Any],
) -> Comparison:
    """Replay one recorded fault and compare the outcome and every word of the arena."""
    launch = scenario.launch
    recorded = fault.get("exception", "completed")
    struck_thread = launch.shape.thread_number(fault["thread"])
    struck = (
        launch.shape.block_number(fault["block"]),
        0 if launch.program.has_barrier else struck_thread // k.LANES,
    )

    def result(agrees: bool, replayed: str) -> Comparison:
        named = None if fault["outcome"] == "completed" else replayed == recorded
        return Comparison(
            "faults", fault["id"], scenario.name, fault["mode"], agrees, recorded, replayed, named
        )

    try:
        status, words, information = runner.run_launch(
            launch,
            budget=REPLAY_BUDGET,
            fault=fault_vector(scenario, fault),
            struck=struck,
            fault_free=no_fault(),
        )
    except UnsupportedInstruction as error:
        return result(False, f"unsupported: {error}")
    if not information[k.INFO_FIRED]:
        return result(False, "the fault's place was never reached")
    if status != k.FINISHED:
        name = EXCEPTIONS.get(status, "hang")
        return result(fault["outcome"] == "exception" and status in EXCEPTIONS, name)
    if fault["outcome"] != "completed":
        return result(False, "completed")
    expected = golden.copy()
    for word, value, _ in fault["memory"]:
        expected[word] = launch.memory.words[word] if value is None else value
    if np.array_equal(expected, words):
        return result(True, "completed")
    return result(False, f"completed: {_first_difference(expected, words)}")


def replay(
    recordings: Recordings, progress: Callable[[Comparison], None] = lambda _: None
) -> Iterator[Comparison]:
    """Replay all of a folder: golden launches, traces, then faults, in the recorded order."""
    runner = Runner()
    golden = {}
    for name, scenario in recordings.scenarios.items():
        words = recordings.golden(name)
        if words is not None:
            golden[name] = words
            comparison = compare_golden(runner, scenario, words)
            progress(comparison)
            yield comparison
    for name, scenario in recordings.scenarios.items():
        for number, trace in enumerate(recordings.traces(name)):
            comparison = compare_trace(runner, scenario, number, trace)
            progress(comparison)
            yield comparison
    for fault in recordings.faults():
        name = fault["scenario"]
        if name not in golden:
            raise RecordingError(f"fault {fault['id']}: scenario '{name}' has no golden memory")
        comparison = compare_fault(runner, recordings.scenarios[name], golden[name], fault)
        progress(comparison)
        yield comparison
