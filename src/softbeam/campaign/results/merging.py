"""Joining parts of one campaign that were made on several machines."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import reduce
from itertools import groupby
from pathlib import Path

from softbeam.campaign.results.database import errors
from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.results.reading import ResultsReader
from softbeam.campaign.results.schema import stored_columns
from softbeam.campaign.results.store import ResultsStore, environment
from softbeam.campaign.specification import first_difference, merged
from softbeam.campaign.streams import InferenceName, InjectionName
from softbeam.errors import CampaignError, ResultsError
from softbeam.files import whole_path
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.record import InjectionRecord


def merge(parts: Sequence[Path], out: Path) -> int:
    """Join the results of parts of a campaign in a new folder.

    Parameters
    ----------
    parts : sequence of Path
        Folders of the parts; the same injection may be in several, if it is identical there.
    out : Path
        The new folder.

    Returns
    -------
    int
        Injections and inferences in the joined results.

    Raises
    ------
    CampaignError
        If the parts are of different campaigns, naming the first field that differs, or disagree
        about an injection or a fault space; nothing is left in `out` then.
    ResultsError
        If a part cannot be read, or `out` holds results already.
    """
    with ExitStack() as stack:
        stores = [stack.enter_context(ResultsReader.open(part)) for part in parts]
        first = stores[0]
        for other in stores[1:]:
            difference = first_difference(first.specification, other.specification)
            if difference is not None:
                expected, found = difference.values
                raise CampaignError(
                    f"{other.path} is of another campaign than {first.path}: its "
                    f"{difference.named} is {found}, that one's {expected}"
                )
        _check_fault_spaces(stores)
        # A first pass finds every disagreement before anything is written.
        number = sum(1 for _ in _joined(stores)) + sum(1 for _ in _joined_inferences(stores))
        specification = reduce(merged, (store.specification for store in stores))
        session = {**environment(), "joined": str(len(stores))}
        with (
            _finished_or_nothing(out) as unfinished,
            ResultsStore.create_file(unfinished, specification, session) as joined,
        ):
            for store in stores:
                joined.add_fault_space(store.fault_space())
                joined.add_history(store)
            known = [facts for facts in (store.facts() for store in stores) if facts.layers]
            if known:
                joined.keep_facts(max(known, key=lambda facts: bool(facts.inputs)))
            joined.add_all(_joined(stores), _joined_inferences(stores))
    return number


@contextmanager
def _finished_or_nothing(out: Path) -> Iterator[Path]:
    """Yield a file that becomes the results of a folder once it is complete."""
    path = out / FILE_NAME
    if path.exists():
        raise ResultsError(f"{path} exists already; join the parts in a new folder")
    existed = out.exists()
    try:
        with errors(path, "create"):
            out.mkdir(parents=True, exist_ok=True)
            with whole_path(path) as unfinished:
                yield unfinished
    except BaseException:
        if not existed:
            with suppress(OSError):
                out.rmdir()
        raise


def _key(record: InjectionRecord) -> tuple[str, str, str, int]:
    return record.mode, record.model, record.stratum, record.index


def _joined(stores: Sequence[ResultsReader]) -> Iterator[InjectionRecord]:
    """Yield each injection once, in order."""
    ordered = heapq.merge(*map(_with_schema, stores), key=lambda one: _key(one[1]))
    for key, group in groupby(ordered, key=lambda one: _key(one[1])):
        (newest, record), *others = sorted(group, key=lambda one: -one[0])
        for schema, other in others:
            if not _same(record, other, min(newest, schema)):
                raise CampaignError(
                    f"injection {InjectionName(*key)} has different results in the parts; "
                    "one of them was changed or made by another softbeam"
                )
        yield record


def _joined_inferences(stores: Sequence[ResultsReader]) -> Iterator[InferenceRecord]:
    """Yield each inference with several faults once, in order."""

    def key(one: InferenceRecord) -> tuple[str, str, str, int]:
        return one.mode, one.model, one.load, one.index

    ordered = heapq.merge(*(store.inferences() for store in stores), key=key)
    for name, group in groupby(ordered, key=key):
        record, *others = group
        # repr, because a NaN is not equal to itself.
        if any(repr(other) != repr(record) for other in others):
            raise CampaignError(
                f"inference {InferenceName(*name)} has different results in the parts; one of them "
                "was changed or made by another softbeam"
            )
        yield record


def _with_schema(store: ResultsReader) -> Iterator[tuple[int, InjectionRecord]]:
    return ((store.schema, record) for record in store.records())


def _same(record: InjectionRecord, other: InjectionRecord, schema: int) -> bool:
    """Return whether two records say the same in the columns that both files have."""
    # repr, because a NaN is not equal to itself.
    return all(
        repr(column.value(record)) == repr(column.value(other)) for column in stored_columns(schema)
    )


def _check_fault_spaces(stores: Sequence[ResultsReader]) -> None:
    known: dict[tuple[int, str, int, str], int] = {}
    for store in stores:
        for one in store.fault_space():
            place = (one.image, one.mode, one.layer, one.kernel)
            if known.setdefault(place, one.size) != one.size:
                raise CampaignError(
                    f"{store.path} counts {one.size} places of {one.mode} in {one.kernel} of layer "
                    f"{one.layer}, another part {known[place]}; one of them was changed"
                )
