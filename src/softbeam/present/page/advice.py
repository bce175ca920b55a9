"""The section of the page that answers what to harden."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.advice import Advice, Aim, advise
from softbeam.analysis.hardening.techniques import TECHNIQUES
from softbeam.analysis.results import Results
from softbeam.present.advice_tables import front_table, item_table, part_table, summary_table
from softbeam.present.advice_words import DAMAGE_TITLES, ITEM_TITLES, model, sentences
from softbeam.present.blocks import Block, Section
from softbeam.present.figures import captions
from softbeam.present.figures.front import front_figure
from softbeam.present.figures.style import Figure
from softbeam.present.parts import Part

#: The share of the damage that the page's own advice removes.
COVERAGE = 0.9

NO_COSTS = (
    "These results do not say how much the kernels execute, so that costs are not known. Run "
    "softbeam campaign again with the same options: it adds what is missing."
)

NO_CODE = (
    "This campaign strikes no instruction, and what is weighed here is hardening code. What its "
    "faults do is below; memory is protected by codes that correct errors, and a broken unit by "
    "tests and by not using it."
)


def section(results: Results, parts: tuple[Part, ...], say: Callable[[str], None]) -> Section:
    """Return the section of the decision.

    Parameters
    ----------
    results : Results
        The campaign.
    parts : tuple of Part
        The parts of a deep network.
    say : callable
        Is told what is being worked out.
    """
    if not results.counts.of_code().n:
        return Section("harden", "What to harden", (Block(text=NO_CODE),))
    if not results.work():
        return Section("harden", "What to harden", (Block(text=NO_COSTS),))
    advices = list(_advices(results, say))
    first = _first(advices)
    said = list(sentences(first))
    blocks = [
        Block(answer=said[0]),
        Block(points=tuple(said[1:])),
        Block(table=summary_table(advices)),
        *_tables(first, results, parts),
    ]
    for advice in advices:
        if advice is not first:
            blocks.append(_folded(advice, results, parts))
    costs = Block(text=model(first, results.specification), folded="What the costs mean")
    return Section("harden", "What to harden", (*blocks, costs))


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
    """Yield the items, and of kernels in layers where they lie and what each cost buys."""
    if not advice.enough:
        return
    cells = advice.by is By.LAYER_AND_KERNEL
    if parts and cells:
        yield Block(table=part_table(advice, parts))
    yield Block(table=item_table(advice, results.layers))
    if cells:
        number = f"H{list(DAMAGE_TITLES).index(advice.of) + 1}"
        yield Block(figure=figure(advice, number))
        folded = f"Every cost and what it buys, as a table: {DAMAGE_TITLES[advice.of]}"
        yield Block(table=front_table(advice), folded=folded)


def _folded(advice: Advice, results: Results, parts: tuple[Part, ...]) -> Block:
    """Return what to harden of one kind of item against one kind of damage, folded."""
    return Block(
        folded=f"Which {ITEM_TITLES[advice.by]} against {DAMAGE_TITLES[advice.of]}",
        inner=(Block(points=tuple(sentences(advice))), *_tables(advice, results, parts)),
    )


def figure(advice: Advice, number: str) -> Figure:
    """Return the front as a figure."""
    damage, things = DAMAGE_TITLES[advice.of], ITEM_TITLES[advice.by]
    return front_figure(
        advice.front,
        advice.answer,
        f"figure-{number}-front-{advice.of}",
        f"Figure {number}. What {advice.technique.title} of {things} buys: {damage}",
        captions.FRONT,
        damage,
    )
