"""A campaign's results, read once and ready to be analysed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.factors import Item
from softbeam.analysis.hardening.techniques import Work, work_of
from softbeam.analysis.sample import design_of
from softbeam.campaign.results.facts import Facts
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.specification import CampaignSpecification
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.record import InjectionRecord

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Results:
    """Everything that a campaign's folder holds.

    Attributes
    ----------
    specification : CampaignSpecification
        What was injected into what.
    records : tuple of InjectionRecord
        The injections, by mode, model, stratum and index.
    design : Design
        How they were drawn.
    sizes : tuple of FaultSpaceSize
        The sizes of the fault space.
    sessions : tuple of mapping of str to str
        What computed them.
    notes : tuple of str
        Remarks.
    classes : tuple of str
        Names of the classes, empty where they are not known.
    layers : mapping of int to str
        Names of the layers by number, empty where they are not known.
    facts : Facts
        What is known of what was struck: files, layers with their launches, inputs with their
        fault-free answers.  Results of schema 1 have names only.
    inferences : tuple of InferenceRecord
        Inferences with several faults, by mode, model, load and index.
    """

    specification: CampaignSpecification
    records: tuple[InjectionRecord, ...] = field(repr=False)
    design: Design = field(repr=False)
    sizes: tuple[FaultSpaceSize, ...] = field(repr=False)
    sessions: tuple[Mapping[str, str], ...] = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    classes: tuple[str, ...] = field(default=(), repr=False)
    layers: Mapping[int, str] = field(default_factory=dict, repr=False)
    facts: Facts = field(default_factory=Facts, repr=False)
    inferences: tuple[InferenceRecord, ...] = field(default=(), repr=False)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Results:
        """Read a campaign's folder.

        Parameters
        ----------
        folder : path
            The campaign's folder, or its results file.

        Raises
        ------
        ResultsError
            If there are no results, or they cannot be read.
        """
        with ResultsReader.open(Path(folder)) as store:
            facts = store.facts()
            return cls(
                specification=store.specification,
                records=tuple(store.records()),
                design=design_of(store),
                sizes=store.fault_space(),
                sessions=store.sessions(),
                notes=store.notes(),
                classes=facts.classes or _class_names(store.specification.network),
                layers=facts.layer_names,
                facts=facts,
                inferences=tuple(store.inferences()),
            )

    @cached_property
    def counts(self) -> Counts:
        """How many injections fell where and ended how."""
        return Counts.of(self.records, self.design)

    def of(self, stream: Stream) -> tuple[InjectionRecord, ...]:
        """Return the injections of one stream."""
        return tuple(record for record in self.records if (record.mode, record.model) == stream)

    def work(self) -> dict[Item, Work]:
        """Return what each kernel in each layer executes; empty if it is not known."""
        return work_of(self.sizes, self.launches)

    @cached_property
    def launches(self) -> Mapping[Item, int]:
        """Launches of each kernel in each layer, a library's left out; empty if not known."""
        known = {Item(*place): number for place, number in self.facts.launches.items()}
        return known or _launches(self.specification)

    def injections(self) -> DataFrame:
        """Return all injections as a pandas DataFrame, a row each; see ``docs/results.md``.

        Raises
        ------
        ResultsError
            If pandas is not installed.
        """
        from softbeam.analysis.export import frame

        return frame(self.records)

    @property
    def seed(self) -> int:
        """A number that is the campaign's own, for what is drawn in analysing it."""
        return int(self.specification.campaign_id[:16], 16)


def _class_names(network: str) -> tuple[str, ...]:
    """Return the names of classes of a network that is one of softbeam's."""
    from softbeam.network.catalogue import NETWORKS, load_network

    if network not in NETWORKS:
        return ()
    return load_network(network).classes or ()


def load(folder: str | os.PathLike[str]) -> Results:
    """Read a campaign's folder, such as ``runs/extraction``.

    Raises
    ------
    ResultsError
        If there are no results, or they cannot be read.
    """
    return Results.load(folder)


def _launches(specification: CampaignSpecification) -> dict[Item, int]:
    """Return the launches that an older file does not tell, where the network is softbeam's."""
    from softbeam.network.catalogue import NETWORKS, load_network

    if specification.network not in NETWORKS:
        return {}
    plan = load_network(specification.network).plan(specification)
    launches: dict[Item, int] = {}
    for launch in plan.launches:
        if not launch.library:
            item = Item(launch.layer, launch.kernel)
            launches[item] = launches.get(item, 0) + 1
    return launches
