"""Outcomes: from how a strike ended, and from the scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from softbeam.emulator.ending import COMPLETED, EXCEPTIONS, HANG
from softbeam.injection.classification import Outcome, from_ending, from_output, ranking
from softbeam.injection.outcomes import DETAILS, OUTCOMES

NAN, INF = float("nan"), float("inf")
GOLDEN = [0.5, 0.2, 0.1, 0.08, 0.06, 0.04, 0.02]


def bits(scores: list[float]) -> np.ndarray:
    return np.array(scores, dtype=np.float32).view(np.uint32)


def classified(*scores: float) -> Outcome:
    return from_output(bits(GOLDEN), bits(list(scores)))


@pytest.mark.parametrize(
    ("name", "outcome", "detail"),
    [
        ("never read", "Masked", "never read"),
        ("overwritten", "Masked", "overwritten"),
        ("hang", "DUE", "hang"),
        ("Illegal Address", "DUE", "illegal address"),
        ("Misaligned Address", "DUE", "misaligned address"),
        ("Out-of-range Address", "DUE", "out-of-range address"),
        ("Invalid Address Space", "DUE", "invalid address space"),
        ("Illegal Instruction", "DUE", "illegal instruction"),
        ("Invalid PC", "DUE", "invalid pc"),
    ],
)
def test_an_end_that_decides_alone(name: str, outcome: str, detail: str) -> None:
    assert from_ending(name) == Outcome(outcome, detail)
    assert detail in DETAILS[outcome]


def test_every_exception_of_the_interpreter_has_a_detail() -> None:
    details = {from_ending(name).detail for name in [*EXCEPTIONS.values(), HANG]}
    assert details == set(DETAILS["DUE"])
    assert tuple(DETAILS) == OUTCOMES


def test_a_finished_strike_is_decided_by_memory() -> None:
    assert from_ending(COMPLETED) is None


def test_equal_bits_are_absorbed() -> None:
    assert classified(*GOLDEN) == Outcome("Masked", "absorbed")


def test_the_last_bit_is_a_difference() -> None:
    output = bits(GOLDEN)
    output[6] ^= 1
    found = from_output(bits(GOLDEN), output)
    assert (found.outcome, found.detail, found.top1) == ("SDC", "tolerable", 0)
    assert 0 < found.largest_change < 1e-8


def test_a_zeros_sign_is_a_difference_without_a_change() -> None:
    found = from_output(bits([1, 0]), bits([1, -0.0]))
    assert found == Outcome("SDC", "tolerable", 0, 0.0, False)


@pytest.mark.parametrize(
    ("scores", "detail", "top1"),
    [
        # The first five in another order.
        ([0.5, 0.1, 0.2, 0.06, 0.08, 0.04, 0.02], "tolerable", 0),
        # The sixth takes the fifth's place.
        ([0.5, 0.2, 0.1, 0.08, 0.04, 0.06, 0.02], "top-5", 0),
        ([0.2, 0.5, 0.1, 0.08, 0.06, 0.04, 0.02], "critical", 1),
        # Another winner counts more than another fifth.
        ([0.2, 0.5, 0.1, 0.08, 0.04, 0.06, 0.02], "critical", 1),
        # Of equals the first class wins, as without fault.
        ([0.5, 0.5, 0.1, 0.08, 0.06, 0.04, 0.02], "tolerable", 0),
        ([0.5, 0.2, 0.1, 0.08, 0.06, 0.06, 0.02], "tolerable", 0),
    ],
)
def test_what_changed_among_the_classes(scores: list[float], detail: str, top1: int) -> None:
    found = classified(*scores)
    assert (found.outcome, found.detail, found.top1) == ("SDC", detail, top1)
    assert not found.not_finite
    expected = max(
        abs(float(np.float32(a)) - float(np.float32(b)))
        for a, b in zip(scores, GOLDEN, strict=True)
    )
    assert found.largest_change == expected


def test_ties_in_the_golden_scores_are_broken_the_same_way() -> None:
    golden = [0.3, 0.3, 0.2, 0.1, 0.05, 0.05]
    assert from_output(bits(golden), bits([0.3, 0.31, *golden[2:]])).detail == "critical"
    assert from_output(bits(golden), bits([*golden[:5], 0.051])).detail == "top-5"
    assert from_output(bits(golden), bits([0.31, *golden[1:]])).detail == "tolerable"


@pytest.mark.parametrize(
    ("scores", "detail", "top1"),
    [
        # NaN ranks last, so what was first is not any more.
        ([NAN, *GOLDEN[1:]], "critical", 1),
        ([*GOLDEN[:6], NAN], "tolerable", 0),
        ([*GOLDEN[:4], NAN, *GOLDEN[5:]], "top-5", 0),
        # Where all are NaN, none is first.
        ([NAN] * 7, "critical", None),
        ([*GOLDEN[:6], INF], "critical", 6),
        ([*GOLDEN[:6], -INF], "tolerable", 0),
        # Minus infinity still comes before NaN.
        ([NAN, NAN, NAN, NAN, NAN, NAN, -INF], "critical", 6),
    ],
)
def test_scores_that_are_not_finite(scores: list[float], detail: str, top1: int | None) -> None:
    assert classified(*scores) == Outcome("SDC", detail, top1, INF, True)


def test_less_than_five_classes() -> None:
    assert from_output(bits([0.7, 0.3]), bits([0.6, 0.4])).detail == "tolerable"
    assert from_output(bits([0.7, 0.3]), bits([0.4, 0.6])).detail == "critical"


@given(arrays(np.uint32, st.integers(1, 20)))
def test_every_score_has_one_rank(output: np.ndarray) -> None:
    scores = output.view(np.float32)
    order = ranking(scores)
    assert sorted(order.tolist()) == list(range(scores.size))
    ranked = scores[order]
    finite = ranked[~np.isnan(ranked)]
    assert np.isnan(ranked[finite.size :]).all()
    assert (finite[:-1] >= finite[1:]).all()


@given(arrays(np.uint32, 9), arrays(np.uint32, 9))
def test_every_output_has_one_outcome(golden: np.ndarray, output: np.ndarray) -> None:
    golden = np.where(np.isfinite(golden.view(np.float32)), golden, np.uint32(0))
    found = from_output(golden, output)
    assert found.detail in DETAILS[found.outcome]
    assert (found.outcome == "Masked") == bool((golden == output).all())
    no_first = found.outcome == "Masked" or bool(np.isnan(output.view(np.float32)).all())
    assert (found.top1 is None) == no_first
    assert (found.largest_change is None) == (found.outcome == "Masked")
