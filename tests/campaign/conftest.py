"""A tiny campaign, prepared once: golden run, profile, injections that are really made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.networks import NetworkFiles
from support.results import SPECIFICATION

from softbeam.campaign.choices import CampaignChoices
from softbeam.campaign.preparation import prepare
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.setup import InjectorSetup, specify
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.injection.record import InjectionRecord
from softbeam.network.workload import Workload, load_workload

STREAMS = (
    StreamRequest(mode="rf", model="single-bit", injections=40),
    StreamRequest(mode="iov", model="random-value", injections=40),
    StreamRequest(mode="ioa", model="single-bit", injections=40),
)


@dataclass(frozen=True)
class Prepared:
    """A campaign that is ready to inject."""

    workload: Workload
    specification: CampaignSpecification
    setup: InjectorSetup

    def another(self, name: str) -> InjectorSetup:
        """Return the same campaign with another seed, and so with another id."""
        specification = self.specification.model_copy(update={"seed": ord(name)})
        return replace(self.setup, specification=specification)


@pytest.fixture(scope="session")
def workload(network_files: NetworkFiles) -> Workload:
    """Return the tiny network with two inputs."""
    return load_workload(
        str(network_files.cfg), weights=network_files.weights, images=network_files.images[:2]
    )


@pytest.fixture(scope="session")
def prepared(workload: Workload, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Return a campaign of three streams on it."""
    specification = specify(workload, CampaignChoices(), STREAMS)
    folder = tmp_path_factory.mktemp("prepared")
    setup = prepare(workload, specification, folder, folder / "profiles")
    return Prepared(workload, specification, setup)


@pytest.fixture
def specified(workload: Workload) -> Callable[..., CampaignSpecification]:
    """Return a function that specifies another campaign on the tiny network."""

    def make(**options: Any) -> CampaignSpecification:
        apart = {n: options.pop(n) for n in ("sampling", "target") if n in options}
        streams = options.pop("streams", STREAMS)
        return specify(workload, CampaignChoices(**options), streams, **apart)

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for results that does not exist yet."""
    return tmp_path / "runs" / "one"


@pytest.fixture
def hundred(tmp_path: Path, make_record: Callable[..., InjectionRecord]) -> Path:
    """Return the folder of a campaign with a hundred injections."""
    with ResultsStore.create(tmp_path / "run", SPECIFICATION, {}) as store:
        store.append(make_record(index=index) for index in range(100))
    return tmp_path / "run"
