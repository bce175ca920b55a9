"""What an error means to the two-stage detector: which objects it finds, and where.

softbeam campaign runs/faster_rcnn --paper --judge examples/faster_rcnn/judge.py:objects
"""

from __future__ import annotations

import numpy as np

#: Overlap (intersection over union) from which on two boxes are one object.
SAME = 0.5


def objects(golden, faulty):
    """Critical where an object is missed, made up or elsewhere; tolerable where numbers differ."""
    wanted, found = _boxes(golden), _boxes(faulty)
    if len(wanted) != len(found):
        return "SDC", "critical number of objects"
    if any(max((_overlap(one, other) for other in found), default=0) < SAME for one in wanted):
        return "SDC", "critical place of an object"
    return "SDC", "tolerable"


def _boxes(answer):
    """Return the boxes that the second stage takes for a cup."""
    kept = answer["proposals.kept"]
    cups = (answer["boxes.scores"][:, 1] > answer["boxes.scores"][:, 0]) & (kept >= 0)
    inside = cups & (kept < len(answer["proposals.best"]))
    return answer["proposals.best"][kept[inside]]


def _overlap(one, other):
    both = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None).prod()
    areas = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()
    return both / max(areas - both, 1e-6)
