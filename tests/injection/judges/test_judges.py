"""Each judge beside plain Python that computes the same another way."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from support.answers import bits, plan_of

from softbeam.errors import NetworkError
from softbeam.injection.choices import BoxRule, MaskRule, TextRule, ValueRule
from softbeam.injection.detection import BoxJudge
from softbeam.injection.judges.base import first_of, tensors
from softbeam.injection.judges.heads import box_rows, exported_boxes
from softbeam.injection.judges.masks import MaskJudge, class_mask, mask_overlap
from softbeam.injection.judges.texts import TextJudge, greedy_text
from softbeam.injection.judges.values import ValueJudge

NAN, INF = math.nan, math.inf

scores = st.sampled_from([NAN, -INF, -1.0, 0.0, 0.25, 0.5, 1.0, INF]).map(np.float32)


def first(column: list[float]) -> int:
    """Return the place of the highest score, the first of equal ones; -1 without any."""
    numbers = [(-score, place) for place, score in enumerate(column) if not math.isnan(score)]
    return min(numbers)[1] if numbers else -1


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=scores))
def test_the_first_class(table: np.ndarray) -> None:
    assert first_of(table, 1).tolist() == [first(row) for row in table.tolist()]
    assert first_of(table, 0).tolist() == [first(row) for row in table.T.tolist()]


def test_an_answer_of_several_tensors() -> None:
    plan = plan_of(("a", (1, 2)), ("b", (2, 2)))
    found = tensors(plan, bits([1, 2, 3, 4, 5, 6]))
    assert {name: value.tolist() for name, value in found.items()} == {
        "a": [[1, 2]], "b": [[3, 4], [5, 6]]
    }  # fmt: skip


def overlap(one: list[int], other: list[int]) -> float:
    shares = []
    for label in {*one, *other}:
        here = {place for place, found in enumerate(one) if found == label}
        there = {place for place, found in enumerate(other) if found == label}
        shares.append(len(here & there) / len(here | there))
    return sum(shares) / len(shares)


labels = st.lists(st.integers(-1, 3), min_size=6, max_size=6)


@given(labels, labels)
def test_the_overlap_of_masks(one: list[int], other: list[int]) -> None:
    assert mask_overlap(one, other) == pytest.approx(overlap(one, other))


def test_masks_of_one_channel_and_of_many() -> None:
    assert class_mask([[[[0.2, 0.6, NAN, INF]]]]).tolist() == [[0, 1, -1, 1]]
    assert class_mask([[-1.0, 2.0]], threshold=0.0).tolist() == [[0, 1]]
    many = np.zeros((1, 3, 2, 2), np.float32)
    many[0, 2, 0, 1] = many[0, 1, 1, 0] = 1
    many[0, :, 1, 1] = NAN
    assert class_mask(many).tolist() == [[0, 2], [1, -1]]


@pytest.mark.parametrize(
    ("pixels", "wanted"),
    [(0, "tolerable"), (1, "mask pixels"), (8, "mask overlap"), (16, "mask overlap")],
)
def test_what_becomes_of_a_mask(pixels: int, wanted: str) -> None:
    judge = MaskJudge(plan_of(("m", (1, 2, 4, 8))), MaskRule(overlap=0.9))
    golden = np.zeros((2, 32), np.float32)
    golden[0, :16], golden[1, 16:] = 1, 1
    faulty = golden.copy()
    faulty[:, :pixels] = faulty[::-1, :pixels]
    faulty[0, 31] = 0.25
    outcome = judge(bits(golden), bits(faulty))
    assert (outcome.outcome, outcome.detail, outcome.top1) == ("SDC", wanted, None)
    assert outcome.largest_change == (1.0 if pixels else 0.25)
    assert judge(bits(golden), bits(golden)).detail == "absorbed"
    assert judge.told(bits(golden), {1: "sky"}) == "a mask of 8x4: sky 50 %, class 0 50 %"


def read(table: list[list[float]], blank: int) -> tuple[int, ...]:
    best = [first(row) for row in table]
    return tuple(one for one, _ in itertools.groupby(best) if one != blank % len(table[0]))


@given(
    arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(2, 4)), elements=scores),
    st.integers(-2, 1),
)
def test_a_text_by_ctc(table: np.ndarray, blank: int) -> None:
    assert greedy_text(table, blank) == read(table.tolist(), blank)
    assert greedy_text(table[:, None], blank) == greedy_text(table[None], blank)


def test_what_becomes_of_a_text() -> None:
    judge = TextJudge(plan_of(("t", (1, 5, 4))), TextRule())
    golden = np.eye(4, dtype=np.float32)[[1, 1, 0, 1, 3]]
    moved = golden.copy()
    moved[2, 0] = 0.5
    assert judge(bits(golden), bits(moved)).detail == "tolerable"
    # The blank between two equal characters is lost: one character less.
    moved[2, 1] = 2
    assert judge(bits(golden), bits(moved)).detail == "text"
    assert judge.told(bits(golden), {1: "o", 3: "k"}) == "the text 'ook'"
    assert judge.told(bits(golden), {}) == "the text '1 1 3'"
    assert judge.told(bits(np.zeros((5, 4))), {}) == "no text"


@pytest.mark.parametrize(
    ("rule", "value", "wanted"),
    [
        (ValueRule(), 101.0, "tolerable"),
        (ValueRule(), 101.1, "out of tolerance"),
        (ValueRule(), 98.9, "out of tolerance"),
        (ValueRule(tolerance=0), 100.00001, "out of tolerance"),
        (ValueRule(tolerance=0, absolute=5), 104.9, "tolerable"),
        (ValueRule(absolute=5), 106.1, "out of tolerance"),
        (ValueRule(tolerance=10), NAN, "out of tolerance"),
        (ValueRule(tolerance=10), INF, "out of tolerance"),
    ],
)
def test_what_becomes_of_a_value(rule: ValueRule, value: float, wanted: str) -> None:
    judge = ValueJudge(plan_of(("v", (2,))), rule)
    outcome = judge(bits([1, 100]), bits([1, value]))
    assert outcome.detail == wanted
    assert outcome.not_finite == (not math.isfinite(value))


def head_of(rows: np.ndarray, head: str) -> np.ndarray:
    return rows.T[None] if head == "yolov8" else rows[None]


def plain(rows: np.ndarray, head: str, threshold: float) -> list[tuple[float, ...]]:
    """Return boxes decoded and thinned out, one by one."""
    found = []
    for row in rows.tolist():
        x, y, width, height, *rest = row
        if head == "yolov5":
            rest = [rest[0] * one for one in rest[1:]]
        found += [
            (x, y, width, height, label, score)
            for label, score in enumerate(rest)
            if score > threshold
        ]
    found.sort(key=lambda box: -box[5])
    kept: list[tuple[float, ...]] = []
    for box in found:
        if all(other[4] != box[4] or iou(other, box) <= 0.45 for other in kept):
            kept.append(box)
    return kept


def iou(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    sides = []
    for axis in (0, 1):
        low = max(one[axis] - one[axis + 2] / 2, other[axis] - other[axis + 2] / 2)
        high = min(one[axis] + one[axis + 2] / 2, other[axis] + other[axis + 2] / 2)
        sides.append(max(high - low, 0.0))
    both = one[2] * one[3] + other[2] * other[3]
    return sides[0] * sides[1] / (both - sides[0] * sides[1])


@pytest.mark.parametrize("head", ["yolov5", "yolov8"])
def test_exported_heads_beside_plain_python(head: str) -> None:
    rng = np.random.default_rng(3)
    rows = np.concatenate(
        [rng.uniform(20, 40, (60, 2)), rng.uniform(10, 30, (60, 2)), rng.random((60, 4))], axis=1
    ).astype(np.float32)
    found = exported_boxes(head_of(rows, head), head, 0.3)  # type: ignore[arg-type]
    wanted = plain(rows.astype(np.float64), head, 0.3)
    assert 3 < len(wanted) < 60
    np.testing.assert_allclose(found, np.array(wanted))


def test_a_head_that_has_thinned_out_itself() -> None:
    rows = np.zeros((8, 6), np.float32)
    rows[:3] = [[0, 0, 10, 20, 0.6, 2], [0, 0, 10, 20, 0.9, 2], [4, 4, 8, 8, 0.4, 1]]
    assert exported_boxes(rows[None], "yolov10").round(4).tolist() == [
        [5, 10, 10, 20, 2, 0.9], [5, 10, 10, 20, 2, 0.6]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "shape"),
    [
        ("yolov5", (1, 9, 2100)), ("yolov8", (1, 2100, 9)), ("yolov10", (1, 300, 7)),
        ("yolov5", (2, 100, 9)), ("yolov5", (100,)), ("yolov8", (1, 4, 100)), ("yolov5", (1, 1)),
    ],
)  # fmt: skip
def test_a_shape_that_is_no_such_head(head: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(NetworkError, match=f"is not what {head} writes .*; give the --box-head"):
        box_rows(np.zeros(shape), head)  # type: ignore[arg-type]


def test_what_becomes_of_an_exported_detectors_boxes() -> None:
    rows = np.zeros((20, 7), np.float32)
    rows[:2] = [[30, 30, 20, 20, 0.9, 0, 0], [90, 90, 20, 20, 0, 0, 0.8]]
    judge = BoxJudge(plan_of(("o", (1, 7, 20))), BoxRule(head="yolov8"))

    def after(place: tuple[int, int], value: float) -> str:
        faulty = rows.copy()
        faulty[place] = value
        return judge(bits(rows.T), bits(faulty.T)).detail

    assert after((0, 0), 32) == "tolerable"
    assert after((0, 0), 60) == "box position"
    assert after((1, 6), 0.4) == "box number"
    assert after((0, 5), 0.95) == "box number"
    assert after((0, 4), NAN) == "box number"
    faulty = rows.copy()
    faulty[0, 4:6] = 0, 0.7
    assert judge(bits(rows.T), bits(faulty.T)).detail == "box class"
    assert [(box.label, box.score) for box in judge.boxes(bits(rows.T))] == [
        (0, pytest.approx(0.9)), (2, pytest.approx(0.8))
    ]  # fmt: skip
