"""What is known of what was struck: kept with the results, read back, absent from older files."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from support.results import SPECIFICATION, execute, reseal

from softbeam.campaign.results.facts import (
    Facts,
    InputFacts,
    LayerFacts,
    ScopeFacts,
    facts_of,
    sources,
    thumbnail,
)
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.scope import scope_facts, work_facts
from softbeam.errors import ResultsError
from softbeam.injection.classification import ranking
from softbeam.network.catalogue import load_network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.golden import open_golden_run
from softbeam.network.layers.joining import Route
from softbeam.sass.opcodes import OPCODES

if TYPE_CHECKING:
    from conftest import Prepared  # type: ignore[attr-defined]


def test_facts_of_a_network_of_ones_own(prepared: Prepared) -> None:
    workload, setup = prepared.workload, prepared.setup
    facts = facts_of(workload, setup, {"softbeam": "0"})
    assert (facts.network_file, facts.weights_file) == ("tiny.cfg", "tiny.weights")
    assert [one.file for one in facts.inputs] == ["image-0.png", "image-1.png"]
    assert facts.versions == {"softbeam": "0"}
    assert "scaled" in facts.preprocessing.lower()
    plan = workload.plan
    assert facts.layer_names == {layer.index: layer.title for layer in plan.layers}
    struck = Counter((one.layer, one.kernel) for one in plan.launches if not one.library)
    assert facts.launches == dict(struck)
    assert sum(kernel.launches for layer in facts.layers for kernel in layer.kernels) == len(
        plan.launches
    )
    for one, golden in zip(facts.inputs, setup.inputs, strict=True):
        scores = open_golden_run(plan, golden.golden).scores
        first, second = ranking(scores)[:2]
        assert one.golden is not None
        assert (one.golden.number, one.golden.second) == (first, second)
        assert one.golden.score == scores[first] == scores.max()
        assert one.golden.lead == float(scores[first]) - float(scores[second]) >= 0
        assert one.boxes is None
        assert one.thumbnail is not None
        assert Image.open(BytesIO(one.thumbnail)).size == (10, 10)


def test_the_scope_is_counted_in_executed_instructions(prepared: Prepared) -> None:
    setup, plan = prepared.setup, prepared.workload.plan
    whole = scope_facts(setup)
    executed = sum(
        int(profile.totals[:, 1].sum()) for one in setup.inputs for profile in one.profiles.values()
    )
    assert whole == ScopeFacts(executed=executed, in_scope=executed)
    products = {launch.kernel for launch in plan.launches if launch.product is not None}
    assert products

    def part(**scope: tuple[str, ...]) -> ScopeFacts:
        specification = setup.specification.model_copy(update=scope)
        return scope_facts(replace(setup, specification=specification))

    fills, other = part(kernels=("fill",)), part(kernels=tuple(sorted(products)))
    assert fills.executed == other.executed == executed
    assert 0 < fills.in_scope < other.in_scope < executed
    assert fills.share == fills.in_scope / executed
    groups = sorted({opcode.group for opcode in OPCODES.values()})
    assert sum(part(groups=(group,)).in_scope for group in groups) == executed


def test_work_is_counted_over_all_launches_and_inputs(prepared: Prepared) -> None:
    setup = prepared.setup
    found = work_facts(setup)
    profiles = [profile for one in setup.inputs for profile in one.profiles.values()]
    assert sum(one.instructions for one in found) == sum(
        int(profile.totals[:, 0].sum()) for profile in profiles
    )
    assert sum(one.executed for one in found) == scope_facts(setup).executed
    assert sum(one.launches for one in found) == len(setup.inputs[0].profiles)
    # Of each kernel that was counted, and no more rows than there are launches.
    plan = setup.plan
    places = {
        (plan.launches[number].layer, plan.launches[number].kernel)
        for number in setup.inputs[0].profiles
    }
    assert {(one.layer, one.kernel) for one in found} == places
    single = work_facts(replace(setup, inputs=setup.inputs[:1]))
    for both, one in zip(found, single, strict=True):
        assert both.touched == len(setup.inputs) * one.touched
        assert both.warps == one.warps


def test_multiply_adds_of_a_library_are_at_least_as_many_instructions(prepared: Prepared) -> None:
    setup, network = prepared.setup, prepared.workload.network
    plan = network.plan(WorkloadChoices(gemm="library"))
    kept = [
        replace(
            one,
            profiles={
                number: profile
                for number, profile in one.profiles.items()
                if not plan.launches[number].library
            },
        )
        for one in setup.inputs
    ]
    found = scope_facts(replace(setup, plan=plan, inputs=tuple(kept)))
    products = [launch.product for launch in plan.launches if launch.library]
    assert found.left_out == 2 * sum(one.m * one.n * one.k for one in products if one is not None)
    assert found.in_scope == found.executed
    assert found.share == found.executed / (found.executed + found.left_out) < 1


def test_facts_come_back_and_move_no_id(prepared: Prepared, tmp_path: Path) -> None:
    facts = facts_of(prepared.workload, prepared.setup, {})
    with ResultsStore.create(tmp_path, SPECIFICATION, {}) as store:
        assert store.facts() == Facts()
        store.keep_facts(facts)
        # The newest facts take the place of what was known before.
        store.keep_facts(facts.model_copy(update={"network_file": "other.cfg"}))
    with ResultsReader.open(tmp_path) as reader:
        assert reader.facts() == facts.model_copy(update={"network_file": "other.cfg"})
        assert reader.specification.campaign_id == SPECIFICATION.campaign_id


def test_facts_of_a_later_softbeam_are_left_out(tmp_path: Path) -> None:
    with ResultsStore.create(tmp_path, SPECIFICATION, {}) as store:
        store.keep_facts(Facts(layers=(LayerFacts(number=0, name="conv"),)))
    execute(tmp_path, "INSERT INTO facts VALUES ('weather', '{\"weather\": \"fine\"}')")
    reseal(tmp_path)
    with ResultsReader.open(tmp_path) as reader:
        assert reader.facts().layer_names == {0: "conv"}


@pytest.mark.parametrize(
    "value", ["", "[]", "{", '{"layers": 5}', '{"layers": [{"number": "x"}]}', "[" * 100_000]
)
def test_facts_that_cannot_be_read_are_damage(tmp_path: Path, value: str) -> None:
    with ResultsStore.create(tmp_path, SPECIFICATION, {}) as store:
        store.keep_facts(Facts())
    execute(tmp_path, f"UPDATE facts SET value = '{value}' WHERE name = 'layers'")
    reseal(tmp_path)
    with (
        ResultsReader.open(tmp_path) as reader,
        pytest.raises(ResultsError, match="the fact layers cannot be read"),
    ):
        reader.facts()


def test_thumbnail_shows_the_input_in_small() -> None:
    image = np.zeros((3, 300, 200), dtype=np.float32)
    image[0, :150] = 1.0
    data = thumbnail(image.reshape(-1), (3, 300, 200))
    assert data is not None
    picture = Image.open(BytesIO(data))
    assert picture.size == (64, 96)
    assert picture.getpixel((32, 10)) == (255, 0, 0)
    assert picture.getpixel((32, 90)) == (0, 0, 0)
    assert (
        InputFacts.model_validate_json(
            InputFacts(number=0, file="a.png", thumbnail=data).model_dump_json()
        ).thumbnail
        == data
    )
    # Grey, values beyond 0 and 1, and what is no picture.
    grey = thumbnail(np.linspace(-2, 2, 16, dtype=np.float32), (1, 4, 4))
    assert grey is not None
    shown = np.asarray(Image.open(BytesIO(grey)))
    assert (shown.min(), shown.max()) == (0, 255)
    assert thumbnail(np.zeros(20, dtype=np.float32), (5, 2, 2)) is None
    assert thumbnail(np.full(4, np.nan, dtype=np.float32), (1, 2, 2)) is None


def test_a_chain_of_layers_feeds_the_next(prepared: Prepared) -> None:
    plan = prepared.workload.plan
    takes = sources(plan)
    launching = [layer.index for layer in plan.layers if layer.index in takes]
    for before, layer in pairwise([-1, *launching]):
        assert before in takes[layer]


def test_branches_are_told_by_what_is_read() -> None:
    network = load_network("googlenet")
    plan = network.plan(WorkloadChoices())
    takes = sources(plan)
    routes = [layer for layer in plan.layers if isinstance(layer, Route)]
    assert len(routes) > 30
    for route in routes:
        assert set(takes[route.index]) == {source for source, _ in route.sources}
    others = [layer.index for layer in plan.layers if layer not in routes and layer.index in takes]
    # Nothing is read that an own or another launch has written over, such as the workspace.
    assert all(len(takes[layer]) == 1 for layer in others)


def test_results_of_before_sources_were_kept_know_none() -> None:
    old = Facts.of_rows([("layers", '{"layers":[{"number":0,"name":"conv","kernels":[]}]}')])
    assert old.layers[0].takes is None
