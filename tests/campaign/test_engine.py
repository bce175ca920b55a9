"""The engine with made-up injections: what is missing is done, nothing done is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import results

from softbeam.campaign.engine import (
    WRITE_RECORDS,
    WRITE_SECONDS,
    CampaignEnd,
    Endings,
    NextRound,
    endings_of,
    missing,
    run_campaign,
)
from softbeam.campaign.results.reading import Ending
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import StreamRequest
from softbeam.campaign.streams import InjectionName, Part, StreamKey
from softbeam.campaign.workers import Failure
from softbeam.errors import ResultsError
from softbeam.injection.outcomes import DETAILS, OUTCOMES
from softbeam.injection.record import InjectionRecord

RF, IOV = StreamKey("rf", "single-bit"), StreamKey("iov", "random-value")

SPECIFICATION = results.SPECIFICATION.model_copy(
    update={
        "network": "tiny",
        "streams": (StreamRequest(mode="rf", model="single-bit", injections=10),),
    }
)

Make = Callable[..., InjectionRecord]


class Worker:
    """Makes up a record for each name, the same each time; remembers the names."""

    def __init__(
        self,
        make_record: Make,
        *,
        stop_after: int | None = None,
        broken: Iterable[InjectionName] = (),
        each: Callable[[], None] = lambda: None,
    ) -> None:
        self._make, self._stop_after, self._broken = make_record, stop_after, set(broken)
        self._each = each
        self.done: list[InjectionName] = []

    def record(self, name: InjectionName) -> InjectionRecord:
        outcome = OUTCOMES[name.index * 7 % 3]
        return self._make(
            mode=name.mode,
            model=name.model,
            stratum=name.stratum,
            index=name.index,
            outcome=outcome,
            detail=DETAILS[outcome][0],
            **({"kernel": name.stratum.partition("/")[2]} if name.stratum else {}),
        )

    def __call__(
        self, names: Iterable[InjectionName]
    ) -> Iterator[InjectionRecord | Failure[InjectionName]]:
        # Any order will do: the last one first.
        for name in reversed(list(names)):
            if self._stop_after is not None and len(self.done) >= self._stop_after:
                raise KeyboardInterrupt
            self.done.append(name)
            self._each()
            yield Failure(name, "broken") if name in self._broken else self.record(name)


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def still() -> float:
    return 0.0


def run(
    store: ResultsStore,
    counts: Mapping[StreamKey, int],
    worker: Worker,
    next_round: NextRound | None = None,
) -> CampaignEnd:
    return run_campaign(store, counts, worker, clock=still, next_round=next_round)


@pytest.fixture
def store(folder: Path) -> Iterator[ResultsStore]:
    """Return an empty store."""
    with ResultsStore.create(folder, SPECIFICATION) as made:
        yield made


def test_what_is_missing_is_done(store: ResultsStore, make_record: Make) -> None:
    worker = Worker(make_record)
    store.append(worker.record(InjectionName("rf", "single-bit", "", n)) for n in (0, 2, 3, 9))
    wanted = {RF: 5, IOV: 2}
    names = [InjectionName("iov", "random-value", "", n) for n in (0, 1)]
    names += [InjectionName("rf", "single-bit", "", n) for n in (1, 4)]
    assert sorted(missing(store, wanted)) == names
    assert run(store, wanted, worker) == CampaignEnd(4, (), wanted)
    assert sorted(worker.done) == names
    # Index 9 is kept, though nobody asks for it.
    assert store.done("rf", "single-bit") == {0, 1, 2, 3, 4, 9}
    assert run(store, wanted, worker) == CampaignEnd(0, (), wanted)
    assert len(worker.done) == 4


def test_streams_take_turns(store: ResultsStore) -> None:
    wanted = {RF: 400, IOV: 200}
    names = missing(store, wanted)
    assert len(set(names)) == len(names) == 600
    for stop in range(0, 600, 30):
        begun = [name.mode for name in names[:stop]]
        assert abs(begun.count("rf") - 2 * begun.count("iov")) <= 2
    own = [name.index for name in names if name.mode == "rf"]
    assert own == sorted(own)


def test_a_part_is_every_nth_injection(store: ResultsStore, make_record: Make) -> None:
    seen: list[tuple[int, int]] = []
    for number in (3, 1):
        run_campaign(
            store,
            {RF: 8, IOV: 2},
            Worker(make_record),
            clock=still,
            part=Part(number, 3),
            next_round=until_sdc(10),
            progress=lambda done, of: seen.append((done, of)),
        )
    assert store.done("rf", "single-bit") == {0, 2, 3, 5, 6}
    assert store.done("iov", "random-value") == {0}
    assert (seen[0], seen[2], seen[3], seen[-1]) == ((0, 2), (2, 2), (0, 4), (4, 4))


def test_strata_are_streams_of_their_own(store: ResultsStore, make_record: Make) -> None:
    inner = StreamKey("rf", "single-bit", "0/fill")
    run(store, {RF: 2, inner: 3}, Worker(make_record))
    assert store.done("rf", "single-bit") == {0, 1}
    assert store.done("rf", "single-bit", "0/fill") == {0, 1, 2}


def test_progress_counts_what_was_done_before(store: ResultsStore, make_record: Make) -> None:
    run(store, {RF: 3}, Worker(make_record))
    seen: list[tuple[int, int]] = []
    run_campaign(
        store,
        {RF: 5},
        Worker(make_record),
        clock=still,
        progress=lambda done, of: seen.append((done, of)),
    )
    assert seen == [(3, 5), (4, 5), (5, 5)]


def test_an_interruption_keeps_every_record_that_was_yielded(
    store: ResultsStore, make_record: Make
) -> None:
    worker = Worker(make_record, stop_after=7)
    with pytest.raises(KeyboardInterrupt):
        run(store, {RF: 20}, worker)
    assert store.done("rf", "single-bit") == {name.index for name in worker.done}
    assert store.size() == 7


def test_records_are_written_every_second_or_every_few_hundred(
    store: ResultsStore, make_record: Make
) -> None:
    clock, sizes = Clock(), []

    def tick() -> None:
        clock.now += WRITE_SECONDS / 8

    run_campaign(
        store,
        {RF: 30},
        Worker(make_record, each=tick),
        clock=clock,
        progress=lambda done, of: sizes.append(store.size()),
    )
    # Eight injections a second: never more than eight in danger, and not a write for each.
    assert all(done - size <= 8 for done, size in enumerate(sizes))
    assert len(set(sizes)) == 4
    sizes.clear()
    run_campaign(
        store,
        {IOV: 2 * WRITE_RECORDS},
        Worker(make_record),
        clock=still,
        progress=lambda done, of: sizes.append(store.size() - 30),
    )
    assert sorted(set(sizes)) == [0, WRITE_RECORDS, 2 * WRITE_RECORDS]


def test_failures_have_no_row_are_noted_and_are_tried_again(
    store: ResultsStore, make_record: Make
) -> None:
    bad = InjectionName("rf", "single-bit", "", 3)
    end = run(store, {RF: 5}, Worker(make_record, broken=[bad]))
    assert end == CampaignEnd(4, (Failure(bad, "broken"),), {RF: 5})
    assert store.done("rf", "single-bit") == {0, 1, 2, 4}
    assert store.notes() == ("internal error, no result for rf single-bit 3: broken",)
    assert run(store, {RF: 5}, Worker(make_record)) == CampaignEnd(1, (), {RF: 5})
    assert store.done("rf", "single-bit") == {0, 1, 2, 3, 4}


def test_a_store_that_cannot_be_written_to_ends_the_campaign(
    store: ResultsStore, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(records: object) -> None:
        raise ResultsError("the disk is full")

    monkeypatch.setattr(store, "append", refuse)
    with pytest.raises(ResultsError, match="the disk is full"):
        run(store, {RF: 5}, Worker(make_record))
    assert store.size() == 0


def test_endings_are_counted_by_place_outcome_and_input(
    store: ResultsStore, make_record: Make
) -> None:
    places = [(0, "fill", "SDC", 0), (0, "fill", "SDC", 1), (0, "copy", "SDC", 0)]
    places += [(1, "fill", "SDC", 0), (0, "fill", "DUE", 0), (0, "fill", "SDC", 0)]
    store.append(
        make_record(
            index=index,
            layer=layer,
            kernel=kernel,
            outcome=outcome,
            detail=DETAILS[outcome][0],
            image=image,
        )
        for index, (layer, kernel, outcome, image) in enumerate(places)
    )
    found = endings_of(store, {RF: 6, IOV: 3})
    assert found == {RF: Counter(Ending(*place) for place in places), IOV: Counter()}
    # Only the first ones count.
    assert endings_of(store, {RF: 1}) == {RF: Counter([Ending(0, "fill", "SDC", 0)])}


def until_sdc(wanted: int) -> NextRound:
    """Return rounds that grow by half until so many SDCs were seen."""

    def next_round(counts: Mapping[StreamKey, int], endings: Endings) -> Mapping[StreamKey, int]:
        seen = sum(n for ending, n in endings[RF].items() if ending.outcome == "SDC")
        return counts if seen >= wanted else {RF: counts[RF] * 3 // 2}

    return next_round


def test_rounds_go_on_until_nothing_more_is_wanted(store: ResultsStore, make_record: Make) -> None:
    end = run(store, {RF: 4}, Worker(make_record), until_sdc(10))
    # 4, 6, 9, 13, 19, 28 injections, of which one in three ends as SDC.
    assert store.size() == end.injected == 28 + (28 // 3 < 10) * 14
    assert end.counts == {RF: store.size()}


@settings(max_examples=8)
@given(stops=st.lists(st.integers(1, 20), max_size=6))
def test_an_interrupted_campaign_takes_the_same_rounds(
    tmp_path_factory: pytest.TempPathFactory, make_record: Make, stops: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("rounds")
    with ResultsStore.create(folder, SPECIFICATION) as store:
        for stop in stops:
            try:
                run(store, {RF: 4}, Worker(make_record, stop_after=stop), until_sdc(10))
            except KeyboardInterrupt:
                continue
        run(store, {RF: 4}, Worker(make_record), until_sdc(10))
        assert store.done("rf", "single-bit") == set(range(42))


def test_a_longer_stream_does_not_change_the_rounds(store: ResultsStore, make_record: Make) -> None:
    # Injections that were made for another reason are not looked at before their turn.
    run(store, {RF: 25}, Worker(make_record))
    run(store, {RF: 4}, Worker(make_record), until_sdc(10))
    assert store.done("rf", "single-bit") == set(range(42))


def test_no_round_follows_one_with_failures(store: ResultsStore, make_record: Make) -> None:
    bad = InjectionName("rf", "single-bit", "", 0)
    end = run(store, {RF: 4}, Worker(make_record, broken=[bad]), until_sdc(10))
    assert (end.injected, len(end.failures)) == (3, 1)
