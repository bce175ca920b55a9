"""What was struck, as the head of a page: the model, its pictures, its answers without a fault."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from softbeam.analysis.results import Results
from softbeam.campaign.results.facts import GoldenClass, InputFacts
from softbeam.text import visible

#: Pictures that the head of a page shows; of more inputs the others are only counted.
SHOWN = 8

KERNELS = (
    "softbeam's own CUDA kernels, in the form of Darknet's. They are not the kernels of TensorRT, "
    "cuDNN or PyTorch, which have other instructions and so other factors."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An input: its thumbnail as the address of an image, empty where there is none; its words."""

    source: str
    file: str
    answer: str


@dataclass(frozen=True, slots=True)
class Struck:
    """What was struck: names and values, and the pictures."""

    facts: tuple[tuple[str, str], ...]
    pictures: tuple[Picture, ...]


def struck(results: Results) -> Struck:
    """Return what was struck, as far as the results know it."""
    known, specification = results.facts, results.specification
    own = f"{visible(specification.network)}, as softbeam brings it"
    found = []
    if known.layers:
        found.append(("model", visible(known.network_file) if known.network_file else own))
    if known.weights_file:
        found.append(("weights", visible(known.weights_file)))
    number = len(specification.inputs_sha256)
    if number > 1:
        more = number - min(len(known.inputs), SHOWN)
        rest = f", {more:,} of them not shown" if known.inputs and more else ""
        found.append(("inputs", f"{number:,}{rest}"))
    if known.preprocessing:
        found.append(("preprocessing", visible(known.preprocessing)))
    found.append(("kernels", KERNELS))
    return Struck(tuple(found), tuple(map(_picture, known.inputs[:SHOWN])))


def _picture(one: InputFacts) -> Picture:
    source = ""
    if one.thumbnail is not None:
        source = f"data:image/png;base64,{base64.b64encode(one.thumbnail).decode()}"
    return Picture(source, visible(one.file), _answer(one))


def _answer(one: InputFacts) -> str:
    if one.boxes is not None:
        return f"without a fault: {one.boxes:,} box{'es' * (one.boxes != 1)}"
    if one.answer:
        return f"without a fault: {visible(one.answer)}"
    return "" if one.golden is None else golden_answer(one.golden)


def golden_answer(golden: GoldenClass) -> str:
    """Return the fault-free answer in words, with its lead over the second.

    Examples
    --------
    >>> golden_answer(GoldenClass(number=3, name="cat", score=0.8, second=5, lead=0.7))
    'without a fault: cat (class 3), score 0.8, which is 0.7 above the second, class 5'
    """
    first = _class(golden.number, golden.name)
    second = _class(golden.second, golden.second_name)
    return (
        f"without a fault: {first}, score {golden.score:.4g}, which is {golden.lead:.3g} above the "
        f"second, {second}"
    )


def _class(number: int, name: str) -> str:
    return f"{visible(name)} (class {number})" if name else f"class {number}"
