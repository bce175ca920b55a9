"""The section of a page about what hardening removed, and what it costs."""

from __future__ import annotations

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.beside import Beside
from softbeam.analysis.roofline import Gpu
from softbeam.present.blocks import Block, Section
from softbeam.present.relative_tables import (
    EVENT_TITLES,
    cost_places_table,
    costs_table,
    places_table,
    rates_table,
)
from softbeam.present.relative_words import ESTIMATE, READING, cost_words, removed, scope_words


def section(beside: Beside, gpu: Gpu | None = None) -> Section:
    """Return what a hardened network's campaign says beside the unhardened one's.

    Parameters
    ----------
    beside : Beside
        The two campaigns.
    gpu : Gpu, optional
        Whose time is estimated.
    """
    whole = beside.relative()
    said = tuple(removed(whole.rate(event), event) for event in EVENT_TITLES)
    blocks = [
        Block(answer=said[0], points=(*said[1:], *filter(None, [cost_words(beside, gpu)]))),
        Block(table=rates_table(beside)),
    ]
    if (costs := costs_table(beside, gpu)) is not None:
        blocks.append(Block(table=costs))
    if gpu is not None:
        architecture = beside.after.specification.architecture
        blocks.append(Block(text=ESTIMATE.format(source=gpu.source, architecture=architecture)))
    inner: list[Block] = []
    for by in By:
        for event in ("critical", "left"):
            name = f"relative-{event}-{by.value.replace(' ', '-')}"
            inner.append(Block(table=places_table(whole, event, by, name, by_damage=True)))
        costs = cost_places_table(beside, by, f"costs-{by.value.replace(' ', '-')}")
        if costs is not None:
            inner.append(Block(table=costs))
    before = beside.before.specification
    read = f"{READING} Unhardened: campaign {before.campaign_id[:12]}, seed {before.seed}."
    blocks += [
        Block(text=" ".join((read, *scope_words(beside)))),
        Block(inner=tuple(inner), folded="Rates and costs by layer and kernel"),
    ]
    return Section("beside", "Beside the unhardened network", tuple(blocks))
