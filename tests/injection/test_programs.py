"""Strikes in programs and what follows from them, against running every unit behind the fault.

``SOFTBEAM_PROGRAM_SITES`` asks for more sites of each mode than `make test` takes.
"""

from __future__ import annotations

import os
import pickle
from collections import Counter
from functools import cache

import numpy as np
import pytest
from support.programs import EXAMPLES, PROGRAMS, brute_force

from softbeam.faults.modes import PAPER
from softbeam.injection.classification import Outcome
from softbeam.injection.injector import Injector
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.program.loading import contents_before, load
from softbeam.program.planning import plan_of, profiles_of_records
from softbeam.program.recording import record
from softbeam.sass.toolchain import find_tool

SITES = int(os.environ.get("SOFTBEAM_PROGRAM_SITES", "40"))


class Bits:
    """Judges by bits, and keeps the last answer."""

    def __init__(self) -> None:
        self.output = b""

    def __call__(self, golden: np.ndarray, output: np.ndarray) -> Outcome:
        self.output = output.tobytes()
        return Outcome.of("absorbed" if np.array_equal(golden, output) else "tolerable")


@cache
def struck(name: str) -> Injector:
    loaded = load((PROGRAMS | EXAMPLES)[name]())
    first, *others = contents_before(loaded).items()
    records = list(record(loaded))
    plan = plan_of(loaded, records)
    golden = golden_run(plan, dict(others), first[1])
    launches = [launch.index for launch in plan.launches if not launch.library]
    profiles = profiles_of_records(records)
    return Injector(Device(golden, "sm_90"), profiles, launches, name, rule=Bits())


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_golden_run_is_what_the_program_leaves(name):
    assert struck(name).device.golden.answer.tobytes() == brute_force(name).golden.output


def test_a_golden_run_is_filled_from_the_run_or_emulated_again():
    loaded = load(PROGRAMS["counting"]())
    first, *others = contents_before(loaded).items()
    plan = plan_of(loaded, list(record(loaded)))
    elsewhere = pickle.loads(pickle.dumps(plan))
    known, again = (golden_run(one, dict(others), first[1]) for one in (plan, elsewhere))
    assert plan.left.behind(0, known) is not None
    assert elsewhere.left.behind(0, again) is None
    assert np.array_equal(known.words, again.words)
    # Of other contents nothing is known, and all is emulated.
    other = first[1].view(np.uint32) ^ np.uint32(0x01010101)
    known, again = (
        golden_run(one, dict(others), other.view(np.float32)) for one in (plan, elsewhere)
    )
    assert plan.left.behind(0, known) is None
    assert np.array_equal(known.words, again.words)


needs_nvcc = pytest.mark.skipif(find_tool("nvcc") is None, reason="needs NVIDIA's compiler")
_EXAMPLES = [pytest.param(name, marks=needs_nvcc) for name in EXAMPLES]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [*PROGRAMS, *(pytest.param(n, marks=needs_nvcc) for n in EXAMPLES)]
)
@pytest.mark.parametrize(
    ("mode", "model"), [*PAPER, ("weights", "single-bit"), ("activations", "single-bit")]
)
def test_an_injection_gives_what_running_everything_gives(name, mode, model):
    injector, seen = struck(name), Counter()
    longest = {number: profile.longest for number, profile in injector._profiles.items()}
    if mode == "weights" and not _has_weights(injector):
        pytest.skip("its launches write every buffer that they read")
    for index in range(SITES):
        site = injector.site(mode, model, index)
        found = injector.inject_site(site, index)
        end = brute_force(name).run(site, longest)
        seen[found.outcome] += 1
        if end.ending != "completed":
            assert (found.outcome, found.detail) == ("DUE", end.ending.lower()), (site, found)
        elif end.output == injector.device.golden.answer.tobytes():
            assert found.outcome == "Masked", (site, found)
        else:
            assert found.outcome == "SDC", (site, found)
            assert injector.rule.output == end.output, site
    assert len(seen) > 1 or mode == "weights", seen


def _has_weights(injector: Injector) -> bool:
    return any(True for _ in injector.device.plan.trained())


def test_memory_that_is_struck_is_what_is_read_later():
    plan, injector = struck("counting").device.plan, struck("counting")
    assert list(plan.trained()) == ["numbers"]
    found = {
        (one.cell.kernel, one.launch)
        for one in (injector.site("activations", "single-bit", n) for n in range(200))
    }
    # What the host puts into a buffer that a launch writes later, and what launches leave.
    assert {name for name, _ in found} == {"data", "looked", "bins", "found"}
    assert all(launch > 2 for name, launch in found if name == "found")
    weights = {injector.site("weights", "single-bit", n).launch for n in range(50)}
    assert weights == {0, 1, 2}


def test_the_programs_have_what_is_hard():
    accesses = {name: struck(name).device.plan.accesses for name in PROGRAMS}
    assert any(one.exchanges for one in accesses["counting"].values())
    assert any(one.shared_words.size for one in accesses["meeting"].values())
    assert not any(one.whole for one in accesses["floats"].values())
    halves = [one.whole for one in accesses["halves"].values()]
    assert halves == [True, False, False, True, False]


def test_the_golden_run_of_halves_is_what_numpy_computes():
    program = PROGRAMS["halves"]()
    a, b = (program.buffers[name].content for name in "ab")
    c, d = np.ones(132, dtype="f2"), np.zeros(132, dtype="f2")
    c[1:131] = a + b
    d[:128] = c[:128] * a[:128]
    # A fused product and sum of halves is exact in float64 but for its last rounding.
    x, y = d[:128].astype("f8"), c[:128].astype("f8")
    c[:128] = (x * y + x).astype("f2")
    d[1:131] = c[:130] + a
    sums = c[:128].astype("f4") + d[:128].astype("f4")
    output = sums.tobytes() + d.tobytes()
    assert struck("halves").device.golden.answer.tobytes() == output
