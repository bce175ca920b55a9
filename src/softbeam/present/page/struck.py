"""What was struck, as the head of a page: the model, its pictures, its answers without a fault."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from softbeam.analysis.results import Results
from softbeam.campaign.results.facts import GoldenClass, InputFacts
from softbeam.campaign.specification import CampaignSpecification
from softbeam.injection.choices import KINDS, RULES
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
    if specification.judge is not None:
        found.append(("judge", judge_in_words(specification)))
    found.append(("kernels", KERNELS))
    return Struck(tuple(found), tuple(map(_picture, known.inputs[:SHOWN])))


def judge_in_words(specification: CampaignSpecification) -> str:
    """Return who judged the answers, and by which rule, of a campaign that says so."""
    judge = specification.judge or ""
    if specification.judge_sha256 is not None:
        return f"{visible(judge)}, of a file with the SHA-256 {specification.judge_sha256[:12]}"
    rule = getattr(specification, judge, None) or RULES.get(judge)
    values = ", ".join(f"{name} {value}" for name, value in rule or () if value is not None)
    return f"{judge}: {KINDS[judge]}" + (f" ({values})" if values else "")


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
    told = "" if one.golden is None else golden_answer(one.golden)
    if told and one.golden is not None and one.label is not None and one.label != one.golden.number:
        told += f"; right is {_class(one.label, one.label_name)}"
    return told


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
