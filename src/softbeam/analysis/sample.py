"""From a campaign's results to counts with their design."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from softbeam.analysis.counts import Counts
from softbeam.analysis.design import Design, exposures
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.specification import CampaignSpecification
from softbeam.campaign.streams import requested
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord
from softbeam.network.hardening.rules import reports


def design_of(store: ResultsReader) -> Design:
    """Return how the injections of a store were drawn."""
    specification: CampaignSpecification = store.specification
    return Design(
        stratified=specification.sampling == "stratified",
        images=len(specification.inputs_sha256),
        weights=exposures(store.fault_space()),
        answers=store.facts().answers,
        reports=reports(specification.harden),
    )


def short_of(
    specification: CampaignSpecification, sizes: Iterable[FaultSpaceSize], made: int
) -> str:
    """Return " of M asked for" where fewer injections were made than asked for; else nothing.

    A campaign that was stopped has fewer, and so has a part of one.  A margin asks for no number.
    """
    asked = sum(requested(specification, sizes).values())
    return f" of {asked:,} asked for" if made < asked else ""


def counts_of(store: ResultsReader, **more: Callable[[InjectionRecord], Hashable]) -> Counts:
    """Count the injections of a store, with their design; `more` as of :meth:`Counts.of`."""
    return Counts.of(store.records(), design_of(store), **more)
