"""Which judge a campaign has: what its answers are, and by which rule they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import CampaignError, JudgeError
from softbeam.injection.boxes import has_boxes
from softbeam.injection.choices import (
    FUNCTION,
    USUAL_BOXES,
    USUAL_JUDGE,
    BoxRule,
    JudgeChoices,
    MaskRule,
    TextRule,
    ValueRule,
    own_function,
)
from softbeam.injection.classification import Outcome
from softbeam.injection.detection import BoxJudge
from softbeam.injection.judges.base import Judge
from softbeam.injection.judges.classes import ClassJudge
from softbeam.injection.judges.functions import FunctionJudge, JudgeSource
from softbeam.injection.judges.masks import MaskJudge
from softbeam.injection.judges.texts import TextJudge
from softbeam.injection.judges.values import ValueJudge
from softbeam.network.plan import Plan

#: From the golden answer and another one, as bits, to how it ended.
Rule = Callable[[NDArray[np.uint32], NDArray[np.uint32]], Outcome]

_MAKERS: Mapping[str, Callable[[Plan, JudgeChoices], Judge]] = {
    "classes": lambda plan, choices: ClassJudge(plan),
    "boxes": lambda plan, choices: BoxJudge(plan, choices.boxes or USUAL_BOXES),
    "mask": lambda plan, choices: MaskJudge(plan, choices.mask or MaskRule()),
    "text": lambda plan, choices: TextJudge(plan, choices.text or TextRule()),
    "values": lambda plan, choices: ValueJudge(plan, choices.values or ValueRule()),
}

#: The options of each rule.
_OPTIONS = {
    "boxes": "--box-threshold, --box-overlap and --box-head",
    "mask": "--mask-overlap and --mask-threshold",
    "text": "--blank",
    "values": "--tolerance and --absolute-tolerance",
}


def usual_kind(plan: Plan) -> str:
    """Return what a network's, or a program's, answers are where nobody says it."""
    if not plan.native:
        return "values"
    return "boxes" if has_boxes(plan) else "classes"


def kind_of(plan: Plan, choices: JudgeChoices = USUAL_JUDGE) -> str:
    """Return what a network's answers are taken for.

    Returns
    -------
    str
        One of :data:`softbeam.injection.choices.KINDS`, or ``function``.
    """
    if own_function(choices.judge) is not None:
        return FUNCTION
    return choices.judge or usual_kind(plan)


def judge_for(
    plan: Plan, choices: JudgeChoices = USUAL_JUDGE, source: JudgeSource | None = None
) -> Judge:
    """Return who judges the answers of a network.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    choices : JudgeChoices
        What its answers are, and by which rule they are judged.
    source : JudgeSource, optional
        The file of a function of a user's own.

    Raises
    ------
    JudgeError
        If the function's file is not given, or cannot be used.
    """
    kind = kind_of(plan, choices)
    if kind != FUNCTION:
        return _MAKERS[kind](plan, choices)
    if source is None:
        raise JudgeError(
            f"the campaign was judged by {choices.judge}; give that file with --judge, as "
            "FILE.py:NAME"
        )
    return FunctionJudge(plan, source)


def check_rules(network: str, plan: Plan, choices: JudgeChoices) -> None:
    """Refuse options that are about answers of another kind.

    Raises
    ------
    CampaignError
        Naming them.
    """
    kind = kind_of(plan, choices)
    if choices.boxes is not None and kind != "boxes" and choices.judge is None:
        raise CampaignError(
            f"--box-threshold and --box-overlap are about detectors; {network} has no head that "
            "finds boxes; of an ONNX detector, give --judge boxes, too"
        )
    for name, options in _OPTIONS.items():
        if getattr(choices, name) is not None and name != kind:
            raise CampaignError(f"{options} are about --judge {name}; leave them out, or give it")
    head = (choices.boxes or BoxRule()).head
    if head is not None and has_boxes(plan):
        raise CampaignError(
            f"--box-head is about exported detectors; {network} has Darknet's heads, which say "
            "themselves how they write their boxes; leave it out"
        )
