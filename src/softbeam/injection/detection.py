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
from softbeam.kernels.native import boxes as native
from softbeam.network.layers import Detection, Region, Yolo
from softbeam.network.plan import Plan

Bits = NDArray[np.uint32]
Floats = NDArray[np.float32]
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
    shared = np.empty((len(ones), len(others)))
    native.overlaps(_edges(ones), _edges(others), shared)
    return shared


def _edges(table: Numbers) -> Numbers:
    """Return boxes by their edges, as :mod:`softbeam.kernels.native.boxes` takes them."""
    edges = np.zeros((len(table), 7))
    with np.errstate(all="ignore"):
        half = table[:, 2:4] / 2
        edges[:, 0:4:2], edges[:, 1:4:2] = table[:, 0:2] - half, table[:, 0:2] + half
        edges[:, 4] = table[:, 2] * table[:, 3]
    edges[:, 5 : 1 + table.shape[1]] = table[:, 4:]
    edges[np.isnan(edges[:, :4]).any(axis=1), 0] = np.inf
    return edges


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
    known: list[tuple[Bits, Numbers]] = []

    def rule(golden: Bits, output: Bits) -> Outcome:
        if not known or not np.array_equal(known[0][0], golden):
            known[:] = [(golden.copy(), _boxes(plan, golden, threshold))]
        return _judged(plan, golden, output, threshold, overlap, known[0][1])

    return rule


def from_boxes(
    plan: Plan,
    golden: Bits,
    output: Bits,
    threshold: float = THRESHOLD,
    overlap: float = OVERLAP,
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
    return _judged(plan, golden, output, threshold, overlap, _boxes(plan, golden, threshold))


def _judged(
    plan: Plan, golden: Bits, output: Bits, threshold: float, overlap: float, wanted: Numbers
) -> Outcome:
    """Return the outcome of an answer; `wanted` are the golden answer's boxes."""
    differs = golden != output
    if not differs.any():
        return Outcome("Masked", "absorbed")
    found = _boxes(plan, output, threshold)
    partners = _partners(wanted, found, overlap)
    paired = np.flatnonzero(partners >= 0)
    if (wanted[paired, 4] != found[partners[paired], 4]).any():
        detail = "box class"
    elif len(wanted) != len(found):
        detail = "box number"
    elif len(paired) < len(wanted):
        detail = "box position"
    else:
        detail = "tolerable"
    numbers = output.view(np.float32)
    finite = bool(np.isfinite(numbers).all())
    difference = float("inf")
    if finite:
        changed = numbers[differs].astype(np.float64)
        difference = float(np.abs(changed - golden[differs].view(np.float32)).max())
    return Outcome("SDC", detail, None, difference, not finite)


def matched(wanted: list[Box], found: list[Box], overlap: float) -> list[tuple[int, int]]:
    """Return pairs of boxes that overlap enough, each box once: those of one class first."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    _pair(_edges(_table(wanted)), _edges(_table(found)), overlap, partners, taken)
    return [(one, other) for one, other in enumerate(partners.tolist()) if other >= 0]


def _partners(wanted: Numbers, found: Numbers, overlap: float) -> NDArray[np.int64]:
    """Return for each box of an answer its partner in the other one, -1 if it has none."""
    partners, taken = np.full(len(wanted), -1), np.zeros(len(found), dtype=np.bool_)
    ones, others = _edges(wanted), _edges(found)
    if overlap > THINNING:
        # A box that is in both answers can have no other partner of its class: whatever overlaps
        # it so much was thinned out.  Most boxes are in both.
        first, second = (np.lexsort((-some[:, 6], some[:, 5])) for some in (ones, others))
        native.alike(ones, others, first, second, overlap, partners, taken)
    _pair(ones, others, overlap, partners, taken)
    return partners


def _pair(
    ones: Numbers,
    others: Numbers,
    overlap: float,
    partners: NDArray[np.int64],
    taken: NDArray[np.bool_],
) -> None:
    """Give boxes that have no partner one that is not taken."""
    for same in (True, False):
        left, free = np.flatnonzero(partners < 0), np.flatnonzero(~taken)
        rows, columns = _near(ones[left], others[free], overlap, same=same)
        native.settle(left[rows], free[columns], partners, taken)


def _near(
    ones: Numbers, others: Numbers, overlap: float, *, same: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs that overlap enough, of one class or of any, the nearest first."""
    labels = others[:, 5] if same else np.zeros(len(others))
    wanted = ones[:, 5] if same else np.zeros(len(ones))
    order = np.argsort(labels, kind="stable")
    starts, ends = (np.searchsorted(labels[order], wanted, side) for side in ("left", "right"))
    room = len(ones) + len(others)
    while True:
        rows, columns = (np.empty(room, dtype=np.int64) for _ in range(2))
        shared = np.empty(room)
        count = native.near(ones, others, order, starts, ends, overlap, rows, columns, shared)
        if count <= room:
            break
        room = count
    nearest = np.lexsort((columns[:count], rows[:count], -shared[:count]))
    return rows[nearest], columns[nearest]


def boxes(plan: Plan, answer: Bits, threshold: float = THRESHOLD) -> list[Box]:
    """Return the boxes of an answer above a threshold, thinned out, the best first."""
    return _listed(_boxes(plan, answer, threshold))


def _boxes(plan: Plan, answer: Bits, threshold: float) -> Numbers:
    """Return the boxes of an answer as rows."""
    found: list[Numbers] = []
    start = 0
    layers = {f"{layer.index}.output": layer for layer in plan.layers}
    _, height, width = plan.layers[0].input_shape
    for name in plan.outputs:
        end = start + plan.buffers[name].words
        numbers = answer[start:end].view(np.float32)
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
    return _thinned(np.concatenate(found))


def thinned(found: list[Box]) -> list[Box]:
    """Return boxes without those that overlap a better one of their class too much."""
    return _listed(_thinned(_table(found)))


def _thinned(table: Numbers) -> Numbers:
    table = table[np.lexsort((-table[:, 5], table[:, 4]))]
    kept = np.empty(len(table), dtype=np.bool_)
    native.thin(_edges(table), THINNING, kept)
    table = table[kept]
    best: Numbers = table[np.argsort(-table[:, 5], kind="stable")]
    return best


def _of_anchors(
    layer: Yolo | Region, numbers: Floats, unit: tuple[int, int], coords: int, threshold: float
) -> Numbers:
    """Decode a head of anchors; `unit` is what the anchors' sides are measured in."""
    _, rows, columns = layer.input_shape
    grid = numbers.reshape(len(layer.anchors), layer.entries, rows, columns)
    scale = grid[:, coords].astype(np.float64)
    if isinstance(layer, Region) and layer.background:
        scale = np.ones_like(scale)
    # Only where there may be a box: most cells have none.
    anchor, row, column = np.nonzero(scale > threshold)
    cells = grid[anchor, :, row, column].astype(np.float64)
    anchors = np.array(layer.anchors)[anchor]
    x = (column + cells[:, 0]) / columns
    y = (row + cells[:, 1]) / rows
    width = np.exp(cells[:, 2]) * anchors[:, 0] / unit[0]
    height = np.exp(cells[:, 3]) * anchors[:, 1] / unit[1]
    score = scale[anchor, row, column][:, None] * cells[:, coords + 1 :]
    places = (one[:, None] for one in (x, y, width, height))
    return _present(score > threshold, *places, np.arange(layer.classes)[None, :], score)


def _of_cells(layer: Detection, answer: Floats, threshold: float) -> Numbers:
    """Decode the first YOLO's head: for every cell class scores, objectness, boxes."""
    numbers, side = answer.astype(np.float64), layer.side
    count, classes = layer.boxes, layer.classes
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
