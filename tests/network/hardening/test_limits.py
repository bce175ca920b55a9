"""Limits: what launches store, joined over images, kept, and refused for another network."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import InternalError, NetworkError
from softbeam.kernels.stored import Stored
from softbeam.network.golden import golden_run
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.checksum import CHECKS, TOLERANCE, check_weights
from softbeam.network.hardening.limits import Limits, find_limits, read_limits, widened
from softbeam.network.hardening.rules import read_rules
from softbeam.network.stored import stored_words

NUMBERS = st.floats(width=32, allow_nan=False)
PAIRS = (
    st.none()
    | st.just((math.nan, math.nan))
    | st.tuples(NUMBERS, NUMBERS).map(lambda pair: (min(pair), max(pair)))
)


def limits(stored, inputs=("1" * 64,), margin=0.0) -> Limits:  # type: ignore[no-untyped-def]
    return Limits("net", "a" * 64, "b" * 64, tuple(inputs), tuple(stored), margin)


MADE = st.lists(PAIRS, min_size=4, max_size=4).map(limits)


def same(one: Limits, other: Limits) -> bool:
    """Return whether limits are equal, a NaN to a NaN."""
    return repr(one) == repr(other)


@given(MADE, st.floats(0, 10))
def test_they_are_read_as_they_are_written(found: Limits, margin: float) -> None:
    found = replace(found, margin=margin)
    assert same(Limits.from_json(found.to_json()), found)


@given(MADE, MADE, MADE)
def test_joining_does_not_depend_on_order(one: Limits, two: Limits, three: Limits) -> None:
    # Zeros of both signs are equal numbers.
    assert same_numbers(one.joined(two), two.joined(one))
    assert same_numbers(one.joined(two).joined(three), one.joined(two.joined(three)))
    assert same_numbers(one.joined(one), one)


def same_numbers(one: Limits, other: Limits) -> bool:
    def pairs(found: Limits) -> list:  # type: ignore[type-arg]
        return [p if p is None or p[0] == p[0] else "NaN" for p in found.stored]

    return pairs(one) == pairs(other)


@given(st.tuples(NUMBERS, NUMBERS).map(sorted), st.floats(0, 3))
def test_wider_limits_hold_the_narrower_ones(pair: list[float], margin: float) -> None:
    low, high = widened((pair[0], pair[1]), margin)
    assert low <= pair[0] <= pair[1] <= high
    assert low == float(np.float32(low))
    assert high == float(np.float32(high))
    assert not (low == 0 and math.copysign(1, low) > 0)
    assert not (high == 0 and math.copysign(1, high) < 0)
    if margin == 0:
        assert (low, high) == (pair[0], pair[1])


def test_they_are_what_the_launches_store(tiny) -> None:  # type: ignore[no-untyped-def]
    plan, golden = tiny.plan, tiny.golden
    found = find_limits(plan, tiny.weights, "c" * 64, [("d" * 64, tiny.image)])
    for launch in plan.launches:
        words = np.concatenate(
            [
                golden.view(span.buffer, launch.index + 1)[span.start : span.end].view(np.float32)
                for span in launch.writes
                if not span.buffer.endswith("indexes")
            ]
        )
        assert found.stored[launch.index] == (words.min(), words.max()), launch


def test_several_images_are_joined(tiny) -> None:  # type: ignore[no-untyped-def]
    other = 1 - tiny.image
    pairs = [("1" * 64, tiny.image), ("2" * 64, other), ("1" * 64, tiny.image)]
    both = find_limits(tiny.plan, tiny.weights, "c" * 64, pairs)
    one, two = (find_limits(tiny.plan, tiny.weights, "c" * 64, [pair]) for pair in pairs[:2])
    assert both == one.joined(two)
    assert both.inputs_sha256 == ("1" * 64, "2" * 64)
    assert both.stored not in (one.stored, two.stored)


def test_no_image_is_refused(tiny) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NetworkError, match="no calibration image"):
        find_limits(tiny.plan, tiny.weights, "c" * 64, [])


def test_a_launch_that_stores_a_nan_has_none(tiny) -> None:  # type: ignore[no-untyped-def]
    image = tiny.image.copy()
    image[5] = np.nan
    found = find_limits(tiny.plan, tiny.weights, "c" * 64, [("d" * 64, image)])
    im2col = next(one for one in tiny.plan.launches if one.kernel == "im2col")
    with pytest.raises(NetworkError, match="im2col in layer 0 stores a NaN"):
        found.of(im2col)
    fill = tiny.plan.launches[0]
    assert math.copysign(1, found.of(fill)[0]) < 0 < math.copysign(1, found.of(fill)[1])
    none = replace(found, stored=(None,) * len(found.stored))
    with pytest.raises(NetworkError, match="stores no float"):
        none.of(fill)


def test_those_of_another_network_are_refused() -> None:
    found = limits([None])
    with pytest.raises(NetworkError, match="with other buffers or launches"):
        found.check("c" * 64, "b" * 64)
    with pytest.raises(NetworkError, match="with other weights"):
        found.check("a" * 64, "c" * 64)
    with pytest.raises(NetworkError, match=r"margin of 0 and of 0\.5 cannot be joined"):
        found.joined(replace(found, margin=0.5))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"stored": [[2.0, 1.0]]},
        {"stored": [["nan", 1.0]]},
        {"stored": [[1.0]]},
        {"stored": 3},
        {"margin": -1.0},
        {"margin": "inf"},
        {"inputs_sha256": []},
        {"plan_sha256": 3},
    ],
)
def test_a_file_that_is_none_is_refused(changes, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "limits.json"
    document = json.loads(limits([(0.0, 1.0)]).to_json())
    path.write_text(json.dumps(document))
    assert read_limits(path) == limits([(0.0, 1.0)])
    path.write_text(json.dumps(document | changes))
    with pytest.raises(NetworkError, match=str(path)):
        read_limits(path)
    path.write_text("no JSON")
    with pytest.raises(NetworkError, match=str(path)):
        read_limits(path)
    with pytest.raises(NetworkError, match="cannot read the limits"):
        read_limits(tmp_path / "missing.json")


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), min_size=1, max_size=4),
    st.integers(0, 5),
)
def test_words_are_held_as_they_are_viewed(axes: list[tuple[int, int]], first: int) -> None:
    # Steps as of tensors, so that no word is stored twice.
    steps, step = [], 1
    for size, gap in reversed(axes):
        steps.append(step)
        step *= size * gap + 1
    one = Stored("x", tuple(size for size, _ in axes), tuple(reversed(steps)), first)
    words = np.zeros(one.last + 3, dtype=np.float32)
    one.of(words)[...] = 1
    places = np.arange(words.size)
    assert np.array_equal(one.holds(places), words == 1)
    assert one.words == np.count_nonzero(words)
    assert one.behind("b", 7).first == first + 7
    if one.words:
        with pytest.raises(InternalError, match="outside"):
            one.of(words[: one.last])


def test_a_word_that_a_strided_launch_leaves_out_has_no_part(make_example) -> None:  # type: ignore[no-untyped-def]
    golden = make_example("branches").golden
    seen = 0
    for launch in golden.plan.launches:
        for one in stored_words(launch):
            held = one.holds(np.arange(golden.plan.buffers[one.pointer].words))
            spans = [span for span in launch.writes if span.buffer == one.pointer]
            inside = np.zeros_like(held)
            for span in spans:
                inside[span.start : span.end] = True
            assert not (held & ~inside).any(), launch
            seen += int((inside & ~held).any())
            # What the launch does not store, it keeps.
            kept = inside & ~held
            before = golden.view(one.pointer, launch.index)
            after = golden.view(one.pointer, launch.index + 1)
            assert np.array_equal(before[kept], after[kept]), launch
    assert seen


def test_tolerances_are_what_the_columns_of_the_calibration_images_need(tiny) -> None:  # type: ignore[no-untyped-def]
    products = {one.index: 0 for one in tiny.plan.launches if one.product is not None}
    found = find_limits(tiny.plan, tiny.weights, "c" * 64, [("d" * 64, tiny.image)], 0.0, products)
    assert {(number, rows) for number, rows, _ in found.tolerances} == set(products.items())
    assert all(one <= TOLERANCE * (1 + 1e-6) for _, _, one in found.tolerances)
    assert Limits.from_json(found.to_json()) == found
    rules = read_rules("gemm=checksum")
    hardened = harden(tiny.plan, rules, found, tiny.weights)
    checks = [one for one in hardened.launches if one.kernel in CHECKS]
    assert sorted(one.arguments.TOLERANCE for one in checks) == sorted(
        one for _, _, one in found.tolerances
    )
    # Without a fault nothing is corrected, whether columns are computed again or not.
    assert not reported(tiny, hardened)
    none = replace(found, tolerances=tuple((*one[:2], 0.0) for one in found.tolerances))
    assert not reported(tiny, harden(tiny.plan, rules, none, tiny.weights))


def reported(tiny, plan) -> bool:  # type: ignore[no-untyped-def]
    """Return whether a fault-free run of a hardened plan reports anything, its answer the same."""
    sums = {name: one.view("f4") for name, one in check_weights(plan, tiny.weights).items()}
    golden = golden_run(plan, {**tiny.weights, **sums}, tiny.image)
    assert np.array_equal(golden.answer, tiny.golden.answer)
    return bool(golden.view(plan.report, len(plan.launches)).any())


def test_a_check_without_a_tolerance_is_refused(tiny) -> None:  # type: ignore[no-untyped-def]
    found = find_limits(tiny.plan, tiny.weights, "c" * 64, [("d" * 64, tiny.image)])
    with pytest.raises(NetworkError, match="no tolerance of a checksum of 16 rows"):
        harden(tiny.plan, read_rules("gemm=checksum16"), found, tiny.weights)
