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


def overlaps(ones: Numbers, others: Numbers) -> Numbers:
    """Return the intersections of boxes over their unions (IoU): float64[ones, others].

    Parameters
    ----------
    ones, others : numpy.ndarray of float64, [boxes, at least 4]
        Centre and size of each.

    Examples
    --------
    >>> boxes = np.array([[0.5, 0.5, 0.4, 0.4], [0.6, 0.5, 0.4, 0.4]])
    >>> overlaps(boxes, boxes).round(6).tolist()
    [[1.0, 0.6], [0.6, 1.0]]
    """
    a, b = ones.T[:, :, None], others.T[:, None, :]
    with np.errstate(all="ignore"):
        across = np.minimum(a[0] + a[2] / 2, b[0] + b[2] / 2) - np.maximum(
            a[0] - a[2] / 2, b[0] - b[2] / 2
        )
        along = np.minimum(a[1] + a[3] / 2, b[1] + b[3] / 2) - np.maximum(
            a[1] - a[3] / 2, b[1] - b[3] / 2
        )
        both = across * along
        shared = both / (a[2] * a[3] + b[2] * b[3] - both)
        # Boxes without a finite size overlap nothing; tiny ones suffer from rounding.
        meets = (across > 0) & (along > 0) & (shared > 0)
        meet: Numbers = np.where(meets, np.minimum(shared, 1.0), 0.0)
    return meet


def _table(listed: list[Box]) -> Numbers:
    """Return boxes as rows: x, y, width, height, label, score."""
    rows = [(one.x, one.y, one.width, one.height, one.label, one.score) for one in listed]
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def _listed(table: Numbers) -> list[Box]:
    return [
        Box(x, y, width, height, int(label), score)
        for x, y, width, height, label, score in table.tolist()
    ]


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
    known: dict[bytes, list[Box]] = {}

    def rule(golden: Bits, output: Bits) -> Outcome:
        key = golden.tobytes()
        if key not in known:
            known.clear()
            known[key] = boxes(plan, golden, threshold)
        return from_boxes(plan, golden, output, threshold, overlap, wanted=known[key])

    return rule


def from_boxes(
    plan: Plan,
    golden: Bits,
    output: Bits,
    threshold: float = THRESHOLD,
    overlap: float = OVERLAP,
    *,
    wanted: list[Box] | None = None,
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
    wanted : list of Box, optional
        The golden answer's boxes, where they are known.
    """
    if np.array_equal(golden, output):
        return Outcome("Masked", "absorbed")
    wanted = boxes(plan, golden, threshold) if wanted is None else wanted
    found = boxes(plan, output, threshold)
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
    ones, others = _table(wanted), _table(found)
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for same in (True, False):
        left = np.array([i for i in range(len(ones)) if i not in partners], dtype=np.int64)
        free = np.array([j for j in range(len(others)) if j not in taken], dtype=np.int64)
        for _, i, j in _near(ones[left], others[free], overlap, same=same):
            one, other = int(left[i]), int(free[j])
            if one not in partners and other not in taken:
                partners[one] = other
                taken.add(other)
    return list(partners.items())


def _near(
    ones: Numbers, others: Numbers, overlap: float, *, same: bool
) -> list[tuple[float, int, int]]:
    """Return pairs that overlap enough, of one class or of any, the nearest first."""
    pairs: list[tuple[float, int, int]] = []
    for start in range(0, len(ones), 64):
        # A few rows at a time: a fault can leave tens of thousands of boxes.
        some = ones[start : start + 64]
        if same:
            columns = np.flatnonzero(np.isin(others[:, 4], some[:, 4]))
        else:
            columns = np.arange(len(others))
        shared = overlaps(some, others[columns])
        enough = shared >= overlap
        if same:
            enough &= some[:, 4][:, None] == others[columns, 4][None, :]
        rows, at = np.nonzero(enough)
        pairs += zip(
            (-shared[rows, at]).tolist(),
            (rows + start).tolist(),
            columns[at].tolist(),
            strict=True,
        )
    return sorted(pairs)


def boxes(plan: Plan, answer: Bits, threshold: float = THRESHOLD) -> list[Box]:
    """Return the boxes of an answer above a threshold, thinned out, the best first."""
    found: list[Numbers] = []
    start = 0
    layers = {f"{layer.index}.output": layer for layer in plan.layers}
    _, height, width = plan.layers[0].input_shape
    for name in plan.outputs:
        end = start + plan.buffers[name].words
        numbers = answer[start:end].view(np.float32).astype(np.float64)
        layer = layers[name]
        with np.errstate(all="ignore"):
            if isinstance(layer, Yolo):
                found.append(_of_anchors(layer, numbers, (width, height), 4, threshold))
            elif isinstance(layer, Region):
                _, rows, columns = layer.input_shape
                found.append(_of_anchors(layer, numbers, (columns, rows), layer.coords, threshold))
            elif isinstance(layer, Detection):
                found.append(_of_cells(layer, numbers, threshold))
        start = end
    return _listed(_thinned(np.concatenate(found)))


def thinned(found: list[Box]) -> list[Box]:
    """Return boxes without those that overlap a better one of their class too much."""
    return _listed(_thinned(_table(found)))


def _thinned(table: Numbers) -> Numbers:
    kept = [np.empty((0, 6))]
    table = table[np.lexsort((-table[:, 5], table[:, 4]))]
    for of_class in np.split(table, np.flatnonzero(np.diff(table[:, 4])) + 1):
        left = of_class
        while len(left):
            kept.append(left[:1])
            left = left[1:][overlaps(left[:1], left[1:])[0] <= THINNING]
    together = np.concatenate(kept)
    best: Numbers = together[np.argsort(-together[:, 5], kind="stable")]
    return best


def _of_anchors(
    layer: Yolo | Region, numbers: Numbers, unit: tuple[int, int], coords: int, threshold: float
) -> Numbers:
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
    return _present(present, *places, labels, score)


def _of_cells(layer: Detection, numbers: Numbers, threshold: float) -> Numbers:
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
    return _present(score > threshold, *sides, labels, score)


def _present(present: NDArray[np.bool_], *fields: NDArray[np.generic]) -> Numbers:
    columns = [np.broadcast_to(one, present.shape)[present] for one in fields]
    return np.stack([np.asarray(one, dtype=np.float64) for one in columns], axis=1)
