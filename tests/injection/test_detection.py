"""Boxes as Darknet makes them, and what becomes of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.injection.detection import (
    Box,
    boxes,
    from_boxes,
    matched,
    overlaps,
    rule_for,
    thinned,
)
from softbeam.network.cfg import parse_cfg
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
        outcome = from_boxes(self.plan, bits(self.scene()), bits(answer), **options)
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
        outcome = from_boxes(self.plan, bits(self.scene()), bits(answer))
        assert (outcome.detail, outcome.not_finite) == ("tolerable", True)
        assert outcome.largest_change == float("inf")


def test_the_rule_is_that_of_the_network(tiny) -> None:  # type: ignore[no-untyped-def]
    golden, other = bits(np.array([0.7, 0.3])), bits(np.array([0.3, 0.7]))
    assert rule_for(tiny.plan)(golden, other).detail == "critical"
    plan = plan_of(REGION)
    answer = np.zeros(320, dtype=np.float32)
    assert rule_for(plan)(bits(answer), bits(answer + 1e-3)).detail == "tolerable"


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
