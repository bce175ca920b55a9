"""The decision in words: what to harden, what it costs, how certain that is."""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.analysis.advice import Advice, Aim, advise
from softbeam.analysis.factors import By
from softbeam.analysis.hardening import spread
from softbeam.analysis.results import Results
from softbeam.analysis.stability import DECIDED, LEAST_DAMAGE
from softbeam.analysis.techniques import TECHNIQUES
from softbeam.report import captions
from softbeam.report.blocks import Block, Section
from softbeam.report.front_figure import front_figure
from softbeam.report.style import Figure
from softbeam.report.table import Cell, Table, number
from softbeam.report.words import items

#: Damage in words.
DAMAGE_TITLES = {"critical": "critical SDCs", "sdc": "SDCs", "due": "DUEs"}

#: What an item is, in words.
ITEM_TITLES = {By.KERNEL: "kernels", By.LAYER_AND_KERNEL: "kernels in layers"}

#: The share of the damage that the page's own advice removes.
COVERAGE = 0.9


def section(results: Results) -> Section:
    """Return the section of the decision."""
    work = results.work()
    blocks = []
    if not work:
        blocks.append(
            Block(
                text="These results do not say how much the kernels execute, so that costs are "
                "not known. Run softbeam campaign again with the same options: it adds what is "
                "missing."
            )
        )
    both: list[Advice] = []
    for place, of in enumerate(DAMAGE_TITLES if work else (), start=1):
        both = [
            advise(
                results.records,
                results.design,
                work,
                of=of,
                by=by,
                technique=TECHNIQUES["duplication"],
                aim=Aim(coverage=COVERAGE),
                seed=results.seed,
            )
            for by in (By.KERNEL, By.LAYER_AND_KERNEL)
        ]
        damage = DAMAGE_TITLES[of]
        for advice in both:
            title = f"Which {ITEM_TITLES[advice.by]} against {damage}"
            blocks.append(Block(title=title, points=tuple(sentences(advice))))
            if advice.enough:
                fold = "" if advice.by is By.KERNEL else f"Every kernel in every layer: {damage}"
                blocks.append(Block(table=item_table(advice), folded=fold))
        cells = both[1]
        if cells.enough:
            blocks.append(Block(figure=figure(cells, f"H{place}")))
            blocks.append(
                Block(table=front_table(cells), folded=f"The whole front as a table: {damage}")
            )
    if both:
        blocks.append(Block(title="What the costs mean", text=model(both[0])))
    return Section("harden", "What to harden", tuple(blocks))


def model(advice: Advice) -> str:
    """Return the cost model of an advice's technique in words."""
    technique = advice.technique
    return (
        f"The cost model of {technique.title}: every instruction {technique.repeats} more "
        f"time{'s' * (technique.repeats != 1)} and {technique.per_store} instructions for each "
        f"stored word, as a share of all dynamic thread-instructions of the kernels in scope. "
        f"{technique.basis} GEMM, a library's, is in neither number: on the whole inference the "
        "cost is a smaller share. Instructions are not time: a kernel that waits for memory, or "
        "is so short that its launch takes longer, costs another share of time than this."
    )


def sentences(advice: Advice) -> Iterator[str]:
    """Yield the answer, what it costs, and how certain it is, sentence by sentence."""
    damage, things = DAMAGE_TITLES[advice.of], ITEM_TITLES[advice.by]
    seen = advice.damage.place.size
    weighing = ""
    if len(advice.damage.streams) > 1:
        names = ", ".join(f"{s.mode.upper()} {s.model}" for s in advice.damage.streams)
        weighing = f" ({names}, each weighing the same)"
    if not advice.enough:
        yield (
            f"There are only {seen} {damage} in these injections{weighing}; with fewer than "
            f"{LEAST_DAMAGE} nothing can be said about what to harden."
        )
        return
    answer = advice.answer
    chosen = f"{len(answer.members)} of {len(advice.damage.keys)} {things}"
    which = items(advice.keys(answer.members))
    of_all = f"the {seen:,} {damage} seen in {sum(advice.damage.sizes):,} injections{weighing}"
    if advice.aim.budget is None:
        wanted = f"{100 * (advice.aim.coverage or 1.0):.4g} %"
        yield f"Harden {chosen}: {which}. No fewer hold {wanted} of the {damage} seen."
    else:
        budget = f"{100 * advice.aim.budget:.4g} %"
        yield (
            f"Harden {chosen}: {which}. Nothing else removes more of the {damage} seen for "
            f"{budget} more instructions."
        )
    yield from _certainty(advice)
    most = "at most " if advice.technique.partly or advice.of == "due" else ""
    yield (
        f"By {advice.technique.title} that removes {most}{100 * answer.coverage:.1f} % of {of_all} "
        f"and costs {100 * answer.cost:.1f} % more instructions."
    )
    if advice.of == "due":
        yield (
            "At most: a wrong address can be found before it is used, a register index that does "
            "not exist cannot; it is taken to raise an illegal instruction whatever the software "
            "does."
        )
    if advice.aim.budget is None and advice.cheapest.cost < 0.995 * advice.answer.cost:
        yield (
            f"The cheapest set that holds the same share costs "
            f"{100 * advice.cheapest.cost:.1f} %: {items(advice.keys(advice.cheapest.members))}."
        )


def _certainty(advice: Advice) -> Iterator[str]:
    """Yield which of the set is certain, and what to expect of it on other injections."""
    stability = advice.stability
    certain, undecided = advice.certain(), advice.undecided()
    often = f"in at least {100 * DECIDED:.0f} % of {stability.replicates:,} resamplings"
    if not certain:
        yield f"Nothing is certain: nothing is chosen {often}."
    elif undecided:
        yield f"Certain of these, chosen {often}: {items(certain)}."
    else:
        yield f"The data decide about every one; chosen {often}: {items(certain)}."
    if undecided:
        yield f"The data cannot decide about {len(undecided)}: {items(undecided)}."
    mean, low, high = stability.unseen
    if mean == mean:
        yield (
            "Of damage that was not used to choose, sets chosen so remove "
            f"{100 * mean:.0f} % [{100 * low:.0f}, {100 * high:.0f}]: expect that of other "
            "injections, not what the set holds of these (bootstrap)."
        )
    others = [share for share in stability.other_inputs if share == share]
    if others:
        least = min(others)
        yield (
            "Of the damage of an input that was left out, sets that the other inputs give remove "
            f"{100 * sum(others) / len(others):.0f} % on average over the {len(others)} inputs, "
            f"and {100 * least:.0f} % at the least."
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _launches(own: int, of: int) -> Cell:
    if not own:
        return Cell("–")
    return number(own, f"{own:,} ({100 * own / of:.1f})")


def item_table(advice: Advice) -> Table:
    """Return a row for every item: its damage, its cost, how often it is chosen."""
    values, found = advice.damage.values(), advice.damage.injections()
    total = float(values.sum()) or 1.0
    stability = advice.stability
    launches = sum(advice.launches)
    rows = []
    for place, key in enumerate(advice.damage.keys):
        share = 100 * float(values[place]) / total
        low, high = 100 * stability.low[place], 100 * stability.high[place]
        label = [Cell(key.kernel or "")]
        if key.layer is not None:
            label.insert(0, number(key.layer, str(key.layer)))
        rows.append(
            (
                *label,
                number(int(found[place])),
                number(share, f"{share:.1f} [{low:.1f}, {high:.1f}]"),
                number(100 * advice.costs[place], f"{100 * advice.costs[place]:.2f}"),
                _launches(advice.launches[place], launches),
                Cell("yes" if place in advice.answer.members else "no"),
                number(100 * stability.chosen[place], f"{100 * stability.chosen[place]:.0f}"),
            )
        )
    names = ("kernel",) if advice.by is By.KERNEL else ("layer", "kernel")
    damage = DAMAGE_TITLES[advice.of]
    return Table(
        f"harden-{advice.of}-{'kernel' if advice.by is By.KERNEL else 'cell'}",
        f"{_capital(ITEM_TITLES[advice.by])} by their share of the {damage}, with 95 % intervals "
        "(bootstrap; Wilson's where none was seen); chosen: in so many % of the resamplings",
        (*names, f"{damage}, n", "share, %", "cost, %", "launches, %", "in the set", "chosen, %"),
        tuple(rows),
    )


def front_table(advice: Advice, steps: int = 100) -> Table:
    """Return the front, at most one set for each of so many steps of damage."""
    rows = tuple(
        (
            number(100 * one.coverage, f"{100 * one.coverage:.1f}"),
            number(100 * one.cost, f"{100 * one.cost:.2f}"),
            number(len(one.members)),
            Cell(items(advice.keys(one.members))),
        )
        for one in spread(advice.front, steps)
    )
    return Table(
        f"front-{advice.of}-{'kernel' if advice.by is By.KERNEL else 'cell'}",
        f"The cheapest set for each {100 // steps} % of the {DAMAGE_TITLES[advice.of]}; the front "
        f"has {len(advice.front)} sets in all (softbeam advise writes every one)",
        ("removed, %", "cost, %", "members", "which"),
        rows,
    )


def figure(advice: Advice, number_: str) -> Figure:
    """Return the front as a figure."""
    damage = DAMAGE_TITLES[advice.of]
    return front_figure(
        advice.front,
        advice.answer,
        f"figure-{number_}-front-{advice.of}",
        f"Figure {number_}. What {advice.technique.title} of kernels in layers buys: {damage}",
        captions.FRONT,
        damage,
    )
