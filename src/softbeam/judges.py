"""What a judge of one's own can build on: answers turned into masks, texts and boxes.

A judge is a function in a file of its own, named with ``--judge FILE.py:NAME``.  It gets the golden
answer and the one with the fault, each a dictionary from the names of the network's outputs to
float32 arrays, and returns an outcome and a detail::

    from softbeam.judges import greedy_text

    def reads(golden, faulty):
        before, after = (greedy_text(one["output"]) for one in (golden, faulty))
        return ("SDC", "critical text") if before != after else ("SDC", "same text")

class_mask
    The class of every pixel.
mask_overlap
    Mean intersection over union of two masks.
greedy_text
    The characters that scores mean, by greedy decoding of CTC.
exported_boxes
    Boxes of YOLOv5, YOLOv8 or YOLOv10 as rows: x, y, width, height, label, score.
overlaps
    Intersections over unions of boxes.
"""

from __future__ import annotations

from softbeam.injection.boxes import overlaps
from softbeam.injection.judges.heads import exported_boxes
from softbeam.injection.judges.masks import class_mask, mask_overlap
from softbeam.injection.judges.texts import greedy_text

__all__ = ["class_mask", "exported_boxes", "greedy_text", "mask_overlap", "overlaps"]
