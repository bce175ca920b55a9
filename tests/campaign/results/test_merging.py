"""Parts of one campaign joined: every injection once, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from softbeam.campaign.choices import Target
from softbeam.campaign.results import store as store_module
from softbeam.campaign.results.facts import Facts, InputFacts, LayerFacts
from softbeam.campaign.results.merging import merge
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.errors import CampaignError, ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord

Make = Callable[..., InjectionRecord]
MakePart = Callable[..., Path]

SPACE = (FaultSpaceSize(0, "rf", 0, "fill", 300), FaultSpaceSize(0, "iov", 0, "fill", 100))


def streams(**wanted: int) -> tuple[StreamRequest, ...]:
    return tuple(
        StreamRequest(mode=mode, model="single-bit", injections=n)  # type: ignore[arg-type]
        for mode, n in wanted.items()
    )


@pytest.fixture
def make_part(
    tmp_path: Path, specified: Callable[..., CampaignSpecification]
) -> Callable[..., Path]:
    """Return a function that writes a part: its name, records, fault space and specification."""

    def make(
        name: str,
        records: Iterable[InjectionRecord],
        space: Iterable[FaultSpaceSize] = SPACE,
        **options: Any,
    ) -> Path:
        folder = tmp_path / name
        with ResultsStore.create(folder, specified(**options), {"machine": name}) as store:
            store.add_fault_space(space)
            store.append(records)
        return folder

    return make


def rows(folder: Path) -> list[InjectionRecord]:
    with ResultsStore.open(folder) as store:
        return list(store.records())


def test_overlapping_parts_in_any_order(
    make_part: MakePart, make_record: Make, tmp_path: Path
) -> None:
    records = [
        make_record(mode=mode, index=n, largest_change=float("nan") if n == 4 else None)
        for mode in ("iov", "rf")
        for n in range(9)
    ]
    parts = [
        make_part("a", records[:7], streams=streams(iov=7)),
        make_part("b", records[3:15], SPACE[:1], streams=streams(iov=9, rf=6)),
        make_part("c", records[12:], SPACE[1:], streams=streams(rf=9)),
    ]
    for number, order in enumerate(permutations(parts)):
        out = tmp_path / f"joined-{number}"
        assert merge(order, out) == 18
        assert list(map(repr, rows(out))) == list(map(repr, records))
        with ResultsStore.open(out) as store:
            assert store.specification.streams == streams(iov=9, rf=9)
            assert set(store.fault_space()) == set(SPACE)
            # Who computed the parts is kept, and that they were joined.
            joining, *sessions = store.sessions()
            assert joining["joined"] == "3"
            assert [session["machine"] for session in sessions] == [part.name for part in order]
        assert [path.name for path in out.iterdir()] == ["results.sqlite"]
    # The parts are as they were.
    assert [len(rows(part)) for part in parts] == [7, 12, 6]


def test_more_records_than_are_written_at_a_time(
    make_part: MakePart,
    make_record: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_module, "BATCH", 4)
    records = [make_record(index=n) for n in range(11)]
    merge([make_part("a", records[::2]), make_part("b", records[1::2])], tmp_path / "out")
    assert rows(tmp_path / "out") == records


def test_notes_and_target_are_kept(make_part: MakePart, make_record: Make, tmp_path: Path) -> None:
    target = Target(margin=0.1)
    part = make_part("a", [make_record()], target=target)
    with ResultsStore.open(part) as store:
        store.note("a remark")
    merge([part, make_part("b", [make_record(index=1)])], tmp_path / "out")
    with ResultsStore.open(tmp_path / "out") as store:
        assert store.notes() == ("a remark",)
        assert store.specification.target == target


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"seed": 2}, "seed is 2, that one's 1"),
        ({"kernels": ("fill",), "seed": 2}, "kernels is 'fill', that one's not given"),
        ({"fault_semantics": "sassifi"}, "fault_semantics is 'sassifi', that one's 'hardware'"),
        ({"sampling": "stratified"}, "sampling is 'stratified', that one's 'uniform'"),
    ],
)
def test_another_campaign_is_refused_naming_the_first_field(
    make_part: MakePart,
    make_record: Make,
    tmp_path: Path,
    options: dict[str, Any],
    field: str,
) -> None:
    parts = [make_part("a", [make_record()]), make_part("b", [make_record(index=1)], **options)]
    with pytest.raises(CampaignError) as caught:
        merge(parts, tmp_path / "out")
    message = str(caught.value)
    assert f"{tmp_path / 'b'}" in message
    assert f"{tmp_path / 'a'}" in message
    assert message.endswith(field)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "change", [{"outcome": "SDC", "detail": "tolerable"}, {"pc": 0x20}, {"largest_change": 0.5}]
)
def test_a_part_that_disagrees_is_refused(
    make_part: MakePart, make_record: Make, tmp_path: Path, change: dict[str, Any]
) -> None:
    records = [make_record(index=n) for n in range(5)]
    other = [*records[:3], replace(records[3], **change)]
    with pytest.raises(CampaignError, match="injection rf single-bit 3 has different results"):
        merge([make_part("a", records), make_part("b", other)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parts_that_count_another_fault_space_are_refused(
    make_part: MakePart, make_record: Make, tmp_path: Path
) -> None:
    other = (SPACE[0], replace(SPACE[1], size=101))
    parts = [make_part("a", [make_record()]), make_part("b", [make_record()], other)]
    with pytest.raises(CampaignError, match=r"counts 101 places of iov in fill of layer 0, .* 100"):
        merge(parts, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_existing_results_are_not_touched(make_part: MakePart, make_record: Make) -> None:
    a, b = make_part("a", [make_record()]), make_part("b", [make_record(index=1)])
    for out in (a, b):
        with pytest.raises(ResultsError, match="exists already"):
            merge([a, b], out)
    assert (len(rows(a)), len(rows(b))) == (1, 1)
    assert [path.name for path in a.iterdir()] == ["results.sqlite"]


def test_a_part_without_results_is_named(
    make_part: MakePart, make_record: Make, tmp_path: Path
) -> None:
    with pytest.raises(ResultsError, match=f"no results in {tmp_path / 'nowhere'}"):
        merge([make_part("a", [make_record()]), tmp_path / "nowhere"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("existed", [False, True])
def test_a_merge_that_cannot_be_finished_leaves_nothing(
    make_part: MakePart,
    make_record: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    existed: bool,
) -> None:
    records = [make_record(index=n) for n in range(9)]
    part, out = make_part("a", records), tmp_path / "out"
    monkeypatch.setattr(store_module, "BATCH", 4)
    append, written = ResultsStore.append, []

    def fill_the_disk(store: ResultsStore, batch: list[InjectionRecord]) -> None:
        if written:
            raise ResultsError("the disk is full")
        written.append(append(store, batch))

    monkeypatch.setattr(ResultsStore, "append", fill_the_disk)
    if existed:
        out.mkdir()
    with pytest.raises(ResultsError, match="the disk is full"):
        merge([part], out)
    assert written
    assert out.exists() == existed
    assert list(tmp_path.rglob("*.new")) == []
    if existed:
        assert list(out.iterdir()) == []


def test_facts_come_along(make_part: MakePart, make_record: Make, tmp_path: Path) -> None:
    parts = [make_part(name, [make_record(index=n)]) for n, name in enumerate("abc")]
    layers = (LayerFacts(number=0, name="conv1"),)
    # One part was made by an older softbeam and knows names only, one knows nothing.
    whole = Facts(layers=layers, inputs=(InputFacts(number=0, file="a.png"),))
    for part, facts in zip(parts, (Facts(layers=layers), whole), strict=False):
        with ResultsStore.open(part) as store:
            store.keep_facts(facts)
    for some in permutations(parts):
        merge(some, tmp_path / some[0].name / some[1].name)
        with ResultsStore.open(tmp_path / some[0].name / some[1].name) as store:
            assert store.facts() == whole
