"""What an error does to a detector: which of its boxes change, and how.

The answer of a network with YOLO heads becomes boxes as Darknet makes them: decoded, kept above a
threshold, thinned out class by class.  The fault-free boxes are the truth that others are held
against.  Networks without heads are :mod:`softbeam.injection.classification`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.classification import Outcome, from_output
from softbeam.network.layers import Detection, Region, Yolo
from softbeam.network.plan import Plan

Bits = NDArray[np.uint32]
Numbers = NDArray[np.float64]
Rule = Callable[[Bits, Bits], Outcome]

#: A box counts from this score on, two boxes are one object from this overlap on, and boxes of a
#: class that overlap more than the last one are thinned out: Darknet's defaults.
THRESHOLD, OVERLAP, THINNING = 0.5, 0.5, 0.45


@dataclass(frozen=True, slots=True)
class Box:
    """A detected object; one that may be of several classes is several.

    Attributes
    ----------
    x, y, width, height : float
        Centre and size, in parts of the image.
    label : int
        Its class.
    score : float
        Objectness times the class's probability.
    """

    x: float
    y: float
    width: float
    height: float
    label: int
    score: float


def overlaps(ones: list[Box], others: list[Box]) -> Numbers:
    """Return the intersections of boxes over their unions (IoU): float64[ones, others].

    Examples
    --------
    >>> boxes = [Box(0.5, 0.5, 0.4, 0.4, 0, 1.0), Box(0.6, 0.5, 0.4, 0.4, 0, 1.0)]
    >>> overlaps(boxes, boxes).round(6).tolist()
    [[1.0, 0.6], [0.6, 1.0]]
    """
    a, b = _sides(ones)[:, :, None], _sides(others)[:, None, :]
    with np.errstate(all="ignore"):
        across = np.minimum(a[0] + a[2] / 2, b[0] + b[2] / 2) - np.maximum(
            a[0] - a[2] / 2, b[0] - b[2] / 2
        )
        along = np.minimum(a[1] + a[3] / 2, b[1] + b[3] / 2) - np.maximum(
            a[1] - a[3] / 2, b[1] - b[3] / 2
        )
        both = across * along
        # Not above 1, where rounding would put boxes that are thin as a hair.
        shared = np.minimum(both / (a[2] * a[3] + b[2] * b[3] - both), 1.0)
        # Boxes without a finite size overlap nothing.
        meet: Numbers = np.where((across > 0) & (along > 0) & (shared > 0), shared, 0.0)
    return meet


def _sides(listed: list[Box]) -> Numbers:
    sides = [(one.x, one.y, one.width, one.height) for one in listed]
    return np.array(sides, dtype=np.float64).reshape(-1, 4).T


def has_boxes(plan: Plan) -> bool:
    """Return whether a network's answer is boxes."""
    return any(isinstance(layer, (Detection, Region, Yolo)) for layer in plan.layers)


def rule_for(plan: Plan, threshold: float = THRESHOLD, overlap: float = OVERLAP) -> Rule:
    """Return how the answers of a network are judged: that of a detector by its boxes.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    threshold : float
        Score that a box must exceed.
    overlap : float
        Intersection over union from which on two boxes are one object.
    """
    if not has_boxes(plan):
        return from_output
    return lambda golden, output: from_boxes(plan, golden, output, threshold, overlap)


def from_boxes(
    plan: Plan, golden: Bits, output: Bits, threshold: float = THRESHOLD, overlap: float = OVERLAP
) -> Outcome:
    """Return the outcome of a detector's answer beside the golden one.

    Every golden box takes a box of the other answer that overlaps enough, each box once: first of
    its class, the nearest first, then of any.  Box class: some pair has two classes.  Box number:
    there are more boxes or fewer.  Box position: some box has no partner.  Tolerable: as many
    boxes, all where they were and of their class.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    golden, output : numpy.ndarray of uint32
        The answers' bits.
    threshold, overlap : float
        As in :func:`rule_for`.
    """
    if np.array_equal(golden, output):
        return Outcome("Masked", "absorbed")
    wanted, found = boxes(plan, golden, threshold), boxes(plan, output, threshold)
    pairs = matched(wanted, found, overlap)
    if any(wanted[one].label != found[other].label for one, other in pairs):
        detail = "box class"
    elif len(wanted) != len(found):
        detail = "box number"
    elif len(pairs) < len(wanted):
        detail = "box position"
    else:
        detail = "tolerable"
    numbers = output.view(np.float32).astype(np.float64)
    finite = bool(np.isfinite(numbers).all())
    difference = float("inf")
    if finite:
        difference = float(np.abs(numbers - golden.view(np.float32)).max())
    return Outcome("SDC", detail, None, difference, not finite)


def matched(wanted: list[Box], found: list[Box], overlap: float) -> list[tuple[int, int]]:
    """Return pairs of boxes that overlap enough, each box once: those of one class first."""
    shared = overlaps(wanted, found)
    enough = np.argwhere(shared >= overlap)
    labels, others = (np.array([one.label for one in each], int) for each in (wanted, found))
    differs = labels[enough[:, 0]] != others[enough[:, 1]]
    best = np.lexsort((-shared[enough[:, 0], enough[:, 1]], differs))
    partners: dict[int, int] = {}
    for i, j in enough[best].tolist():
        if i not in partners and j not in partners.values():
            partners[i] = j
    return list(partners.items())


def boxes(plan: Plan, answer: Bits, threshold: float = THRESHOLD) -> list[Box]:
    """Return the boxes of an answer above a threshold, thinned out, the best first."""
    found: list[Box] = []
    start = 0
    layers = {f"{layer.index}.output": layer for layer in plan.layers}
    _, height, width = plan.layers[0].input_shape
    for name in plan.outputs:
        end = start + plan.buffers[name].words
        numbers = answer[start:end].view(np.float32).astype(np.float64)
        layer = layers[name]
        with np.errstate(all="ignore"):
            if isinstance(layer, Yolo):
                found += _of_anchors(layer, numbers, (width, height), 4, threshold)
            elif isinstance(layer, Region):
                _, rows, columns = layer.input_shape
                found += _of_anchors(layer, numbers, (columns, rows), layer.coords, threshold)
            elif isinstance(layer, Detection):
                found += _of_cells(layer, numbers, threshold)
        start = end
    return thinned(found)


def thinned(found: list[Box]) -> list[Box]:
    """Return boxes without those that overlap a better one of their class too much."""
    kept: list[Box] = []
    for label in {one.label for one in found}:
        left = sorted((one for one in found if one.label == label), key=lambda one: -one.score)
        while left:
            kept.append(left[0])
            near = overlaps(left[:1], left[1:])[0]
            left = [one for one, shared in zip(left[1:], near, strict=True) if shared <= THINNING]
    return sorted(kept, key=lambda one: -one.score)


def _of_anchors(
    layer: Yolo | Region, numbers: Numbers, unit: tuple[int, int], coords: int, threshold: float
) -> list[Box]:
    """Decode a head of anchors; `unit` is what the anchors' sides are measured in."""
    _, rows, columns = layer.input_shape
    grid = numbers.reshape(len(layer.anchors), layer.entries, rows, columns)
    scale, scores = grid[:, coords], grid[:, coords + 1 :]
    if isinstance(layer, Region) and layer.background:
        scale = np.ones_like(scale)
    anchors = np.array(layer.anchors)[:, :, None, None]
    x = (np.arange(columns)[None, None, :] + grid[:, 0]) / columns
    y = (np.arange(rows)[None, :, None] + grid[:, 1]) / rows
    width = np.exp(grid[:, 2]) * anchors[:, 0] / unit[0]
    height = np.exp(grid[:, 3]) * anchors[:, 1] / unit[1]
    score = scale[:, None] * scores
    present = (score > threshold) & (scale[:, None] > threshold)
    labels = np.arange(layer.classes)[None, :, None, None]
    places = (one[:, None] for one in (x, y, width, height))
    return _listed(present, *places, labels, score)


def _of_cells(layer: Detection, numbers: Numbers, threshold: float) -> list[Box]:
    """Decode the first YOLO's head: for every cell class scores, objectness, boxes."""
    side, count, classes = layer.side, layer.boxes, layer.classes
    cells = side * side
    scores = numbers[: cells * classes].reshape(cells, 1, classes)
    objects = numbers[cells * classes : cells * (classes + count)].reshape(cells, count)
    places = numbers[cells * (classes + count) :].reshape(cells, count, layer.coords)
    cell = np.arange(cells)[:, None]
    power = 2 if layer.square else 1
    x, y = (places[:, :, 0] + cell % side) / side, (places[:, :, 1] + cell // side) / side
    width, height = places[:, :, 2] ** power, places[:, :, 3] ** power
    score = objects[:, :, None] * scores
    labels = np.arange(classes)[None, None, :]
    sides = (one[:, :, None] for one in (x, y, width, height))
    return _listed(score > threshold, *sides, labels, score)


def _listed(present: NDArray[np.bool_], *fields: NDArray[np.generic]) -> list[Box]:
    columns = [np.broadcast_to(one, present.shape)[present].tolist() for one in fields]
    return [Box(*values) for values in zip(*columns, strict=True)]
