from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softbeam.analysis.design import Design
from softbeam.analysis.results import Results
from softbeam.injection.record import InjectionRecord
from softbeam.present.page.method import LIMITS, limits


@pytest.fixture
def plain(results: Results, make_record: Callable[..., InjectionRecord]) -> Results:
    """Return a campaign in which nothing is that has a limit of its own."""
    specification = results.specification.model_copy(update={"gemm": "struck"})
    records = (make_record(mode="rf"),)
    return replace(results, specification=specification, records=records, design=Design())


def test_every_campaign_has_the_limits_of_the_fault_model(plain: Results) -> None:
    *common, others = limits(plain)
    assert tuple(common) == LIMITS
    assert "does not have strike other things: ioa (instruction output address), iov" in others
    assert "permanent (permanent fault of a unit)" in others
    assert " rf (" not in others


def test_memory_and_units_have_limits_of_their_own(
    plain: Results, make_record: Callable[..., InjectionRecord]
) -> None:
    records = tuple(make_record(index=0, mode=mode) for mode in ("weights", "permanent"))
    (_, memory, units) = limits(replace(plain, records=records))[len(LIMITS) :]
    assert "drawn as a launch" in memory
    assert "block b is on multiprocessor b modulo their number" in units


def test_products_that_are_left_out_are_not_shown_to_be_safe(plain: Results) -> None:
    specification = plain.specification.model_copy(update={"gemm": "library"})
    (left_out,) = limits(replace(plain, specification=specification))[len(LIMITS) :]
    assert left_out.startswith("Matrix products are a library's here")


def test_what_no_recording_shows_is_counted(
    plain: Results, make_record: Callable[..., InjectionRecord]
) -> None:
    ended = {"mode": "ioa", "outcome": "DUE", "detail": "illegal instruction"}
    records = (
        make_record(index=0, target="destination_index", **ended),
        make_record(index=1, target="destination_index", **ended),
        # Not by the rule about indexes: a store has none.
        make_record(index=2, target="store_address", register=None, **ended),
        make_record(index=3, mode="ioa"),
        make_record(index=4, mode="rf", unrecorded=3),
    )
    campaign = replace(plain, records=records)
    (_, rule, memory) = limits(campaign)[len(LIMITS) :]
    assert "2 of the 4 IOA faults" in rule
    assert "1 of the 5 injections touched memory" in memory
    specification = campaign.specification.model_copy(update={"fault_semantics": "sassifi"})
    (_, memory_only) = limits(replace(campaign, specification=specification))[len(LIMITS) :]
    assert memory_only == memory


def test_strata_and_inputs_have_limits_too(plain: Results) -> None:
    (_, strata) = limits(replace(plain, design=Design(stratified=True)))[len(LIMITS) :]
    assert "stratified" in strata
    (_, inputs) = limits(replace(plain, design=Design(images=3)))[len(LIMITS) :]
    assert "inputs" in inputs
