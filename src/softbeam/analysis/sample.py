"""From a campaign's results to counts with their design."""

from __future__ import annotations

from softbeam.analysis.counts import Counts
from softbeam.analysis.design import Design, exposures
from softbeam.campaign.reading import ResultsReader
from softbeam.campaign.specification import CampaignSpecification


def design_of(store: ResultsReader) -> Design:
    """Return how the injections of a store were drawn."""
    specification: CampaignSpecification = store.specification
    return Design(
        stratified=specification.sampling == "stratified",
        images=len(specification.inputs_sha256),
        weights=exposures(store.fault_space()),
    )


def counts_of(store: ResultsReader) -> Counts:
    """Count the injections of a store, with their design."""
    return Counts.of(store.records(), design_of(store))
