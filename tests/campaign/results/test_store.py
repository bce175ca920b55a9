"""The store's contract, and what it must survive.

:class:`StoreContract` says what any store of injections must do; another kind of store is tested
by deriving from it.
"""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.results import SPECIFICATION

from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.store import ResultsStore, environment
from softbeam.campaign.specification import StreamRequest
from softbeam.errors import CampaignError, ResultsError
from softbeam.injection.outcomes import DETAILS, OUTCOMES
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]

int64 = st.integers(-(2**63), 2**63 - 1)
word = st.none() | st.integers(0, 2**64 - 1)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@st.composite
def records(draw: st.DrawFn) -> InjectionRecord:
    outcome = draw(st.sampled_from(OUTCOMES))
    layer, kernel = draw(st.integers(0, 2**63 - 1)), draw(text)
    return InjectionRecord(
        index=draw(st.integers(0, 2**63 - 1)),
        mode=draw(st.sampled_from(["rf", "iov", "ioa"])),
        model=draw(st.sampled_from(["single-bit", "random-value"])),
        stratum=draw(st.sampled_from(["", f"{layer}/{kernel}"])),
        layer=layer,
        kernel=kernel,
        arch=draw(text),
        opcode=draw(text),
        target=draw(text),
        outcome=outcome,
        detail=draw(st.sampled_from(DETAILS[outcome])),
        before=draw(word),
        after=draw(word),
        register=draw(st.none() | int64),
        bit=draw(st.none() | int64),
        top1=draw(st.none() | int64),
        propagated=draw(st.booleans()),
        not_finite=draw(st.booleans()),
        largest_change=draw(st.none() | st.floats()),
        **{
            name: draw(int64)
            for name in (
                *("image", "launch", "block_x", "block_y", "block_z"),
                *("thread_x", "thread_y", "thread_z", "pc", "occurrence"),
                *("changed_words", "unrecorded", "instructions"),
            )
        },
    )


batches = st.lists(
    records(), max_size=6, unique_by=lambda one: (one.mode, one.model, one.stratum, one.index)
)


def key(record: InjectionRecord) -> tuple[str, str, str, int]:
    return record.mode, record.model, record.stratum, record.index


batches = st.lists(records(), max_size=6, unique_by=key)


def bits(record: InjectionRecord) -> InjectionRecord:
    """Return a record whose float can be compared bit for bit."""
    change = record.largest_change
    return replace(record, largest_change=None if change is None else struct.pack("<d", change))  # type: ignore[arg-type]


class StoreContract:
    """What every store of injections must do; derive and define `make` and `again`."""

    @pytest.fixture
    def make(self) -> Callable[[], Any]:
        """Return a function that makes another empty store of SPECIFICATION, open for writing."""
        raise NotImplementedError

    @pytest.fixture
    def again(self) -> Callable[[Any], Any]:
        """Return a function that closes a store and opens it anew."""
        raise NotImplementedError

    def test_new_store_is_empty(self, make: Callable[[], Any]) -> None:
        store = make()
        assert list(store.records()) == []
        assert store.done("rf", "single-bit") == set()
        assert store.specification == SPECIFICATION

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
    @given(batch=batches)
    def test_records_come_back_to_the_last_bit(
        self, make: Callable[[], Any], again: Callable[[Any], Any], batch: list[InjectionRecord]
    ) -> None:
        store = make()
        store.append(batch)
        found = [bits(record) for record in again(store).records()]
        assert found == [bits(record) for record in sorted(batch, key=key)]
        assert [type(record.propagated) for record in found] == [bool] * len(found)

    def test_records_are_ordered_however_they_were_added(
        self, make: Callable[[], Any], make_record: MakeRecord
    ) -> None:
        store = make()
        added = [
            make_record(mode=mode, model=model, index=index)
            for index in (11, 2, 30, 0)
            for mode in ("rf", "iov")
            for model in ("single-bit", "double-bit")
        ]
        store.append(added[:7])
        store.append(added[7:])
        assert [key(record) for record in store.records()] == sorted(map(key, added))

    def test_done_is_of_one_stream(self, make: Callable[[], Any], make_record: MakeRecord) -> None:
        store = make()
        store.append([make_record(index=3), make_record(index=5), make_record(index=4, mode="iov")])
        assert store.done("rf", "single-bit") == {3, 5}
        assert store.done("iov", "single-bit") == {4}
        assert store.done("ioa", "single-bit") == set()

    def test_batch_is_added_wholly_or_not_at_all(
        self, make: Callable[[], Any], again: Callable[[Any], Any], make_record: MakeRecord
    ) -> None:
        store = make()
        store.append([make_record(index=0)])
        with pytest.raises(ResultsError):
            store.append([make_record(index=1), make_record(index=0, pc=8)])
        assert list(again(store).records()) == [make_record(index=0)]

    def test_failed_batch_can_be_followed_by_another(
        self, make: Callable[[], Any], make_record: MakeRecord
    ) -> None:
        store = make()
        with pytest.raises(ResultsError):
            store.append([make_record(index=1), make_record(index=1)])
        store.append([make_record(index=1)])
        assert store.done("rf", "single-bit") == {1}

    def test_interrupted_batch_leaves_nothing(
        self, make: Callable[[], Any], make_record: MakeRecord
    ) -> None:
        def interrupted() -> Iterator[InjectionRecord]:
            yield make_record(index=0)
            raise KeyboardInterrupt

        store = make()
        with pytest.raises(KeyboardInterrupt):
            store.append(interrupted())
        assert list(store.records()) == []

    def test_more_records_than_are_read_at_once(
        self, make: Callable[[], Any], make_record: MakeRecord
    ) -> None:
        store = make()
        store.append(make_record(index=index) for index in range(10_000))
        assert [record.index for record in store.records()] == list(range(10_000))

    def test_records_can_be_added_while_others_are_read(
        self, make: Callable[[], Any], make_record: MakeRecord
    ) -> None:
        store = make()
        store.append([make_record(index=0), make_record(index=1)])
        reading = store.records()
        next(reading)
        store.append([make_record(index=2)])
        assert store.done("rf", "single-bit") == {0, 1, 2}

    def test_notes_are_kept(self, make: Callable[[], Any], again: Callable[[Any], Any]) -> None:
        store = make()
        store.note("golden run checked")
        store.note("machine moved")
        assert again(store).notes() == ("golden run checked", "machine moved")


class TestResultsStore(StoreContract):
    @pytest.fixture
    def make(self) -> Iterator[Callable[[], ResultsStore]]:
        with tempfile.TemporaryDirectory() as folder:
            made: list[ResultsStore] = []

            def create() -> ResultsStore:
                made.append(ResultsStore.create(Path(folder) / str(len(made)), SPECIFICATION, {}))
                return made[-1]

            yield create
            for store in made:
                store.close()

    @pytest.fixture
    def again(self) -> Iterator[Callable[[ResultsStore], ResultsStore]]:
        opened: list[ResultsStore] = []

        def reopen(store: ResultsStore) -> ResultsStore:
            store.close()
            opened.append(ResultsStore.open(store.path.parent))
            return opened[-1]

        yield reopen
        for store in opened:
            store.close()


@pytest.fixture
def folder(tmp_path: Path, make_record: MakeRecord) -> Path:
    """Return the folder of a campaign with a hundred injections."""
    with ResultsStore.create(tmp_path / "run", SPECIFICATION, {}) as store:
        store.append(make_record(index=index) for index in range(100))
    return tmp_path / "run"


def test_campaign_is_continued(folder: Path, make_record: MakeRecord) -> None:
    more = SPECIFICATION.model_copy(
        update={"streams": (StreamRequest(mode="iov", model="random-value", injections=7),)}
    )
    with ResultsStore.resume(folder, more, {"machine": "other"}) as store:
        assert store.done("rf", "single-bit") == set(range(100))
        store.append([make_record(index=100)])
        asked = store.specification
    with ResultsStore.open(folder) as store:
        assert store.specification == asked
        assert {(stream.mode, stream.injections) for stream in asked.streams} == {
            ("rf", 1000),
            ("iov", 7),
        }
        assert len(list(store.records())) == 101
        assert [session.get("machine") for session in store.sessions()] == [None, "other"]


def test_campaign_that_is_new_is_made(tmp_path: Path) -> None:
    with ResultsStore.resume(tmp_path / "a" / "b", SPECIFICATION) as store:
        assert store.specification == SPECIFICATION
        (session,) = store.sessions()
    assert session == {"softbeam": session["softbeam"], **environment()}


def test_other_campaign_is_not_continued(folder: Path) -> None:
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(CampaignError, match="seed is 1, this one's 2"):
        ResultsStore.resume(folder, SPECIFICATION.model_copy(update={"seed": 2}))
    assert (folder / FILE_NAME).read_bytes() == before


def test_full_disk_leaves_what_was_there(folder: Path, make_record: MakeRecord) -> None:
    with ResultsStore.open(folder) as store:
        # SQLite's own limit of pages fails as a full disk does, with SQLITE_FULL.
        store._connection.set_authorizer(None)
        store._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(ResultsError, match=r"cannot write .* full .* room"):
            store.append(make_record(index=index) for index in range(100, 5000))
        assert len(list(store.records())) == 100
    with ResultsStore.open(folder) as store:
        assert len(list(store.records())) == 100


def test_write_that_the_system_refuses_leaves_what_was_there(
    folder: Path, tmp_path: Path, make_record: MakeRecord
) -> None:
    resource = pytest.importorskip("resource")
    size = (folder / FILE_NAME).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ResultsStore.open(folder) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(ResultsError, match=f"cannot write .*{FILE_NAME}"):
                store.append(make_record(index=index) for index in range(100, 5000))
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
            with pytest.raises(ResultsError, match=f"cannot create .*{FILE_NAME}"):
                ResultsStore.create(tmp_path / "new", SPECIFICATION)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "new").iterdir()) == []
    with ResultsStore.open(folder) as store:
        assert len(list(store.records())) == 100


@pytest.mark.slow
def test_kill_loses_no_batch_that_was_appended(tmp_path: Path) -> None:
    writer = textwrap.dedent(
        """
        import sys
        from dataclasses import replace
        from pathlib import Path
        from softbeam.campaign.specification import CampaignSpecification
        from softbeam.campaign.results.store import ResultsStore
        from softbeam.injection.record import InjectionRecord

        names = {"mode": "rf", "model": "single-bit", "outcome": "Masked", "kernel": "fill"}
        names["detail"] = "absorbed"
        names |= {name: "" for name in ("stratum", "arch", "opcode", "target")}
        record = InjectionRecord(**{
            field: names.get(field, 0) for field in InjectionRecord.__dataclass_fields__
        } | {"largest_change": 1.0})
        specification = CampaignSpecification.from_json(sys.stdin.readline())
        with ResultsStore.resume(Path(sys.argv[1]), specification) as store:
            first = len(store.done("rf", "single-bit"))
            while True:
                store.append(replace(record, index=first + number) for number in range(20))
                first += 20
                print(first, flush=True)
        """
    )
    promised = 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", writer, str(tmp_path / "run")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(SPECIFICATION.model_dump_json() + "\n")
            process.stdin.close()
            for _ in range(5):
                promised = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
            for line in process.stdout.read().splitlines():
                promised = int(line)
        with ResultsStore.open(tmp_path / "run") as store:
            found = [record.index for record in store.records()]
        assert found == list(range(len(found)))
        assert promised <= len(found) <= promised + 20
        assert len(found) % 20 == 0
