"""The engine: which injections are missing, doing them, keeping them; nothing is lost.

What an injection depends on is its name alone, so the engine may do them in any order, on any
number of workers, and stop and go on at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from softbeam.campaign.setup import InjectionName
from softbeam.campaign.specification import CampaignSpecification
from softbeam.campaign.store import ResultsStore
from softbeam.campaign.workers import Failure
from softbeam.injection.record import InjectionRecord

#: Records are written at the latest after so many seconds, or when there are so many.
WRITE_SECONDS, WRITE_RECORDS = 1.0, 512

Results = Iterator[InjectionRecord | Failure[InjectionName]]
Run = Callable[[Iterable[InjectionName]], Results]


@dataclass(frozen=True, slots=True)
class CampaignEnd:
    """What a session of a campaign did.

    Attributes
    ----------
    injected : int
        Injections that were added.
    failures : tuple of Failure
        Injections that have no result; they are tried again at the next session.
    """

    injected: int
    failures: tuple[Failure[InjectionName], ...]


def missing(store: ResultsStore, specification: CampaignSpecification) -> list[InjectionName]:
    """Return the injections that a campaign asks for and its store lacks, in order."""
    names: list[InjectionName] = []
    for stream in specification.streams:
        done = store.done(stream.mode, stream.model)
        names.extend(
            InjectionName(stream.mode, stream.model, index)
            for index in range(stream.injections)
            if index not in done
        )
    return names


def run_campaign(
    store: ResultsStore,
    names: Iterable[InjectionName],
    run: Run,
    *,
    clock: Callable[[], float],
    progress: Callable[[int], None] = lambda done: None,
) -> CampaignEnd:
    """Do injections and write each to the store soon after it is done.

    Parameters
    ----------
    store : ResultsStore
        Takes the records; what was received is written also when this is interrupted.
    names : iterable of InjectionName
        What to do.
    run : callable
        Yields a record or failure for each name, in any order.
    clock : callable
        Seconds, monotonic.
    progress : callable
        Called with the number of injections done since the last call.
    """
    waiting: list[InjectionRecord] = []
    failures: list[Failure[InjectionName]] = []
    injected, written = 0, clock()
    try:
        for result in run(names):
            if isinstance(result, Failure):
                failures.append(result)
            else:
                waiting.append(result)
                injected += 1
            progress(1)
            if len(waiting) >= WRITE_RECORDS or clock() - written >= WRITE_SECONDS:
                batch, waiting = waiting, []
                store.append(batch)
                written = clock()
    finally:
        if waiting:
            store.append(waiting)
    return CampaignEnd(injected, tuple(failures))
