"""Whether a network's answer, and its fault-free one, can be judged at all.

What does not mean what a judgement takes it for is refused before anything is struck: a number of
critical errors in an answer without meaning looks like any other number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import NetworkError
from softbeam.injection.boxes import has_boxes
from softbeam.injection.choices import FUNCTION, HEADS, USUAL_BOXES, USUAL_JUDGE, JudgeChoices
from softbeam.injection.judges.base import Judge
from softbeam.injection.judges.functions import FunctionJudge
from softbeam.injection.judges.heads import box_rows
from softbeam.injection.judging import check_rules, kind_of
from softbeam.network.buffers import output_buffers
from softbeam.network.catalogue import Network
from softbeam.network.golden import GoldenRun
from softbeam.network.layers import (
    ActivationLayer,
    AveragePool,
    Convolution,
    Dropout,
    Layer,
    MaxPool,
    Shape,
    Softmax,
    WindowPool,
)
from softbeam.network.plan import Answer, Plan

Floats = NDArray[np.float32]


def check_meaning(network: Network, plan: Plan, choices: JudgeChoices = USUAL_JUDGE) -> None:
    """Refuse a network whose answer cannot be what it is taken for.

    A list of scores has several channels of one pixel, such as ONNX's shapes (N), (1, N) and
    (1, N, 1, 1).  A map of several channels is none, even if the model writes its numbers one
    behind the other; of a single channel the pixels can be what is chosen from, such as the fields
    of a board.

    Raises
    ------
    NetworkError
        With the answer's shape.
    CampaignError
        If options are about answers of another kind.
    """
    check_rules(network.name, plan, choices)
    kind = kind_of(plan, choices)
    if kind == "boxes" and has_boxes(plan):
        return
    if kind in ("values", FUNCTION):
        return
    if len(plan.answers) > 1:
        listed = ", ".join(_described(one) for one in plan.answers)
        wanted = "a list of scores" if kind == "classes" else _WANTED[kind]
        raise NetworkError(
            f"{network.name} has {len(plan.answers)} outputs, not {wanted}; say with --output "
            f"which is its answer, or judge them together, with --judge values or a function of "
            f"your own: {listed}"
        )
    (answer,) = plan.answers
    if kind == "classes":
        _check_scores(network)
    elif kind == "boxes":
        _check_head(network, answer, choices)
    elif not _FITS[kind](answer.sides):
        raise NetworkError(
            f"the answer of {network.name} is {_described(answer)}, not {_WANTED[kind]}"
        )


_WANTED = {
    "boxes": "the boxes of a detector",
    "mask": "a mask: channels, height and width",
    "text": "a text: steps and classes",
}

#: Whether an answer of some sides can be a mask, or a text.
_FITS: Mapping[str, Callable[[tuple[int, ...]], bool]] = {
    "mask": lambda sides: (
        len(sides) > 1 and min(sides[-2:]) > 1 and sum(side != 1 for side in sides[:-2]) <= 1
    ),
    "text": lambda sides: (
        1 < len(sides) < 4 and sides[-1] > 1 and sum(side != 1 for side in sides[:-1]) <= 1
    ),
}


def _described(answer: Answer) -> str:
    sides = "x".join(map(str, answer.sides)) or "one number"
    return f"{answer.name!r} ({sides})"


def _check_head(network: Network, answer: Answer, choices: JudgeChoices) -> None:
    head = (choices.boxes or USUAL_BOXES).head
    if head is None:
        raise NetworkError(
            f"the answer of {network.name} is {_described(answer)}; say with --box-head how its "
            f"boxes are written: {', '.join(HEADS)}"
        )
    box_rows(np.empty(answer.sides, dtype=np.bool_), head)


def _check_scores(network: Network) -> None:
    channels, height, width = network.answer_shape
    if height == width == 1 and channels > 1:
        channels, height, width = _map_of(network.layers)
        if height == width == 1 or channels == 1:
            return
    shape = "one number" if channels == height == width == 1 else f"{channels}x{height}x{width}"
    raise NetworkError(
        f"the answer of {network.name} is {shape}, not a list of scores of which the highest is "
        "the class; say with --judge what it is"
    )


def _map_of(layers: tuple[Layer, ...]) -> Shape:
    """Return the channels, height and width of what a convolution or pool answers, if one does."""
    for layer in reversed(layers):
        if isinstance(layer, Convolution | MaxPool | AveragePool | WindowPool):
            return layer.output_shape
        if not isinstance(layer, Softmax | ActivationLayer | Dropout):
            break
    return 1, 1, 1


def check_fault_free(golden: GoldenRun, judge: Judge | None = None) -> None:
    """Refuse a fault-free answer that is not finite, or in which nothing stands out.

    Parameters
    ----------
    golden : GoldenRun
        The golden run.
    judge : Judge, optional
        Who judges.  A user's own function is asked once, about the answer and itself, so that it
        fails before anything is struck; what the numbers of its answers may be is its affair, but
        for NaN.

    Raises
    ------
    NetworkError
        Naming the first layer whose output is so.
    JudgeError
        If the function fails.
    """
    name, scores = golden.plan.network, golden.scores
    if _unfit(scores):
        raise NetworkError(
            f"the fault-free answer of {name} holds NaN or infinity, first {_first(golden, _unfit)}"
            "; give weights and an input that it can compute with"
        )
    if isinstance(judge, FunctionJudge):
        judge.ask(golden.answer, golden.answer)
    elif _alike(scores):
        raise NetworkError(
            f"the fault-free answer of {name} is {scores[0]:g} in all its {len(scores):,} numbers, "
            f"which are all alike first {_first(golden, _alike)}; give the network's own weights, "
            "or another input"
        )


def _unfit(numbers: Floats) -> bool:
    return not bool(np.isfinite(numbers).all())


def _alike(numbers: Floats) -> bool:
    return len(numbers) > 1 and bool((numbers == numbers[0]).all())


def _first(golden: GoldenRun, is_so: Callable[[Floats], bool]) -> str:
    """Return where the numbers are so first: in the input, or in a layer's output or weights."""
    plan, end = golden.plan, len(golden.plan.launches)

    def holds(buffer: str, launch: int) -> bool:
        return is_so(golden.view(buffer, launch).view(np.float32))

    if is_so is _unfit and holds(plan.input, 0):
        return "in the input"
    for layer, output in zip(plan.layers, output_buffers(plan.layers), strict=True):
        if holds(output, end):
            found = [one for one in layer.trained if holds(f"{layer.index}.{one}", 0)]
            so = f", as are its {' and '.join(found)}" if found else ""
            return f"in the output of layer {layer.name}{so}"
    return "in the answer"
