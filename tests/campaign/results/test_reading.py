"""Reading results: where they are looked for, what is said where they cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.results import execute, reseal

from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.store import ResultsStore
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import InjectionRecord

MakeRecord = Callable[..., InjectionRecord]


def test_file_itself_can_be_named(hundred: Path) -> None:
    with ResultsReader.open(hundred / FILE_NAME) as store:
        assert len(list(store.records())) == 100


def test_missing_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no-such-run"):
        ResultsReader.open(tmp_path / "no-such-run")


def test_a_session_that_cannot_be_read_is_damage(hundred: Path) -> None:
    execute(hundred, "UPDATE sessions SET environment = '[]'")
    with pytest.raises(ResultsError, match="rows of its table sessions are missing, added or"):
        ResultsReader.open(hundred)
    # Whoever also makes the digests fit gets no further.
    reseal(hundred)
    with ResultsReader.open(hundred) as store, pytest.raises(ResultsError, match="is damaged"):
        store.sessions()


def test_a_reader_sees_what_a_writer_adds(hundred: Path, make_record: MakeRecord) -> None:
    sizes = (FaultSpaceSize(0, "rf", 0, "im2col", 12345),)
    with ResultsReader.open(hundred) as reader, ResultsStore.open(hundred) as store:
        assert (reader.size(), reader.fault_space(), reader.notes()) == (100, (), ())
        store.append([make_record(index=100)])
        store.add_fault_space(sizes)
        store.note("seen")
        assert (reader.size(), reader.fault_space(), reader.notes()) == (101, sizes, ("seen",))
        assert reader.specification == store.specification
        assert list(reader.records()) == list(store.records())
        assert not hasattr(reader, "append")


def test_a_changed_fault_space_is_damage(hundred: Path) -> None:
    with ResultsStore.open(hundred) as store:
        store.add_fault_space([FaultSpaceSize(0, "rf", 0, "im2col", 12345)])
    execute(hundred, "UPDATE fault_space SET size = 12344")
    with pytest.raises(ResultsError, match="rows of its table fault_space are missing, added or"):
        ResultsReader.open(hundred)
    reseal(hundred)
    with (
        ResultsReader.open(hundred) as reader,
        pytest.raises(ResultsError, match="the row of fault space 0 rf 0 im2col is not as it was"),
    ):
        reader.fault_space()
