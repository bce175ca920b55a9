"""The decision in sentences: what to harden, what it costs, how certain that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from softbeam.analysis.factors import By, Item
from softbeam.analysis.hardening.advice import Advice
from softbeam.analysis.hardening.stability import DECIDED, LEAST_DAMAGE
from softbeam.campaign.specification import CampaignSpecification
from softbeam.present.digits import between, exact, part
from softbeam.present.words import items, stream_order

#: Damage in words.
DAMAGE_TITLES = {"critical": "critical SDCs", "sdc": "SDCs", "due": "DUEs"}

#: What an item is, in words.
ITEM_TITLES = {
    By.LAYER: "layers",
    By.KERNEL: "kernels",
    By.LAYER_AND_KERNEL: "kernels in layers",
}

#: Items that a sentence names; a table holds them all.
NAMED = 10

#: A set that costs such a share of what hardening everything costs is called nearly everything,
#: and one that holds such a share of the items in which damage was seen is called nearly all.
NEARLY = 0.75


def named(code: Sequence[Item]) -> str:
    """Return items as a sentence names them: at most ten, and how many more there are."""
    if len(code) <= NAMED:
        return items(code)
    return f"{items(code[:NAMED])}; and {len(code) - NAMED:,} more"


def model(advice: Advice, specification: CampaignSpecification) -> str:
    """Return the cost model of an advice's technique in words."""
    technique = advice.technique
    left_out = ""
    if specification.gemm == "library":
        left_out = (
            "Matrix products, a library's, are in neither number: on the whole inference the cost "
            "is a smaller share. "
        )
    return (
        f"The cost model of {technique.title}: every instruction {technique.repeats} more "
        f"time{'s' * (technique.repeats != 1)} and {technique.per_store} instructions for each "
        f"stored word, as a share of all dynamic thread-instructions of the kernels in scope. "
        f"{technique.basis} {left_out}Instructions are not time: a kernel that waits for memory, "
        "or is so short that its launch takes longer, costs another share of time than this."
    )


def seen(advice: Advice) -> str:
    """Return the damage that was seen and in how many injections, as a noun."""
    return (
        f"{advice.damage.place.size:,} {DAMAGE_TITLES[advice.of]} seen in "
        f"{sum(advice.damage.sizes):,} injections{_weighing(advice)}"
    )


def _weighing(advice: Advice) -> str:
    if len(advice.damage.streams) == 1:
        return ""
    streams = sorted(advice.damage.streams, key=stream_order)
    names = ", ".join(f"{one.mode.upper()} {one.model}" for one in streams)
    return f" ({names}, each weighing the same)"


def by_share(advice: Advice, members: Sequence[int]) -> list[Item]:
    """Return items by their share of the damage, the largest first."""
    values = advice.damage.values()
    return advice.items(sorted(members, key=lambda item: (-float(values[item]), item)))


def chosen(advice: Advice) -> str:
    """Return how many of the items are to be hardened, such as ``24 of 156 kernels in layers``."""
    return (
        f"{len(advice.answer.members):,} of {len(advice.damage.items):,} {ITEM_TITLES[advice.by]}"
    )


def nearly_everything(advice: Advice) -> str:
    """Return a sentence where the set is next to everything; else nothing.

    It is that by its cost, or by holding nearly every item in which damage was seen, where these
    are so many that a list of them is no choice.
    """
    everything, members = sum(advice.costs), advice.answer.members
    damaged = int((advice.damage.injections() > 0).sum())
    if everything and advice.answer.cost >= NEARLY * everything and len(members) > 1:
        return (
            f"That is nearly everything: hardening all {len(advice.damage.items):,} costs "
            f"{part(everything)} %, this set {part(advice.answer.cost)} %."
        )
    if len(members) > NAMED and len(members) >= NEARLY * damaged:
        return (
            f"That is nearly everything in which any was seen, {len(members):,} of {damaged:,} "
            f"{ITEM_TITLES[advice.by]}: these injections do not single out a few."
        )
    return ""


def _more(more: int | None) -> str:
    """Return how many further injections would decide."""
    if more is None:
        return "More injections would not decide about all of them."
    return f"About {_rough(more):,} more injections would decide if shares are as seen."


def _rough(number: int) -> int:
    """Return a number with two digits that count, rounded up."""
    step = int(10 ** max(len(str(number)) - 2, 0))
    return -(-number // step) * step


def sentences(advice: Advice) -> Iterator[str]:
    """Yield the answer, what it costs, and how certain it is, sentence by sentence."""
    damage = DAMAGE_TITLES[advice.of]
    if not advice.enough:
        yield (
            f"There are only {advice.damage.place.size:,} {damage} in these "
            f"{sum(advice.damage.sizes):,} injections{_weighing(advice)}; with fewer than "
            f"{LEAST_DAMAGE} nothing can be said about what to harden."
        )
        return
    yield answer(advice)
    if nearly := nearly_everything(advice):
        yield nearly
    most = "at most " if advice.technique.partly or advice.of == "due" else ""
    low, high = advice.removes(advice.answer)
    yield (
        f"By {advice.technique.title}, this removes {most}{part(advice.answer.coverage)} % of "
        f"the {seen(advice)} and costs {part(advice.answer.cost)} % more instructions. Of all "
        f"{damage}, seen or not, it removes {between(low, high)} (95 % interval)."
    )
    yield from _certainty(advice)
    if advice.of == "due":
        yield (
            "At most: a wrong address can be found before it is used, a register index that does "
            "not exist cannot; it is taken to raise an illegal instruction whatever the software "
            "does."
        )
    if advice.aim.budget is None and advice.cheapest.cost < 0.995 * advice.answer.cost:
        yield (
            f"The cheapest set that holds the same share has {len(advice.cheapest.members):,} "
            f"members and costs {part(advice.cheapest.cost)} %: "
            f"{named(by_share(advice, advice.cheapest.members))}."
        )


def answer(advice: Advice) -> str:
    """Return which items to harden and why these, ten of them at most by name."""
    damage = DAMAGE_TITLES[advice.of]
    which = f"{chosen(advice)}: {named(by_share(advice, advice.answer.members))}"
    harden = f"Harden {which}."
    if not advice.certain():
        harden = (
            f"These injections do not decide what to harden against {damage}. By what was seen: "
            f"{which}."
        )
    if advice.aim.budget is None:
        wanted = f"{exact(advice.aim.share)} %"
        return f"{harden} No smaller set holds {wanted} of the {damage} seen."
    budget = f"{exact(advice.aim.budget)} %"
    return (
        f"{harden} Nothing else removes more of the {damage} seen for {budget} more instructions."
    )


def _certainty(advice: Advice) -> Iterator[str]:
    """Yield what the injections decide, what would decide the rest, and what to expect."""
    stability = advice.stability
    inside = set(advice.answer.members)
    certain = [item for item in stability.certain() if item in inside]
    undecided = stability.undecided()
    often = (
        f"in at least {100 * DECIDED:.0f} % of {stability.replicates:,} resamplings, even if one "
        "damaging injection was missed"
    )
    if certain:
        each = "each " if len(certain) > 1 else ""
        yield f"Certain: {named(by_share(advice, certain))}, {each}chosen {often}."
    else:
        yield f"Nothing is certain: nothing is chosen {often}."
    if undecided:
        yield (
            f"Undecided: {len(undecided):,} of {len(advice.damage.items):,}, "
            f"{named(by_share(advice, undecided))}. {_more(stability.more)}"
        )
    mean, low, high = stability.unseen
    if mean == mean:
        yield (
            "Tested on injections that were not used to choose, sets chosen like this one remove "
            f"{part(mean, 0)} % of the {DAMAGE_TITLES[advice.of]} (95 % interval: "
            f"{between(low, high)}). Expect that of the next injections."
        )
    others = [share for share in stability.other_inputs if share == share]
    if others:
        least = min(others)
        yield (
            "Of the damage of an input that was left out, sets that the other inputs give remove "
            f"{part(sum(others) / len(others), 0)} % on average over the {len(others)} inputs, "
            f"and {part(least, 0)} % at the least."
        )
