"""What a user can choose of how an answer with a fault is judged beside the golden one."""

from __future__ import annotations

from softbeam.options import Choices, option


class BoxRule(Choices):
    """When a detector's boxes count, and when two are one object.

    Attributes
    ----------
    threshold : float
        Score that a box must exceed.
    overlap : float
        Intersection over union from which on two boxes are one object.
    """

    threshold: float = option(
        0.5,
        flag="--box-threshold",
        key="box_threshold",
        gt=0,
        lt=1,
        help="Detectors: score of a box that counts.",
    )
    overlap: float = option(
        0.5,
        flag="--box-overlap",
        key="box_overlap",
        gt=0,
        le=1,
        help="Detectors: overlap (intersection over union) of two boxes of one object.",
    )


#: How boxes are judged where nothing else is said.
USUAL_BOXES = BoxRule()
