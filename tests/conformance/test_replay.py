from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softbeam.conformance.recordings import Recordings
from softbeam.conformance.replay import Comparison, replay
from softbeam.errors import RecordingError

MakeFolder = Callable[..., Path]

FIRST = 256  # word of the arena at which the buffer of the made-up launch begins
HALF, ONE = 0x3F000000, 0x3F800000


def fault(**changes: Any) -> dict[str, Any]:
    """Return a fault in thread 3 of the first block of ``fill``; by default R7 becomes 1.0.

    A change to None takes the field away.
    """
    facts: dict[str, Any] = {
        "id": "fill/0",
        "scenario": "fill",
        "mode": "RF",
        "block": [0, 0, 0],
        "thread": [3, 0, 0],
        "pc": 0x110,
        "occurrence": 0,
        "target": "R7",
        "before": HALF,
        "after": ONE,
        "outcome": "completed",
        "memory": [[FIRST + 3, ONE, HALF]],
    }
    return {name: value for name, value in (facts | changes).items() if value is not None}


def compare(folder: Path) -> list[Comparison]:
    return list(replay(Recordings(folder)))


def only_fault(folder: Path) -> Comparison:
    (comparison,) = [c for c in compare(folder) if c.kind == "faults"]
    return comparison


def test_a_folder_may_hold_golden_memory_only(make_recordings: MakeFolder) -> None:
    recordings = Recordings(make_recordings())
    (comparison,) = replay(recordings)
    assert comparison.kind == "golden"
    assert comparison.agrees
    assert recordings.count() == 1


def test_a_word_that_differs_is_a_disagreement(make_recordings: MakeFolder) -> None:
    folder = make_recordings(golden=[FIRST, HALF, FIRST + 1, ONE])
    (comparison,) = compare(folder)
    assert not comparison.agrees
    assert comparison.replayed == (
        "39 words differ, first word 257: recorded 0x3f800000, emulated 0x3f000000"
    )


FAULTS = {
    "the value": fault(),
    "the index before the address": fault(
        mode="IOV", pc=0xD0, target="R5", after=50, memory=[[FIRST + 3, None, HALF], [306, HALF, 0]]
    ),
    "the index where another thread writes": fault(
        mode="IOV", pc=0xD0, target="R5", after=5, memory=[[FIRST + 3, None, HALF]]
    ),
    "the bound": fault(mode="PR", pc=0x90, target="P0", after=1, memory=[[FIRST + 3, None, HALF]]),
    "the destination": fault(
        # R7 keeps its old zero; R6 gets 0.5 and is not read.
        mode="IOA",
        pc=0xF0,
        target="destination_index",
        bit=0,
        after=None,
        memory=[[FIRST + 3, 0, HALF]],
    ),
    "a destination that is not allocated": fault(
        mode="IOA",
        pc=0xF0,
        target="destination_index",
        bit=6,
        after=None,
        memory=[[FIRST + 3, 0, HALF]],
    ),
    "the store's address": fault(
        # Byte 12 of the buffer becomes byte 8, which thread 2 writes too.
        mode="IOA",
        target="store_address",
        bit=2,
        after=None,
        memory=[[FIRST + 3, None, HALF]],
    ),
    "a bit of the high word of the store's address": fault(
        mode="IOA",
        target="store_address",
        bit=40,
        after=None,
        outcome="exception",
        exception="Illegal Address",
    ),
    "an address that is not canonical": fault(
        target="R3", after=0x12345678, outcome="exception", exception="Out-of-range Address"
    ),
    "an address that is not mapped": fault(
        target="R3", after=0x1234, outcome="exception", exception="Illegal Address"
    ),
    "an address that is not aligned": fault(
        target="R2", after=0xB8000401, outcome="exception", exception="Misaligned Address"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_agrees(name: str, make_recordings: MakeFolder) -> None:
    comparison = only_fault(make_recordings(faults=[FAULTS[name]]))
    assert comparison.agrees, comparison
    assert comparison.same_exception in (None, True)


def test_other_memory_is_a_disagreement(make_recordings: MakeFolder) -> None:
    comparison = only_fault(make_recordings(faults=[fault(memory=[])]))
    assert not comparison.agrees
    assert comparison.replayed.startswith("completed: 1 words differ, first word 259")


@pytest.mark.parametrize(
    "wrong",
    [
        fault(outcome="exception", exception="Illegal Address", memory=None),
        FAULTS["an address that is not mapped"] | {"outcome": "completed", "memory": []},
        fault(occurrence=1),
    ],
)
def test_another_outcome_is_a_disagreement(
    wrong: dict[str, Any], make_recordings: MakeFolder
) -> None:
    assert not only_fault(make_recordings(faults=[wrong])).agrees


def test_another_exception_agrees_but_its_name_is_told(make_recordings: MakeFolder) -> None:
    wrong = FAULTS["an address that is not mapped"] | {"exception": "Misaligned Address"}
    comparison = only_fault(make_recordings(faults=[wrong]))
    assert comparison.agrees
    assert comparison.same_exception is False


def test_a_trace_is_compared_step_by_step(make_recordings: MakeFolder) -> None:
    registers = [0] * 10
    steps: list[list[Any]] = [[0x0, registers], [0x10, None]]
    after = [0, 0xFFFDC0, 0, 3, *[0] * 6]
    trace = {"block": [1, 0, 0], "thread": [3, 0, 0], "registers": 10, "complete": False}
    steps.append([0x20, after])
    folder = make_recordings(trace=trace | {"steps": steps})
    assert all(comparison.agrees for comparison in compare(folder))
    path = folder / "traces" / "fill.jsonl"
    steps[2] = [0x20, [0, 0xFFFDC0, 0, 4, *[0] * 6]]
    path.write_text(json.dumps(trace | {"steps": steps}))
    comparison = compare(folder)[1]
    assert not comparison.agrees
    assert comparison.replayed == "pc 0x20: R3 recorded 0x4, emulated 0x3"
    path.write_text(json.dumps(trace | {"steps": [[0x0, None], [0x30, None]]}))
    assert compare(folder)[1].replayed == "step 1: recorded pc 0x30, emulated 0x10"


@pytest.mark.parametrize("exception", [False, True])
def test_an_unknown_instruction_never_agrees(exception: bool, make_recordings: MakeFolder) -> None:
    # The struck thread would raise an exception before it reached the unknown instruction.
    struck = FAULTS["an address that is not mapped"] if exception else fault()
    trace = {"block": [0, 0, 0], "thread": [3, 0, 0], "registers": 10, "steps": [[0, None]]}
    folder = make_recordings(faults=[struck], trace=trace, replaced=("S2R", "TEX.SOMETHING"))
    comparisons = compare(folder)
    assert [c.agrees for c in comparisons] == [False, False, False]
    for comparison in comparisons:
        assert "TEX.SOMETHING" in comparison.replayed
        assert "fill_kernel" in comparison.replayed
        assert "0x10" in comparison.replayed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenario": "other"}, "'other' is not in scenarios.json"),
        ({"mode": "XYZ"}, "line 1.*mode"),
        ({"target": "Q1"}, "line 1.*target"),
        ({"target": "P1"}, "names a target Rn"),
        ({"after": None}, "names a target Rn and a value"),
        ({"after": 1 << 32}, "line 1.*after"),
        ({"memory": None}, "lists the memory"),
        ({"memory": [[5000, 1, 0]]}, "outside the arena"),
        ({"pc": 8}, "line 1.*pc"),
        ({"pc": 16 * 4096}, "pc 65536 is not in fill_kernel"),
        ({"pc": 16 * 10**30}, "line 1.*pc"),
        ({"occurrence": 10**21}, "line 1.*occurrence"),
        (
            {"mode": "IOA", "target": "store_address", "bit": 1, "pc": 0, "after": None},
            "is no store",
        ),
        ({"block": [2, 0, 0]}, r"block \[2, 0, 0\]"),
        ({"thread": [0, 1, 0]}, r"thread \[0, 1, 0\]"),
        ({"outcome": "vanished"}, "line 1.*outcome"),
    ],
)
def test_a_malformed_fault_is_refused(
    changes: dict[str, Any], message: str, make_recordings: MakeFolder
) -> None:
    with pytest.raises(RecordingError, match=message):
        compare(make_recordings(faults=[fault(**changes)]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": "other"}, "no kernel 'other'"),
        ({"cubin": "other"}, r"no listing other\.sm_"),
        ({"grid": [0, 1, 1]}, "grid"),
        ({"grid": [1, 65536, 1]}, "a grid of"),
        ({"grid": [1 << 70, 1, 1]}, "grid"),
        ({"grid": [1 << 30, 1, 1]}, "a launch of 1073741824 warps|a launch of 2147483648 warps"),
        ({"block": [1 << 64, 1, 1]}, "block"),
        ({"block": [1024, 2, 1]}, "2048 threads"),
        ({"shared_bytes": 1 << 40}, "bytes of shared memory"),
        ({"arguments": [f"int32:{1 << 40}", "float32:0.5", "buffer:x", "int32:1"]}, "int32:10995"),
        ({"arguments": ["int32:40"]}, "takes 4 arguments, not 1"),
        ({"arguments": ["int32:40", "float32:0.5", "buffer:y", "int32:1"]}, "'buffer:y'"),
        ({"arena": {"address": "nowhere", "bytes": 4096}}, "address"),
        ({"buffers": {"x": {"offset": 4090, "words": 40}}}, "offset"),
        ({"buffers": {"x": {"offset": 4092, "words": 40}}}, "outside the arena"),
        ({"buffers": {"x": {"offset": 0, "words": 1, "initial": "no.bin"}}}, "cannot be read"),
    ],
)
def test_a_malformed_scenario_is_refused(
    changes: dict[str, Any], message: str, make_recordings: MakeFolder
) -> None:
    with pytest.raises(RecordingError, match=message):
        Recordings(make_recordings(scenario=changes))


def test_a_fault_without_golden_memory_is_refused(make_recordings: MakeFolder) -> None:
    folder = make_recordings(faults=[fault()])
    (folder / "golden" / "fill.bin").unlink()
    with pytest.raises(RecordingError, match=r"golden/fill\.bin is missing"):
        compare(folder)


def test_golden_memory_must_be_pairs_of_words_of_the_arena(make_recordings: MakeFolder) -> None:
    folder = make_recordings(golden=[FIRST])
    with pytest.raises(RecordingError, match="not pairs"):
        compare(folder)
    np.array([5000, 1], dtype="<u4").tofile(folder / "golden" / "fill.bin")
    with pytest.raises(RecordingError, match="not pairs"):
        compare(folder)


@pytest.mark.slow
def test_the_recorded_gpu_agrees(recordings: Path) -> None:
    comparisons = compare(recordings)
    counts = Counter((c.kind, c.agrees) for c in comparisons)
    assert counts["golden", False] == counts["traces", False] == 0
    assert counts["golden", True] == 14
    assert counts["traces", True] == 84
    faults = counts["faults", True] + counts["faults", False]
    assert faults == 1165
    assert [c.identity for c in comparisons if not c.agrees] == ["gemm/s2/27"]
    names = [c.same_exception for c in comparisons if c.same_exception is not None]
    assert (sum(names), len(names)) == (139, 139)
    assert not any("unsupported" in c.replayed for c in comparisons)
