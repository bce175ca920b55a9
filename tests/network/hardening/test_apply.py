"""Hardened plans: the same answer, other launches, addresses that stay."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hardened import limits_of

from softbeam.errors import NetworkError
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.network import load_network
from softbeam.network.golden import golden_run
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.lean import needed
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import read_rules
from softbeam.network.layout import place_behind
from softbeam.network.liveness import live_words
from softbeam.network.plan import REPORT, Plan, Pointer
from softbeam.network.planner import make_plan

RULES = "lean, *=range"
REPORTING = "add_bias@0=duplication, add_bias@2=triplication, maxpool=range"


def hardened(example, rules: str, share: float = 0.0) -> Plan:  # type: ignore[no-untyped-def]
    limits = limits_of(example.plan, example.weights, example.image, share)
    return harden(example.plan, read_rules(rules), limits, example.weights)


@pytest.mark.parametrize("rules", ["lean", "*=range", RULES, REPORTING, "copy=range+bounds"])
@pytest.mark.parametrize("name", ["tiny", "other", "branches", "detector", "dialect"])
def test_it_answers_as_before_on_calibration_images(make_example, name, rules) -> None:  # type: ignore[no-untyped-def]
    example = make_example(name)
    try:
        plan = hardened(example, rules)
    except NetworkError as error:
        assert "launches no such kernel" in str(error)  # noqa: PT017
        return
    found = golden_run(plan, example.weights, example.image)
    assert np.array_equal(found.answer, example.golden.answer)


def test_beyond_the_limits_a_clamp_acts_and_nothing_else(tiny) -> None:  # type: ignore[no-untyped-def]
    plan = hardened(tiny, "maxpool=range", share=0.2)
    found = golden_run(plan, tiny.weights, tiny.image)
    (number,) = (one.index for one in plan.launches if base_of(one.kernel) == "maxpool")
    launch = plan.launches[number]
    low, high = np.float32(launch.arguments.LOW), np.float32(launch.arguments.HIGH)
    output = launch.arguments.output.buffer
    before = tiny.golden.view(output, number + 1).view(np.float32)
    after = found.view(output, number + 1).view(np.float32)
    assert np.array_equal(after, np.clip(before, low, high))
    assert not np.array_equal(after, before)


def test_lean_leaves_out_what_nothing_reads(tiny) -> None:  # type: ignore[no-untyped-def]
    kept = needed(tiny.plan)
    left = [one for one in tiny.plan.launches if one not in kept]
    assert {one.kernel for one in left} == {"fill", "copy"}
    written = {span.buffer.partition(".")[2] for one in left for span in one.writes}
    assert written == {"delta", "x"}
    # A fill before a product that adds to C stays.
    fills = {one.writes[0].buffer for one in kept if one.kernel == "fill"}
    products = {one.product.c.buffer for one in kept if one.product is not None}
    assert fills == products


@pytest.mark.parametrize("name", ["tiny", "other", "branches", "detector", "dialect", "tensors"])
def test_lean_is_what_leaving_out_again_and_again_finds(make_example, name) -> None:  # type: ignore[no-untyped-def]
    plan = make_example(name).plan
    wanted = plan
    while True:
        live = live_words(wanted)
        kept = [
            launch
            for launch in wanted.launches
            if any(
                start < span.end and span.start < end
                for span in launch.writes
                for start, end in live[launch.index].get(span.buffer, ())
            )
        ]
        if len(kept) == len(wanted.launches):
            break
        numbered = tuple(replace(one, index=number) for number, one in enumerate(kept))
        wanted = replace(wanted, launches=numbered)
    found = harden(plan, read_rules("lean"))
    assert found.launches == wanted.launches
    assert found.buffers == plan.buffers
    assert found.report == ""


def test_extraction_without_what_training_needs() -> None:
    plan = load_network("extraction").plan()
    lean = harden(plan, read_rules("lean"))
    counted = {}
    for launch in plan.launches:
        counted[launch.kernel] = counted.get(launch.kernel, 0) + 1
    for launch in lean.launches:
        counted[launch.kernel] -= 1
    left = {kernel: number for kernel, number in counted.items() if number}
    # A copy of every normalized convolution's output, and what each layer clears for training.
    assert left == {"copy": 20, "fill": 27}


def test_the_hardened_plan(tiny) -> None:  # type: ignore[no-untyped-def]
    plan = hardened(tiny, REPORTING)
    assert [one.index for one in plan.launches] == list(range(len(tiny.plan.launches)))
    assert {name: plan.buffers[name] for name in tiny.plan.buffers} == tiny.plan.buffers
    assert [*plan.buffers][-1] == plan.report == REPORT
    assert plan.buffers[REPORT].words == 2
    assert plan.sha256 != tiny.plan.sha256
    for old, new in zip(tiny.plan.launches, plan.launches, strict=True):
        assert (old.layer, old.grid, old.block) == (new.layer, new.grid, new.block)
        assert (old.reads, old.writes) == (new.reads, new.writes)
        assert new.arguments[: len(old.arguments)] == tuple(old.arguments)
        assert base_of(new.kernel) == old.kernel
        if set(techniques_of(new.kernel)) & {"duplication", "triplication"}:
            assert (0, Pointer(REPORT)) == (new.arguments.ZERO, new.arguments.REPORT)
    kernels = {one.kernel for one in plan.launches}
    assert {"add_bias+duplication", "add_bias+triplication", "maxpool+range"} <= kernels
    # The report is read at the end, so that what is written there is never dead.
    assert all(live[REPORT] == ((0, 2),) for live in live_words(plan))


def test_limits_move_the_plan_and_nothing_else_does(tiny) -> None:  # type: ignore[no-untyped-def]
    one, two = (hardened(tiny, "maxpool=range", share) for share in (0.0, 0.125))
    again = hardened(tiny, "maxpool=range")
    assert one.sha256 == again.sha256 != two.sha256


def test_words_behind_pointers(tiny) -> None:  # type: ignore[no-untyped-def]
    plan = hardened(tiny, "copy=bounds")
    found = [one for one in plan.launches if one.kernel == "copy+bounds"]
    assert found
    for launch in found:
        for name in ("X", "Y"):
            pointer = getattr(launch.arguments, name)
            behind = plan.buffers[pointer.buffer].words - pointer.word
            assert getattr(launch.arguments, f"WORDS_{name}") == behind


def test_clamping_needs_limits(tiny) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NetworkError, match="its limits are not given; give --calibration"):
        harden(tiny.plan, read_rules("maxpool=range"))


@given(st.lists(st.integers(1, 3 << 18), min_size=1, max_size=4))
def test_what_is_new_lies_where_no_buffer_is(sizes: list[int]) -> None:
    plan = make_plan("extraction", load_network("extraction").layers[:3])
    more = {f"-1.more{number}": words for number, words in enumerate(sizes)}
    found = place_behind(plan.buffers, more)
    assert [*found] == [*plan.buffers, *more]
    assert {name: found[name] for name in plan.buffers} == plan.buffers
    ordered = sorted(found.values(), key=lambda buffer: buffer.address)
    for before, after in pairwise(ordered):
        assert before.end <= after.address
    assert all(found[name].address % 512 == 0 for name in more)


def test_limits_are_of_this_plan(tiny) -> None:  # type: ignore[no-untyped-def]
    limits = limits_of(tiny.plan, tiny.weights, tiny.image)
    assert isinstance(limits, Limits)
    assert len(limits.stored) == len(tiny.plan.launches)
    limits.check(tiny.plan.sha256, "0" * 64)
