"""Boxes of detectors as they are exported: YOLOv5, YOLOv8, YOLOv10 and those that write alike.

Darknet's own heads are decoded in :mod:`softbeam.injection.boxes`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from softbeam.errors import NetworkError
from softbeam.injection.boxes import Numbers, thinned_table
from softbeam.injection.choices import HEADS, USUAL_BOXES, Head


def box_rows(numbers: ArrayLike, head: Head) -> Numbers:
    """Return an exported detector's answer with a row for each box.

    Parameters
    ----------
    numbers : array of float32, [..., boxes, fields], or [..., fields, boxes] of ``yolov8``
        Of one picture.
    head : {"yolov5", "yolov8", "yolov10"}
        What the fields are, see :data:`softbeam.injection.choices.HEADS`.

    Raises
    ------
    NetworkError
        If the shape is not that of such a head.
    """
    given = np.asarray(numbers)
    sides = [side for side in given.shape if side != 1] or [1]
    # Sides of 1 are in front: the batch.
    table = given.ndim > 1 and len(sides) <= 2
    rows: NDArray[Any] | None = given.reshape(given.shape[-2:]) if table else None
    if rows is not None and head == "yolov8":
        rows = rows.T
    least = {"yolov5": 6, "yolov8": 5, "yolov10": 6}[head]
    # Fewer boxes than fields are the transposed layout, not a head.
    fits = rows is not None and rows.shape[1] >= least and rows.shape[0] >= rows.shape[1]
    if rows is None or not fits or (head == "yolov10" and rows.shape[1] != least):
        shape = "x".join(map(str, given.shape))
        raise NetworkError(
            f"an answer of {shape} is not what {head} writes ({HEADS[head]}); give the --box-head "
            "that fits, or a function of your own with --judge"
        )
    return rows.astype(np.float64)


def exported_boxes(
    numbers: ArrayLike, head: Head, threshold: float = USUAL_BOXES.threshold
) -> Numbers:
    """Return the boxes of an exported detector as rows: x, y, width, height, label, score.

    Places are centres and sizes in the model's own unit, usually pixels of its input.  A box may
    be of several classes, as of Darknet; boxes of a class that overlap too much are thinned out,
    but for ``yolov10``, which has done that itself.

    Parameters
    ----------
    numbers, head
        As of :func:`box_rows`.
    threshold : float
        Score that a box must exceed: the class's, times the objectness where there is one.

    Examples
    --------
    >>> cells = np.zeros((1, 6, 8), np.float32)
    >>> cells[0, :, 3] = [40, 30, 20, 10, 0.2, 0.9]
    >>> exported_boxes(cells, "yolov8").round(3).tolist()
    [[40.0, 30.0, 20.0, 10.0, 1.0, 0.9]]
    """
    rows = box_rows(numbers, head)
    with np.errstate(all="ignore"):
        if head == "yolov10":
            corners = rows[rows[:, 4] > threshold]
            low, high = corners[:, 0:2], corners[:, 2:4]
            fields = [(low + high) / 2, high - low, corners[:, 5:6], corners[:, 4:5]]
            table = np.concatenate(fields, axis=1)
            best: Numbers = table[np.argsort(-table[:, 5], kind="stable")]
            return best
        scores = rows[:, 5:] * rows[:, 4:5] if head == "yolov5" else rows[:, 4:]
        box, label = np.nonzero(scores > threshold)
    fields = [rows[box, :4], label[:, None].astype(np.float64), scores[box, label][:, None]]
    return thinned_table(np.concatenate(fields, axis=1))
