"""Strike and propagation against brute force: the whole network in emulated machine code.

``SOFTBEAM_BRUTE_FORCE_SITES`` asks for more sites of each mode and model than `make test` takes.
"""

from __future__ import annotations

import math
import os
from collections import Counter

import numpy as np
import pytest
from support.products import instruction_faults

from softbeam.emulator.launching import Runner
from softbeam.faults.models import MODELS
from softbeam.faults.modes import MODES, PRICED
from softbeam.faults.site import FaultSite, MemorySite, UnitSite
from softbeam.injection.boxes import has_boxes
from softbeam.injection.injector import Injector, stratum_of
from softbeam.injection.judging import judge_for
from softbeam.injection.liveness import live_words
from softbeam.injection.propagation import propagate
from softbeam.injection.strike import strike
from softbeam.injection.upset import upset
from softbeam.kernels.products import TILES

SITES = int(os.environ.get("SOFTBEAM_BRUTE_FORCE_SITES", "45"))

#: Network, architecture, sites of each mode and model.
CASES = [
    ("tiny", "sm_90", SITES),
    ("tiny", "sm_80", SITES // 6),
    ("tiny", "sm_75", SITES // 6),
    ("tiny", "sm_87", SITES // 6),
    ("tiny", "sm_120", SITES // 6),
    ("other", "sm_90", SITES // 3),
    ("branches", "sm_90", SITES // 9),
    ("branches", "sm_80", SITES // 22),
    ("branches", "sm_75", SITES // 22),
    ("branches", "sm_100", SITES // 22),
    ("detector", "sm_90", SITES // 9),
    ("dialect", "sm_90", SITES // 9),
    ("dialect", "sm_80", SITES // 22),
    ("dialect", "sm_75", SITES // 22),
    ("tensors", "sm_90", SITES // 9),
    ("tensors", "sm_80", SITES // 22),
    ("tensors", "sm_75", SITES // 22),
]

#: The bit-flip models, but for most of those of many bits.
TRIED = [name for name, model in MODELS.items() if model.listed or name.startswith("5-bit")]

ENDS = {
    "hang": "hang",
    "Illegal Address": "illegal address",
    "Misaligned Address": "misaligned address",
    "Out-of-range Address": "out-of-range address",
    "Invalid Address Space": "invalid address space",
    "Illegal Instruction": "illegal instruction",
    "Invalid PC": "invalid pc",
}


def ranked(output: np.ndarray) -> list[int]:
    scores = [float(score) for score in output.view(np.float32)]
    return sorted(
        range(len(scores)),
        key=lambda c: (math.isnan(scores[c]), 0 if math.isnan(scores[c]) else -scores[c], c),
    )


def winner(output: np.ndarray) -> int | None:
    first = ranked(output)[0]
    return None if math.isnan(output.view(np.float32)[first]) else first


def expected(brute, site, end) -> tuple[str, set[str]]:
    """Return the outcome that brute force saw, and the details that it allows."""
    if end.ending != "completed":
        return "DUE", {ENDS[end.ending]}
    detected, corrected = end.report
    if detected:
        return "DUE", {"detected"}
    golden = brute.golden_output
    if not np.array_equal(end.output, golden):
        if has_boxes(brute.plan):
            return "SDC", {judge_for(brute.plan)(golden, end.output).detail}
        before, after = ranked(golden), ranked(end.output)
        if before[0] != winner(end.output):
            return "SDC", {"critical"}
        return "SDC", {"top-5" if set(before[:5]) != set(after[:5]) else "tolerable"}
    if corrected:
        return "Masked", {"corrected"}
    if isinstance(site, UnitSite):
        return "Masked", {"absorbed", "dead"}
    if isinstance(site, MemorySite):
        return "Masked", {"absorbed"}
    differs = end.after != brute.snapshots[site.launch + 1]
    if not differs.any():
        unread = {"never read", "overwritten"} if site.mode == "rf" else set()
        return "Masked", {"absorbed", *unread}
    return "Masked", {"absorbed" if brute.live[site.launch][differs].any() else "dead"}


def softbeams_output(example, injector, site) -> np.ndarray:
    """Return the answer that strike and propagation compute."""
    if isinstance(site, UnitSite):
        return injector.endure(site).output
    live = live_words(example.plan)
    if isinstance(site, MemorySite):
        struck = upset(example.golden, site)
        return propagate(example.golden, live, site.launch - 1, struck.changed).output
    longest = example.profiles[site.launch].longest
    struck = strike(example.device, Runner(), site, longest)
    return propagate(example.golden, live, site.launch, struck.changed).output


def assert_dead(brute, site, end) -> None:
    """Nothing later reads a dead word: whatever stands there, the answer is the golden one."""
    brute.memory[:] = end.after
    differs = end.after != brute.snapshots[site.launch + 1]
    brute.memory[differs] = 0x7FFFFFFF
    for number in range(site.launch + 1, len(brute.launches)):
        brute.step(number)
    assert np.array_equal(brute.output(brute.memory), brute.golden_output), site


def seen(brute, site):
    """Return what brute force sees of a fault."""
    if isinstance(site, UnitSite):
        return brute.endure(site)
    return brute.upset(site) if isinstance(site, MemorySite) else brute.strike(site)


def compare(example, brute, injector, site, record) -> None:
    """Assert that an injection's record is what brute force sees at its site."""
    end = seen(brute, site)
    outcome, details = expected(brute, site, end)
    assert record.outcome == outcome, site
    assert record.detail in details, site
    if site.target != "store_address":
        assert (record.before, record.after) == (end.before_value, end.after_value), site
    if outcome == "DUE":
        return
    if not isinstance(site, UnitSite):
        after = site.launch + isinstance(site, FaultSite)
        differs = end.after != brute.snapshots[after]
        assert record.changed_words == np.count_nonzero(differs), site
    assert np.array_equal(softbeams_output(example, injector, site), end.output), site
    if record.detail == "dead" and isinstance(site, FaultSite):
        assert_dead(brute, site, end)
    if outcome == "SDC":
        scores = end.output.view(np.float32)
        top = None if has_boxes(brute.plan) else winner(end.output)
        assert record.top1 == top, site
        assert record.not_finite == (not np.isfinite(scores).all()), site
        golden = brute.golden_output.view(np.float32)
        change = max(abs(float(a) - float(b)) for a, b in zip(scores, golden, strict=True))
        assert record.largest_change == (math.inf if record.not_finite else change), site


@pytest.mark.slow
@pytest.mark.parametrize(("name", "architecture", "sites"), CASES)
def test_without_a_fault_brute_force_is_the_golden_run(
    make_example, make_brute_force, name, architecture, sites
) -> None:
    golden = make_example(name, architecture).golden
    brute = make_brute_force(name, architecture)
    for number, memory in enumerate(brute.snapshots):
        for buffer, place in brute.place.items():
            assert np.array_equal(memory[place], golden.view(buffer, number)), (number, buffer)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "architecture", "sites"), CASES)
def test_strike_and_propagation_equal_brute_force(
    make_example, make_brute_force, name, architecture, sites, mode
) -> None:
    example = make_example(name, architecture)
    brute = make_brute_force(name, architecture)
    injector = example.injector("brute force")
    outcomes = Counter()
    if mode not in PRICED and (name, architecture) != CASES[0][:2]:
        sites = -(-sites // 3)
    for model in [one for one in TRIED if MODES[mode].takes(one)]:
        for index in range(sites):
            site = injector.site(mode, model, index)
            record = injector.inject_site(site, index)
            compare(example, brute, injector, site, record)
            outcomes[record.outcome] += 1
    # What memory holds here are numbers, which end no launch.
    of_numbers = MODES[mode].space == "memory" or mode == "shared"
    ends = {"Masked", "SDC"} if of_numbers else {"Masked", "SDC", "DUE"}
    assert outcomes.total() < 150 or outcomes.keys() == ends


#: One kernel with copies that are compared, one that votes, and limits that act without fault.
HARDENED = (
    "add_bias@0=duplication, add_bias@2=triplication, add_bias@3=range, maxpool=range, "
    "activate_array=range, im2col=range, copy=range+bounds"
)


@pytest.mark.slow
def test_a_hardened_network_without_a_fault_is_its_golden_run(
    make_example, make_brute_force
) -> None:
    golden = make_example("tiny", harden=HARDENED).golden
    plain = make_example("tiny").golden
    brute = make_brute_force("tiny", harden=HARDENED)
    for number, memory in enumerate(brute.snapshots):
        for buffer, place in brute.place.items():
            assert np.array_equal(memory[place], golden.view(buffer, number)), (number, buffer)
    # The limits were narrowed, so that they act.
    assert not np.array_equal(golden.answer, plain.answer)
    assert brute.report() == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_hardened_networks_by_brute_force(make_example, make_brute_force, mode) -> None:
    example = make_example("tiny", harden=HARDENED)
    brute = make_brute_force("tiny", harden=HARDENED)
    launches = example.plan.launches
    struck = [one.index for one in launches if "+" in one.kernel]
    whole = example.injector("hardened brute force")
    own = Injector(
        example.device, example.profiles, struck, "hardened brute force", multiprocessors=2
    )
    details = Counter()
    for model in [one for one in TRIED if MODES[mode].takes(one)]:
        for index in range(SITES // 2):
            # Variants have no shared memory; memory and units belong to no kernel.
            anywhere = MODES[mode].space != "instructions" or mode == "shared"
            injector = whole if anywhere or index % 3 == 0 else own
            site = injector.site(mode, model, index)
            record = injector.inject_site(site, index)
            compare(example, brute, injector, site, record)
            details[record.detail] += 1
    if mode in ("rf", "iov"):
        assert details["detected"]
        assert details["corrected"]


@pytest.mark.slow
@pytest.mark.parametrize("mode", sorted({mode for mode, _ in instruction_faults()}))
@pytest.mark.parametrize("name", ["tiny", "branches"])
def test_products_by_brute_force(make_example, make_brute_force, name, mode) -> None:
    example, brute = make_example(name), make_brute_force(name)
    launches = example.plan.launches
    products = [one.index for one in launches if one.kernel in TILES]
    injector = Injector(example.device, example.profiles, products, "products by brute force")
    strata = sorted({stratum_of(launches[number]) for number in products})
    models = [model for one, model in instruction_faults() if one == mode]
    for index in range(2 * SITES):
        stratum = strata[index % len(strata)]
        site = injector.site(mode, models[7 * index % len(models)], index, stratum)
        compare(example, brute, injector, site, injector.inject_site(site, index, stratum))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "model", "semantics"),
    [
        ("ioa", "single-bit", "sassifi"),
        ("ioa", "double-bit-warp", "sassifi"),
        ("iov", "random-value", "nvbitfi"),
    ],
)
def test_peers_rules_by_brute_force(tiny, make_brute_force, mode, model, semantics) -> None:
    injector = tiny.injector("peers", semantics)
    for index in range(SITES):
        site = injector.site(mode, model, index)
        record = injector.inject_site(site, index)
        compare(tiny, make_brute_force("tiny"), injector, site, record)
