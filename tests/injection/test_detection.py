"""Boxes as Darknet makes them, and what becomes of them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.injection.boxes import Box, boxes, overlaps, thinned
from softbeam.injection.choices import BoxRule
from softbeam.injection.detection import BoxJudge, matched
from softbeam.injection.judging import judge_for
from softbeam.network.darknet.cfg import parse_cfg
from softbeam.network.golden import golden_run
from softbeam.network.plan import Plan
from softbeam.network.planner import make_plan

YOLO = """[net]
width=64
height=32
channels=21
[yolo]
classes=2
num=4
mask=0,2,3
anchors=10,20, 30,40, 50,60, 7,9
"""
REGION = """[net]
width=5
height=4
channels=16
[region]
classes=3
num=2
anchors=1,2, 3,4
"""
CELLS = """[net]
width=1
height=1
channels=128
[detection]
side=4
num=1
classes=3
coords=4
sqrt=1
"""


def plan_of(text: str) -> Plan:
    return make_plan("a", parse_cfg(text, "a.cfg"))


def bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).ravel()


def test_a_yolo_box_is_decoded() -> None:
    plan = plan_of(YOLO)
    answer = np.zeros((3, 7, 32, 64), dtype=np.float32)
    # The second anchor of the mask is the third of the list.
    answer[1, :, 8, 16] = [0.5, 0.25, np.log(2), 0, 0.9, 0.3, 0.8]
    (box,) = boxes(plan, bits(answer))
    assert (box.x, box.y) == (16.5 / 64, 8.25 / 32)
    assert box.width == pytest.approx(2 * 50 / 64)
    assert box.height == pytest.approx(60 / 32)
    assert (box.label, box.score) == (1, pytest.approx(0.72))
    assert boxes(plan, bits(answer), threshold=0.73) == []


def test_a_region_box_is_decoded() -> None:
    answer = np.zeros((2, 8, 4, 5), dtype=np.float32)
    answer[1, :, 3, 2] = [0.5, 0.5, 0, 0, 1, 0, 0, 0.75]
    assert boxes(plan_of(REGION), bits(answer)) == [Box(0.5, 3.5 / 4, 3 / 5, 1, 2, 0.75)]


def test_a_box_of_a_cell_is_decoded() -> None:
    answer = np.zeros(128, dtype=np.float32)
    answer[6 * 3 + 1] = 0.75
    answer[48 + 6] = 1
    answer[64 + 24 : 64 + 28] = [0.5, 0.25, 0.5, 0.25]
    assert boxes(plan_of(CELLS), bits(answer)) == [Box(2.5 / 4, 1.25 / 4, 0.25, 0.0625, 1, 0.75)]


def at(x: float, label: int = 0, score: float = 0.9) -> Box:
    return Box(x, 0.5, 0.2, 0.2, label, score)


def test_a_worse_box_of_the_same_class_is_thinned_out() -> None:
    found = [at(0.5, score=0.6), at(0.52), at(0.5, label=1, score=0.7), at(0.8)]
    assert thinned(found) == [at(0.52), at(0.8), at(0.5, label=1, score=0.7)]


def test_pairs_are_the_nearest_and_each_box_has_one() -> None:
    wanted, found = [at(0.5), at(0.55)], [at(0.56), at(0.54), at(0.9)]
    assert sorted(matched(wanted, found, 0.5)) == [(0, 1), (1, 0)]
    assert matched([], found, 0.5) == []
    both = [at(0.5), at(0.5, label=1)]
    assert sorted(matched(both, both[::-1], 0.5)) == [(0, 1), (1, 0)]


def test_thousands_of_boxes_are_paired_with_themselves() -> None:
    random = np.random.default_rng(5)
    places = random.random((3000, 2)).tolist()
    found = [Box(x, y, 0.01, 0.01, i % 7, 0.9) for i, (x, y) in enumerate(places)]
    order = random.permutation(len(found)).tolist()
    pairs = dict(matched(found, [found[i] for i in order], 0.5))
    assert len(pairs) == len(found)
    assert all(found[order[j]].label == found[i].label for i, j in pairs.items())
    assert sum(order[j] == i for i, j in pairs.items()) == len(found)


@pytest.mark.parametrize("width", [float("inf"), float("nan"), -1.0, 0.0])
def test_boxes_without_a_size_overlap_nothing(width: float) -> None:
    odd = Box(0.5, 0.5, width, 0.2, 0, 0.9)
    table = np.array([[one.x, one.y, one.width, one.height] for one in (odd, at(0.5))])
    assert overlaps(table[:1], table).tolist() == [[0.0, 0.0]]


sides = st.floats(-2, 2, width=32)


@given(st.lists(st.tuples(sides, sides, sides, sides), min_size=1, max_size=4))
def test_overlaps_are_shares_and_the_same_both_ways(found: list[tuple[float, ...]]) -> None:
    table = np.array(found)
    shared = overlaps(table, table)
    assert ((shared >= 0) & (shared <= 1)).all()
    assert np.array_equal(shared, shared.T)


class TestOutcomes:
    """A scene of two objects."""

    plan = plan_of(YOLO)

    def scene(self) -> np.ndarray:
        answer = np.zeros((3, 7, 32, 64), dtype=np.float32)
        answer[0, :, 8, 16] = [0.5, 0.5, 0, 0, 0.9, 0.9, 0.1]
        answer[1, :, 20, 40] = [0.5, 0.5, 0, 0, 0.9, 0.1, 0.8]
        return answer

    def detail(self, answer: np.ndarray, **options: float) -> tuple[str, str]:
        outcome = BoxJudge(self.plan, BoxRule(**options))(bits(self.scene()), bits(answer))
        assert outcome.top1 is None
        return outcome.outcome, outcome.detail

    def test_masked(self) -> None:
        assert self.detail(self.scene()) == ("Masked", "absorbed")

    def test_tolerable_a_score_or_a_small_move(self) -> None:
        answer = self.scene()
        answer[0, 4, 8, 16] = 0.95
        answer[1, 0, 20, 40] = 0.9
        assert self.detail(answer) == ("SDC", "tolerable")

    def test_class(self) -> None:
        answer = self.scene()
        answer[0, 5:, 8, 16] = [0.1, 0.9]
        assert self.detail(answer) == ("SDC", "box class")

    @pytest.mark.parametrize("lost", [0.3, np.nan])
    def test_number(self, lost: float) -> None:
        answer = self.scene()
        answer[0, 4, 8, 16] = lost
        assert self.detail(answer) == ("SDC", "box number")
        answer = self.scene()
        answer[2, :, 1, 1] = [0.5, 0.5, 0, 0, 0.9, 0.9, 0.9]
        assert self.detail(answer) == ("SDC", "box number")
        assert self.detail(answer, threshold=0.75) == ("SDC", "box number")
        assert self.detail(answer, threshold=0.85) == ("SDC", "tolerable")

    def test_position(self) -> None:
        answer = self.scene()
        answer[0, 2, 8, 16] = 1.0
        assert self.detail(answer) == ("SDC", "box position")
        assert self.detail(answer, overlap=0.3) == ("SDC", "tolerable")

    def test_not_finite(self) -> None:
        answer = self.scene()
        answer[2, 2, 3, 3] = np.inf
        outcome = judge_for(self.plan)(bits(self.scene()), bits(answer))
        assert (outcome.detail, outcome.not_finite) == ("tolerable", True)
        assert outcome.largest_change == float("inf")


def test_the_rule_is_that_of_the_network(tiny) -> None:  # type: ignore[no-untyped-def]
    golden, other = bits(np.array([0.7, 0.3])), bits(np.array([0.3, 0.7]))
    assert judge_for(tiny.plan)(golden, other).detail == "critical"
    plan = plan_of(REGION)
    answer = np.zeros(320, dtype=np.float32)
    assert judge_for(plan)(bits(answer), bits(answer + 1e-3)).detail == "tolerable"


def plain_overlap(one: Box, other: Box) -> float:
    """Intersection over union, in Python's own arithmetic."""

    def span(at: float, size: float, other_at: float, other_size: float) -> float:
        edges = (at + size / 2, other_at + other_size / 2, at - size / 2, other_at - other_size / 2)
        return math.nan if any(map(math.isnan, edges)) else min(edges[:2]) - max(edges[2:])

    across = span(one.x, one.width, other.x, other.width)
    along = span(one.y, one.height, other.y, other.height)
    if not (across > 0 and along > 0):
        return 0.0
    both = across * along
    union = one.width * one.height + other.width * other.height - both
    shared = both / union if union else math.nan
    return min(shared, 1.0) if shared > 0 else 0.0


def plain_boxes(plan: Plan, answer: np.ndarray, threshold: float) -> list[Box]:
    """Decode every cell of a head of anchors by itself, thin out class by class."""
    (layer,) = plan.layers
    _, rows, columns = layer.input_shape
    coords, unit = 4, (columns, rows)
    grid = answer.view(np.float32).astype(np.float64).reshape(-1, layer.entries, rows, columns)
    found = []
    with np.errstate(all="ignore"):
        for anchor, y, x in np.ndindex(grid.shape[0], rows, columns):
            cell, sides = grid[anchor, :, y, x], layer.anchors[anchor]
            scale = 1.0 if getattr(layer, "background", False) else cell[coords]
            width, height = (np.exp(cell[2 + i]) * sides[i] / unit[i] for i in (0, 1))
            place = ((x + cell[0]) / columns, (y + cell[1]) / rows, width, height)
            for label in range(layer.classes):
                score = scale * cell[coords + 1 + label]
                if scale > threshold and score > threshold:
                    found.append(Box(*map(float, place), label, float(score)))
    kept: list[Box] = []
    for box in sorted(found, key=lambda one: (one.label, -one.score)):
        if all(one.label != box.label or plain_overlap(one, box) <= 0.45 for one in kept):
            kept.append(box)
    return sorted(kept, key=lambda one: -one.score)


def plain_detail(wanted: list[Box], found: list[Box], overlap: float) -> str:
    """What becomes of the boxes: all pairs, the nearest first, once for a class, once for any."""
    partners: dict[int, int] = {}
    for same in (True, False):
        pairs = [
            (-plain_overlap(one, other), i, j)
            for i, one in enumerate(wanted)
            for j, other in enumerate(found)
            if one.label == other.label or not same
        ]
        for shared, i, j in sorted(pairs):
            if -shared >= overlap and i not in partners and j not in partners.values():
                partners[i] = j
    if any(wanted[i].label != found[j].label for i, j in partners.items()):
        return "box class"
    if len(wanted) != len(found):
        return "box number"
    return "box position" if len(partners) < len(wanted) else "tolerable"


NET_OF_CELLS = """[net]
width=5
height=4
channels=21
[yolo]
classes=2
num=3
anchors=1,1, 1,2, 3,1
"""
SMALL = {
    "yolo": NET_OF_CELLS,
    "region": REGION,
    "background": REGION + "background=1\nsoftmax=1\n",
}
ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 1e30, -1e30, 1e-30, 88.0], dtype=np.float32)


@pytest.mark.parametrize("name", SMALL)
def test_outcomes_are_those_of_the_plain_rule(name: str) -> None:
    """Crowded answers, most of them with boxes that tie, some with numbers that are none."""
    plan = plan_of(SMALL[name])
    random = np.random.default_rng(7)
    seen: Counter[str] = Counter()
    for case in range(150):
        # From few values many boxes are the same, and many overlap the same others alike.
        values = random.normal(0.5, 0.7, int(random.choice([3, 6, 1000]))).astype(np.float32)
        golden = random.choice(values, plan.layers[0].inputs)
        output = golden.copy()
        changed = random.choice(golden.size, int(random.choice([1, 3, 20, golden.size])), False)
        output[changed] += random.normal(0, float(random.choice([0.01, 1])), changed.size)
        if case % 3 == 0:
            for answer in (golden, output):
                odd = random.choice(golden.size, 5, replace=False)
                answer[odd] = random.choice(ODD, odd.size)
        threshold = float(random.choice([0.1, 0.5, 0.8]))
        overlap = float(random.choice([0.05, 0.3, 0.45, 0.46, 0.5, 0.7, 1.0]))
        one, other = (bits(answer) for answer in (golden, output))
        wanted, found = (plain_boxes(plan, answer, threshold) for answer in (one, other))
        # As text, where what is no number equals itself.
        assert str(boxes(plan, other, threshold)) == str(found)
        detail = plain_detail(wanted, found, overlap)
        outcome = BoxJudge(plan, BoxRule(threshold=threshold, overlap=overlap))(one, other)
        assert outcome.detail == detail
        with np.errstate(all="ignore"):
            difference = np.abs(output.astype(np.float64) - golden).max()
        finite = np.isfinite(output).all()
        assert str(outcome.largest_change) == str(float(difference if finite else np.inf))
        assert outcome.not_finite != finite
        seen[detail] += 1
    assert min(seen[kind] for kind in ("box class", "box number", "tolerable")) > 2
    assert seen["box position"] > 0, seen


def test_a_rule_meets_a_second_image() -> None:
    plan = plan_of(REGION)
    rule = judge_for(plan)
    answers = [bits(np.random.default_rng(seed).random(320)) for seed in (1, 2, 3)]
    expected = [judge_for(plan)(one, answers[2]) for one in answers[:2]]
    assert [rule(one, answers[2]) for one in answers[:2]] == expected
    memory = answers[0].copy()
    rule(memory, answers[2])
    # The memory of a golden run is that of the next image later.
    memory[:] = answers[1]
    assert rule(memory, answers[2]) == expected[1]


PROGRAM = """
import ctypes, json, sys
import numpy as np

class Box(ctypes.Structure):
    _fields_ = [(name, ctypes.c_float) for name in "xywh"]

class Detection(ctypes.Structure):
    _fields_ = [("box", Box), ("classes", ctypes.c_int), ("prob", ctypes.POINTER(ctypes.c_float)),
                ("mask", ctypes.c_void_p), ("objectness", ctypes.c_float), ("sort", ctypes.c_int)]

library = ctypes.CDLL("/usr/lib/darknet/libdarknet.so")
library.load_network.restype = ctypes.c_void_p
library.network_predict.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
library.get_network_boxes.restype = ctypes.POINTER(Detection)
library.get_network_boxes.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_float,
    ctypes.c_float, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
library.do_nms_sort.argtypes = [ctypes.POINTER(Detection), ctypes.c_int, ctypes.c_int,
    ctypes.c_float]
network = library.load_network(sys.argv[1].encode(), None, 0)
image = np.load(sys.argv[2])
library.network_predict(network, image.ctypes.data)
count = ctypes.c_int()
width, height, classes = map(int, sys.argv[3:6])
found = library.get_network_boxes(network, width, height, 0.5, 0.5, None, 1, ctypes.byref(count))
library.do_nms_sort(found, count.value, classes, 0.45)
boxes = [
    [one.box.x, one.box.y, one.box.w, one.box.h, label, one.prob[label]]
    for one in found[: count.value] for label in range(classes) if one.prob[label] > 0
]
print("BOXES" + json.dumps(boxes))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "classes"), [(YOLO, 2), (REGION + "bias_match=1\n", 3)], ids=["yolo", "region"]
)
def test_boxes_are_darknets(darknet: Path, tmp_path: Path, text: str, classes: int) -> None:
    plan = plan_of(text)
    _, height, width = plan.layers[0].input_shape
    generator = np.random.default_rng(3)
    image = generator.normal(-4, 2, plan.layers[0].inputs).astype(np.float32)
    grid = image.reshape(-1, 5 + classes, height, width)
    # A few objects: high objectness and one class above all others.
    for _ in range(12):
        anchor, y, x = (int(generator.integers(0, n)) for n in (grid.shape[0], height, width))
        grid[anchor, :4, y, x] = generator.normal(0, 0.5, 4)
        grid[anchor, 4, y, x] = 4
        grid[anchor, 5 + int(generator.integers(0, classes)), y, x] = 6
    ours = boxes(plan, golden_run(plan, {}, image).answer)
    (tmp_path / "a.cfg").write_text(text.replace("[net]", "[net]\nbatch=1"))
    np.save(tmp_path / "image.npy", image)
    sizes = [str(number) for number in (width, height, classes)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "a.cfg", tmp_path / "image.npy", *sizes],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    theirs = [Box(*one) for one in json.loads(done.stdout.partition("BOXES")[2])]
    for found in (ours, theirs):
        found.sort(key=lambda one: (one.label, round(one.x, 4)))
    assert len(ours) == len(theirs) > 3
    for one, other in zip(ours, theirs, strict=True):
        assert one.label == other.label
        found, wanted = ([b.x, b.y, b.width, b.height, b.score] for b in (one, other))
        np.testing.assert_allclose(found, wanted, rtol=1e-4)
