"""The section of the page that answers what to harden."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.advice import Advice, Aim, advise
from softbeam.analysis.hardening.chain import ChainPicture, chain_picture
from softbeam.analysis.hardening.measured.answer import Answer
from softbeam.analysis.hardening.published import PUBLISHED, Published
from softbeam.analysis.hardening.techniques import TECHNIQUES
from softbeam.analysis.results import Results
from softbeam.campaign.effects.facts import Effects
from softbeam.present.advice_tables import (
    front_table,
    item_table,
    part_table,
    published_table,
    summary_table,
)
from softbeam.present.advice_words import DAMAGE_TITLES, ITEM_TITLES, model, sentences
from softbeam.present.blocks import Block, Section
from softbeam.present.chain import Chain, chain
from softbeam.present.figures import captions
from softbeam.present.figures.front import Measured, front_figure
from softbeam.present.figures.style import Figure
from softbeam.present.headline import facts, hardened_facts, hardened_headline, headline
from softbeam.present.page import measured
from softbeam.present.parts import Part

#: The share of the damage that the page's own advice removes.
COVERAGE = 0.9

NO_COSTS = (
    "These results do not say how much the kernels execute, so that costs are not known. Run "
    "softbeam campaign again with the same options: it adds what is missing."
)

HOW_TO_MEASURE = (
    "Until then this is weighed by a model of duplication alone. softbeam advise RUN --technique "
    "measured tries every technique on these very injections; a report made behind it opens with "
    "which technique to use where."
)

NO_CODE = (
    "This campaign strikes no instruction, and what is weighed here is hardening code. What its "
    "faults do is below; memory is protected by codes that correct errors, and a broken unit by "
    "tests and by not using it."
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What measured effects there are of a campaign's techniques.

    Attributes
    ----------
    effects : Effects or None
        Those that can answer.
    lacking : str
        Where there are none: why not, in a sentence; empty where there cannot be any.
    """

    effects: Effects | None = None
    lacking: str = ""


def section(
    results: Results,
    parts: tuple[Part, ...],
    say: Callable[[str], None],
    unhardened: Results | None = None,
    basis: Basis | None = None,
) -> Section:
    """Return the section of the decision: the network as a picture, the answer, what it rests on.

    Parameters
    ----------
    results : Results
        The campaign.
    parts : tuple of Part
        The parts of a deep network.
    say : callable
        Is told what is being worked out.
    unhardened : Results, optional
        Where the campaign is of a hardened network: that without hardening.
    basis : Basis, optional
        What was measured of techniques, on the network without hardening.
    """
    basis = basis or Basis()
    say("which layers do the damage")
    picture = chain_picture(results, unhardened, [part.layers for part in parts])
    if unhardened is not None and picture is not None:
        return _hardened(picture, results, unhardened, parts, say, basis)
    blocks = _decision(results, parts, say, picture, basis)
    return Section("harden", "What to harden", blocks)


def _decision(
    results: Results,
    parts: tuple[Part, ...],
    say: Callable[[str], None],
    picture: ChainPicture | None,
    basis: Basis,
) -> tuple[Block, ...]:
    """Return the blocks that say what to harden: by measured effects where there are any."""
    if basis.effects is None:
        return _modelled(results, parts, say, picture, basis.lacking)
    found = measured.answers(results, basis.effects, COVERAGE, say)
    shown: list[Block] = []
    if picture is not None:
        first = _shown_first(picture, found)
        shown.append(Block(chain=chain(picture, first, parts, measured.hardened(found))))
    published = Block(table=published_table(), folded="What others published")
    model = Block(
        folded="By a model of duplication alone",
        inner=_modelled(results, parts, say, None, published=False),
    )
    return (
        *shown,
        *measured.top(measured.first(found)),
        *measured.behind(found, results.layers),
        published,
        model,
    )


def _shown_first(picture: ChainPicture, found: Sequence[Answer]) -> str:
    """Return the kind of damage whose picture is shown first."""
    of = measured.first(found).of
    return of if of in picture.seen else "critical"


def _modelled(
    results: Results,
    parts: tuple[Part, ...],
    say: Callable[[str], None],
    picture: ChainPicture | None,
    lacking: str = "",
    *,
    published: bool = True,
) -> tuple[Block, ...]:
    """Return the blocks that say what to harden by a model of what duplication costs."""
    why_not = ""
    if not results.counts.of_code().n:
        why_not = NO_CODE
    elif not results.work():
        why_not = NO_COSTS
    if why_not:
        shown = () if picture is None else (Block(chain=_chain(picture, parts, ())),)
        return (*shown, Block(text=why_not))
    advices = list(_advices(results, say))
    first = _first(advices)
    shown = () if picture is None else (Block(chain=_chain(picture, parts, advices)),)
    top = [
        *shown,
        Block(answer=headline(first)),
        Block(facts=tuple(facts(first))),
        *(_front(one) for one in (first,) if one.enough and one.by is By.LAYER_AND_KERNEL),
        *([Block(text=f"{lacking} {HOW_TO_MEASURE}")] if lacking else []),
    ]
    others = [Block(table=published_table(), folded="What others published")]
    behind = [
        Block(points=tuple(sentences(first)), folded="The answer in full, and how certain it is"),
        Block(table=summary_table(advices), folded="The answers in short, against every damage"),
        *_tables(first, results, parts),
        *(_folded(advice, results, parts) for advice in advices if advice is not first),
        *(others if published else []),
        Block(text=model(first, results.specification), folded="What the costs mean"),
    ]
    return (*top, *behind)


def _hardened(
    picture: ChainPicture,
    results: Results,
    unhardened: Results,
    parts: tuple[Part, ...],
    say: Callable[[str], None],
    basis: Basis,
) -> Section:
    """Return the section of a hardened network beside the plain one: what hardening did."""
    advices = list(_advices(unhardened, say)) if unhardened.work() else []
    of = _first(advices).of if advices else "critical"
    blocks = [
        Block(chain=_chain(picture, parts, (), first=of)),
        Block(answer=hardened_headline(picture, of)),
        Block(facts=tuple(hardened_facts(picture))),
    ]
    cells = next((one for one in advices if one.of == of and one.by is By.LAYER_AND_KERNEL), None)
    point = _measured(picture, of)
    if basis.effects is not None:
        found = measured.answers(unhardened, basis.effects, COVERAGE, say, (of,))
        blocks += [
            Block(figure=measured.front(one, PUBLISHED, point)) for one in found if one.enough
        ]
    elif cells is not None and cells.enough:
        blocks.append(_front(cells, point))
    blocks.append(Block(table=published_table(), folded="What others published"))
    if results.work():
        rest = _modelled(results, parts, say, None, published=False)
        blocks.append(Block(inner=rest, folded="What of the rest to harden next"))
    return Section("harden", "What hardening did", tuple(blocks))


def _measured(picture: ChainPicture, of: str) -> Measured | None:
    """Return a hardened network as a point; None where it has no share or no cost."""
    if picture.hardened is None or picture.hardened.cost is None:
        return None
    left = picture.hardened.left[of]
    if not math.isfinite(left.estimate):
        return None
    return Measured(1.0 - left.estimate, 1.0 - left.high, 1.0 - left.low, picture.hardened.cost)


def _chain(
    picture: ChainPicture,
    parts: tuple[Part, ...],
    advices: Sequence[Advice],
    first: str = "",
) -> Chain:
    """Return the picture, in which the chosen kernels of each layer are named."""
    harden: dict[str, dict[int, str]] = {}
    for advice in advices:
        if advice.by is not By.LAYER_AND_KERNEL or not advice.enough:
            continue
        chosen: dict[int, list[str]] = {}
        for item in advice.items(sorted(advice.answer.members)):
            chosen.setdefault(item.layer or 0, []).append(item.kernel or "")
        harden[advice.of] = {layer: ", ".join(kernels) for layer, kernels in chosen.items()}
    if not first:
        first = next((of for of, seen in picture.seen.items() if seen), "critical")
        first = _first(list(advices)).of if advices else first
    return chain(picture, first, parts, harden)


def _front(advice: Advice, struck: Measured | None = None) -> Block:
    """Return the front of kernels in layers, with what others published."""
    return Block(figure=figure(advice, _number(advice), PUBLISHED, struck))


def _number(advice: Advice) -> str:
    return f"H{list(DAMAGE_TITLES).index(advice.of) + 1}"


def _advices(results: Results, say: Callable[[str], None]) -> Iterator[Advice]:
    """Yield what to harden against each damage: layers, kernels, and kernels in layers."""
    for of, damage in DAMAGE_TITLES.items():
        for by in (By.LAYER, By.KERNEL, By.LAYER_AND_KERNEL):
            say(f"which {ITEM_TITLES[by]} to harden against {damage}")
            yield advise(
                results.counts.of_code(),
                results.work(),
                of=of,
                by=by,
                technique=TECHNIQUES["duplication"],
                aim=Aim(coverage=COVERAGE),
                seed=results.seed,
            )


def _first(advices: list[Advice]) -> Advice:
    """Return what stands on top: kernels in layers against the worst damage that is enough."""
    cells = [advice for advice in advices if advice.by is By.LAYER_AND_KERNEL]
    return next((advice for advice in cells if advice.enough), cells[0])


def _tables(advice: Advice, results: Results, parts: tuple[Part, ...]) -> Iterator[Block]:
    """Yield the items, and of kernels in layers where they lie and what each cost buys, folded."""
    if not advice.enough:
        return
    cells = advice.by is By.LAYER_AND_KERNEL
    damage = DAMAGE_TITLES[advice.of]
    if parts and cells:
        folded = f"Which parts of the network against {damage}"
        yield Block(table=part_table(advice, parts), folded=folded)
    folded = f"Each of the {ITEM_TITLES[advice.by]} by its share of the {damage}"
    yield Block(table=item_table(advice, results.layers), folded=folded)
    if cells:
        folded = f"Every cost and what it buys, as a table: {damage}"
        yield Block(table=front_table(advice), folded=folded)


def _folded(advice: Advice, results: Results, parts: tuple[Part, ...]) -> Block:
    """Return what to harden of one kind of item against one kind of damage, folded."""
    drawn = advice.enough and advice.by is By.LAYER_AND_KERNEL
    front = (Block(figure=figure(advice, _number(advice))),) if drawn else ()
    return Block(
        folded=f"Which {ITEM_TITLES[advice.by]} against {DAMAGE_TITLES[advice.of]}",
        inner=(Block(points=tuple(sentences(advice))), *front, *_tables(advice, results, parts)),
    )


def figure(
    advice: Advice,
    number: str,
    published: Sequence[Published] = (),
    struck: Measured | None = None,
) -> Figure:
    """Return the front as a figure, with what others published and what was struck again."""
    damage, things = DAMAGE_TITLES[advice.of], ITEM_TITLES[advice.by]
    caption = captions.FRONT if struck is None else captions.MEASURED
    return front_figure(
        advice.front,
        advice.answer if struck is None else None,
        f"figure-{number}-front-{advice.of}",
        f"Figure {number}. What {advice.technique.title} of {things} buys: {damage}",
        caption + (captions.PUBLISHED if published else ""),
        damage,
        published=published,
        measured=struck,
    )
