"""What a user can choose of how an answer with a fault is judged beside the golden one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import field_validator

from softbeam.options import Choices, option

#: What an answer can be taken for, with what that means in a word or two.
KINDS = {
    "classes": "scores, the highest wins",
    "boxes": "detected objects",
    "mask": "a class for each pixel",
    "text": "characters, read by CTC",
    "values": "numbers with a tolerance",
}

#: The kind of an answer that a function of a user's own judges.
FUNCTION = "function"

_OWN = re.compile(r"(?P<file>.+\.py):(?P<function>[^\W\d]\w*)")

#: How exported detectors write their boxes, and what a row of each is.
HEADS = {
    "yolov5": "centre, size, objectness, classes",
    "yolov8": "centre, size, classes; boxes side by side",
    "yolov10": "two corners, score, class",
}

Head = Literal["yolov5", "yolov8", "yolov10"]


class BoxRule(Choices):
    """When a detector's boxes count, and when two are one object.

    Attributes
    ----------
    threshold : float
        Score that a box must exceed.
    overlap : float
        Intersection over union from which on two boxes are one object.
    head : str, optional
        How an exported detector writes its boxes, one of :data:`HEADS`; None of Darknet's.
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
    head: Head | None = option(
        None,
        flag="--box-head",
        key="box_head",
        help="ONNX detectors: how they write their boxes: "
        + "; ".join(f"{name} ({row})" for name, row in HEADS.items())
        + ".",
    )


class MaskRule(Choices):
    """When two masks are one.

    Attributes
    ----------
    overlap : float
        Least mean intersection over union of the classes of two masks that say the same.
    threshold : float
        What a pixel must exceed to be in a mask of one channel.
    """

    overlap: float = option(
        0.9,
        flag="--mask-overlap",
        key="mask_overlap",
        gt=0,
        le=1,
        help="Masks: mean overlap of their classes (intersection over union) below which an error "
        "is critical.",
    )
    threshold: float = option(
        0.5,
        flag="--mask-threshold",
        key="mask_threshold",
        allow_inf_nan=False,
        help="Masks of one channel: what a pixel in the mask exceeds; 0 where the model leaves "
        "the sigmoid out.",
    )


class TextRule(Choices):
    """How scores of characters become a text.

    Attributes
    ----------
    blank : int
        The class that stands for no character; counted from the last if negative.
    """

    blank: int = option(
        0, help="Texts: the class that stands for no character; -1 is the last one."
    )


class ValueRule(Choices):
    """How far a number may be off.

    Attributes
    ----------
    tolerance : float
        In parts of the golden value.
    absolute : float
        Besides, in the answer's own unit.
    """

    tolerance: float = option(
        0.01, ge=0, allow_inf_nan=False, help="Values: how far one may be off, in parts of it."
    )
    absolute: float = option(
        0.0,
        flag="--absolute-tolerance",
        key="absolute_tolerance",
        ge=0,
        allow_inf_nan=False,
        help="Values: how far one may be off besides, in its own unit.",
    )


class JudgeChoice(Choices):
    """Who judges.

    Attributes
    ----------
    judge : str or None
        One of :data:`KINDS`, or ``FILE.py:FUNCTION``; None: boxes of Darknet's detectors, and
        classes.
    """

    judge: str | None = option(
        None,
        metavar="|".join((*KINDS, "FILE.py:NAME")),
        help="What the answer is: "
        + "; ".join(f"{name} ({words})" for name, words in KINDS.items())
        + "; or a Python function of your own that tells how an answer with a fault ended; "
        "default: boxes of Darknet's detectors, else classes.",
    )

    @field_validator("judge")
    @classmethod
    def _is_known(cls, judge: str | None) -> str | None:
        if judge is not None and judge not in KINDS and not _OWN.fullmatch(judge):
            raise ValueError(f"give {', '.join(KINDS)}, or a function as FILE.py:NAME")
        return judge


class JudgeChoices(JudgeChoice):
    """Who judges an answer, and by which rule.

    Attributes
    ----------
    boxes, mask, text, values
        The rule of each kind of answer; None for its defaults.
    """

    boxes: BoxRule | None = None
    mask: MaskRule | None = None
    text: TextRule | None = None
    values: ValueRule | None = None


def own_function(judge: str | None) -> tuple[str, str] | None:
    """Return file and function of a judge of a user's own; None of one of softbeam's.

    Examples
    --------
    >>> own_function("here/judge.py:steering"), own_function("mask")
    (('here/judge.py', 'steering'), None)
    """
    found = _OWN.fullmatch(judge or "")
    return (found["file"], found["function"]) if found else None


#: How answers are judged where nothing else is said; by kind the rules that have options.
USUAL_BOXES = BoxRule()
USUAL_JUDGE = JudgeChoices()
RULES: Mapping[str, BoxRule | MaskRule | TextRule | ValueRule] = MappingProxyType(
    {"boxes": USUAL_BOXES, "mask": MaskRule(), "text": TextRule(), "values": ValueRule()}
)
