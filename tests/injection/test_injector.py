"""From an injection's name to its record."""

from __future__ import annotations

import dataclasses

import pytest

from softbeam.injection.outcomes import DETAILS, OUTCOMES
from softbeam.injection.record import InjectionRecord


@pytest.fixture(scope="module")
def records(tiny) -> list[InjectionRecord]:
    injector = tiny.injector("records")
    streams = [("rf", "single-bit"), ("iov", "random-value"), ("ioa", "single-bit")]
    return [injector.inject(*stream, index) for stream in streams for index in range(150)]


def test_an_injection_depends_on_its_name_alone(tiny, records) -> None:
    again = tiny.injector("records")
    for record in reversed(records[::7]):
        assert again.inject(record.mode, record.model, record.index) == record


def test_every_record_is_of_its_place(tiny, records) -> None:
    for record in records:
        launch = tiny.plan.launches[record.launch]
        assert (record.layer, record.kernel) == (launch.layer, launch.kernel)
        assert record.arch == "sm_90"
        block = (record.block_x, record.block_y, record.block_z)
        assert all(0 <= at < size for at, size in zip(block, launch.grid, strict=True))
        assert 0 <= record.thread_x < 512
        assert record.thread_y == record.thread_z == 0
        program = tiny.device.launch(record.launch).program
        row = record.pc // 16
        assert program.function.instructions[row].name == record.opcode
        # The occurrence is one that some thread reaches.
        assert record.occurrence < tiny.profiles[record.launch].longest
        assert (record.target == "store_address") == (
            record.mode == "ioa" and bool(program.stores[row])
        )


def test_every_record_has_one_outcome_and_what_belongs_to_it(records) -> None:
    assert {record.outcome for record in records} == set(OUTCOMES)
    for record in records:
        assert record.detail in DETAILS[record.outcome]
        if record.outcome == "DUE" or record.detail in ("never read", "overwritten"):
            assert not record.propagated
            assert record.changed_words == 0
        if record.outcome == "SDC":
            assert record.propagated
            assert record.changed_words > 0
        assert (record.outcome == "SDC") == (record.largest_change is not None)
        if record.detail == "dead":
            assert record.changed_words > 0
            assert not record.propagated
        if record.mode != "rf":
            assert record.detail not in ("never read", "overwritten")
        assert record.instructions > 0


def test_values_are_those_of_the_model(records) -> None:
    for record in records:
        if record.target == "store_address":
            assert record.before is None
            assert record.after is None
            assert record.register is None
            assert 0 <= record.bit < 64
        elif record.model == "random-value":
            assert record.bit is None
            assert 0 <= record.after < 1 << 32
        else:
            assert record.before ^ record.after == 1 << record.bit
        if record.target == "destination_index":
            assert record.before == record.register


def test_a_stratum_is_one_kernel_of_one_layer(tiny) -> None:
    injector = tiny.injector("strata")
    for index in range(20):
        record = injector.inject("iov", "single-bit", index, "2/normalize")
        assert (record.layer, record.kernel, record.stratum) == (2, "normalize", "2/normalize")
    space = injector.space("iov", "2/normalize")
    assert space.size == sum(
        size
        for launch, size in injector.space("iov").sizes().items()
        if (tiny.plan.launches[launch].layer, tiny.plan.launches[launch].kernel) == (2, "normalize")
    )


def test_peers_rules_for_addresses_that_do_not_exist(make_example) -> None:
    # Without products, in which a lost result can lead to an illegal instruction later on.
    tiny = make_example("tiny", gemm="library")
    ours, theirs = tiny.injector("peers"), tiny.injector("peers", semantics="sassifi")
    seen = set()
    for index in range(150):
        mine = ours.inject("ioa", "single-bit", index)
        sassifis = theirs.inject("ioa", "single-bit", index)
        same = ("launch", "block_x", "thread_x", "pc", "occurrence", "register", "bit")
        assert all(getattr(mine, name) == getattr(sassifis, name) for name in same)
        if mine.target == "store_address" and mine.bit > 31:
            # The store is lost: only the words that it would have written can differ.
            assert sassifis.outcome != "DUE"
            assert sassifis.changed_words <= 1
            seen.add("store")
        elif mine.detail == "illegal instruction":
            assert sassifis.detail != "illegal instruction"
            seen.add("index")
        else:
            assert dataclasses.replace(mine, instructions=0) == dataclasses.replace(
                sassifis, instructions=0
            ) or (mine.bit == 31 and mine.target == "store_address")
    assert seen == {"store", "index"}
