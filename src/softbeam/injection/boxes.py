"""The boxes that a detector's answer means, as Darknet makes them.

Decoded, kept above a threshold, thinned out class by class.  What an error does to them is
in :mod:`softbeam.injection.detection`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.choices import USUAL_BOXES
from softbeam.injection.native import boxes as native
from softbeam.network.buffers import output_buffers
from softbeam.network.layers import Detection, Region, Yolo
from softbeam.network.plan import Plan

Bits = NDArray[np.uint32]
Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

#: Boxes of a class that overlap more than this are thinned out: Darknet's default.
THINNING = 0.45


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

    @property
    def place(self) -> str:
        """Centre and size in words."""
        return f"at {self.x:.3f}, {self.y:.3f}, {self.width:.3f} × {self.height:.3f}"


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
    native.overlaps(edges_of(ones), edges_of(others), shared)
    return shared


def edges_of(table: Numbers) -> Numbers:
    """Return boxes by their edges, as :mod:`softbeam.injection.native.boxes` takes them."""
    edges = np.zeros((len(table), 7))
    with np.errstate(all="ignore"):
        half = table[:, 2:4] / 2
        edges[:, 0:4:2], edges[:, 1:4:2] = table[:, 0:2] - half, table[:, 0:2] + half
        edges[:, 4] = table[:, 2] * table[:, 3]
    edges[:, 5 : 1 + table.shape[1]] = table[:, 4:]
    edges[np.isnan(edges[:, :4]).any(axis=1), 0] = np.inf
    return edges


def table_of(listed: list[Box]) -> Numbers:
    """Return boxes as rows: x, y, width, height, label, score."""
    rows = [(one.x, one.y, one.width, one.height, one.label, one.score) for one in listed]
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def listed(table: Numbers) -> list[Box]:
    """Return boxes of rows as they stand."""
    return [
        Box(x, y, width, height, int(label), score)
        for x, y, width, height, label, score in table.tolist()
    ]


def has_boxes(plan: Plan) -> bool:
    """Return whether a network's answer is boxes."""
    return any(layer.is_head for layer in plan.layers)


def boxes(plan: Plan, answer: Bits, threshold: float = USUAL_BOXES.threshold) -> list[Box]:
    """Return the boxes of an answer above a threshold, thinned out, the best first."""
    return listed(boxes_table(plan, answer, threshold))


def boxes_table(plan: Plan, answer: Bits, threshold: float) -> Numbers:
    """Return the boxes of an answer as rows."""
    found: list[Numbers] = []
    start = 0
    layers = dict(zip(output_buffers(plan.layers), plan.layers, strict=True))
    for name in plan.outputs:
        end = start + plan.buffers[name].words
        numbers = answer[start:end].view(np.float32)
        layer = layers[name]
        with np.errstate(all="ignore"):
            if isinstance(layer, Detection):
                found.append(_of_cells(layer, numbers, threshold))
            elif isinstance(layer, Yolo | Region):
                unit = layer.anchor_unit(plan.layers[0].input_shape)
                found.append(_of_anchors(layer, numbers, unit, threshold))
        start = end
    return thinned_table(np.concatenate(found))


def thinned(found: list[Box]) -> list[Box]:
    """Return boxes without those that overlap a better one of their class too much."""
    return listed(thinned_table(table_of(found)))


def thinned_table(table: Numbers) -> Numbers:
    """Return boxes as rows without those that overlap a better one of their class too much."""
    table = table[np.lexsort((-table[:, 5], table[:, 4]))]
    kept = np.empty(len(table), dtype=np.bool_)
    native.thin(edges_of(table), THINNING, kept)
    table = table[kept]
    best: Numbers = table[np.argsort(-table[:, 5], kind="stable")]
    return best


def _of_anchors(
    layer: Yolo | Region, numbers: Floats, unit: tuple[int, int], threshold: float
) -> Numbers:
    """Decode a head of anchors; `unit` is what the anchors' sides are measured in."""
    _, rows, columns = layer.input_shape
    coords = layer.coords
    grid = numbers.reshape(len(layer.anchors), layer.entries, rows, columns)
    scale = grid[:, coords].astype(np.float64)
    if layer.background:
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
