from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import results
from support.hardened_runs import AFTER, BEFORE, write_run

from softbeam.analysis.factors import Item
from softbeam.analysis.hardening.beside import ALIKE, Beside, difference
from softbeam.analysis.results import Results
from softbeam.analysis.roofline import GPUS
from softbeam.campaign.specification import CampaignSpecification
from softbeam.errors import CampaignError
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

BOTH = (("rf", "single-bit"), ("iov", "random-value"))


def test_what_hardening_changes_is_no_difference() -> None:
    first = results.SPECIFICATION
    second = first.model_copy(
        update={
            "plan_sha256": "a" * 64,
            "kernels_sha256": "b" * 64,
            "seed": 9,
            "sampling": "stratified",
        }
    )
    assert difference(first, second) is None


def test_a_scope_of_kernels_goes_by_the_kernels_that_are_hardened() -> None:
    first = results.SPECIFICATION.model_copy(update={"kernels": ("copy", "maxpool")})
    second = first.model_copy(update={"kernels": ("copy+bounds", "maxpool+range")})
    assert difference(first, second) is None
    other = first.model_copy(update={"kernels": ("copy",)})
    found = difference(first, other)
    assert found is not None
    assert found.field == "kernels"


def test_all_that_has_to_agree_is_a_field() -> None:
    assert set(ALIKE) <= set(CampaignSpecification.model_fields)


def test_streams_of_one_campaign_alone_are_left_out(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    before = Results.load(write_run(tmp_path / "before", make_record, BEFORE))
    after = Results.load(write_run(tmp_path / "after", make_record, AFTER, BOTH))
    beside = Beside(before, after)
    assert [one.mode for one in beside.streams] == ["rf"]
    assert [one.mode for one in beside.left_out] == ["iov"]
    assert beside.relative().rate("sdc").estimate == pytest.approx(0.9)
    assert beside.relative().n == (1000, 1000)


def test_costs_and_times_of_both(tmp_path: Path, make_record: MakeRecord) -> None:
    before = Results.load(write_run(tmp_path / "before", make_record, BEFORE))
    after = Results.load(write_run(tmp_path / "after", make_record, AFTER))
    first, second = (costs[Item()] for costs in Beside(before, after).costs())
    assert second.instructions / first.instructions == pytest.approx(1.8)
    times = Beside(before, after).times(GPUS["t4"])
    assert times is not None
    assert times[0].seconds < times[1].seconds
    unknown = Results.load(write_run(tmp_path / "old", make_record, BEFORE, counted=False))
    assert Beside(unknown, after).times(GPUS["t4"]) is None
    assert Beside(unknown, after).costs()[0] == {}


def test_another_network_is_refused(tmp_path: Path, make_record: MakeRecord) -> None:
    before = Results.load(write_run(tmp_path / "before", make_record, BEFORE))
    other = Results.load(write_run(tmp_path / "after", make_record, AFTER, architecture="sm_80"))
    with pytest.raises(CampaignError, match="architecture is 'sm_80' here and 'sm_90' in the"):
        Beside(before, other)


def test_what_is_compared_with_is_not_hardened(tmp_path: Path, make_record: MakeRecord) -> None:
    before = Results.load(write_run(tmp_path / "before", make_record, BEFORE))
    after = Results.load(write_run(tmp_path / "after", make_record, AFTER))
    hardened = before.specification.model_copy(update={"harden": "maxpool=range, " * 9})
    with pytest.raises(CampaignError, match=r"is hardened itself \(maxpool=range.*…\); give that"):
        Beside(replace(before, specification=hardened), after)
