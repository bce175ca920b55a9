"""The engine: which injections are missing, doing them, keeping them; nothing is lost.

What an injection depends on is its name alone, so the engine may do them in any order, on any
number of workers, and stop and go on at any time.  When precision is the aim, it works in rounds:
how many injections the next round has depends on the outcomes of the finished rounds only, so that
a campaign that was interrupted takes the same rounds again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from softbeam.campaign.results.reading import Ending
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import LoadRequest
from softbeam.campaign.streams import InferenceName, InjectionName, Name, Part, StreamKey
from softbeam.campaign.workers import Failure

_LOG = logging.getLogger(__name__)

#: Records are written at the latest after so many seconds, or when there are so many.
WRITE_SECONDS, WRITE_RECORDS = 1.0, 512

#: Everything is one part.
WHOLE = Part()

#: A record of what each task is, or a failure.
Results = Iterator[Any]
Run = Callable[[Iterable[Any]], Results]

#: How the injections of each stream ended.
Endings = Mapping[StreamKey, Counter[Ending]]

#: From the injections of the rounds so far, and how they ended, to those after the next round; the
#: same as before where nothing more is needed.
NextRound = Callable[[Mapping[StreamKey, int], Endings], Mapping[StreamKey, int]]


@dataclass(frozen=True, slots=True)
class CampaignEnd:
    """What a session of a campaign did.

    Attributes
    ----------
    injected : int
        Injections, or inferences, that were added.
    failures : tuple of Failure
        Those that have no result; the store notes them, and the next session tries them
        again.
    counts : mapping of StreamKey to int
        Injections of each stream that were wanted in the last round.
    """

    injected: int
    failures: tuple[Failure[Any], ...]
    counts: Mapping[StreamKey, int]


def missing(
    store: ResultsStore, counts: Mapping[StreamKey, int], part: Part = WHOLE
) -> list[InjectionName]:
    """Return those of a part of the first `counts` injections of each stream that a store lacks.

    Streams take turns, in proportion to their numbers: a campaign that is stopped half-way has
    about half of each, and so is a smaller sample of the whole.
    """
    turns: list[tuple[float, InjectionName]] = []
    for key in sorted(counts):
        done = store.done(key.mode, key.model, key.stratum)
        turns.extend(
            ((index + 0.5) / counts[key], InjectionName(key.mode, key.model, key.stratum, index))
            for index in part.indexes(counts[key])
            if index not in done
        )
    return [name for _, name in sorted(turns)]


def endings_of(store: ResultsStore, counts: Mapping[StreamKey, int]) -> Endings:
    """Return how the first `counts` injections of each stream ended."""
    return {key: store.outcomes(key.mode, key.model, key.stratum, counts[key]) for key in counts}


def run_campaign(
    store: ResultsStore,
    counts: Mapping[StreamKey, int],
    run: Run,
    *,
    clock: Callable[[], float],
    next_round: NextRound | None = None,
    part: Part = WHOLE,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> CampaignEnd:
    """Do the injections that are missing, in as many rounds as precision needs.

    Parameters
    ----------
    store : ResultsStore
        Takes the records.
    counts : mapping of StreamKey to int
        Injections of the first round.
    run : callable
        Yields a record or failure for each name, in any order.
    clock : callable
        Seconds, monotonic.
    next_round : callable, optional
        See :data:`NextRound`; one round if not given.
    part : Part
        Which of the injections are to be made; a part of a round does not tell what the next one
        needs, so that there is none then.
    progress : callable
        Called with the injections done and wanted, of all rounds so far.
    """
    injected, before = 0, 0
    failures: list[Failure[Any]] = []
    while True:
        names = missing(store, counts, part)
        total = sum(len(part.indexes(number)) for number in counts.values())
        before = total - len(names)
        _LOG.debug("a round of %d injections, of which %d are missing", total, len(names))
        progress(before, total)
        for result in _made(store, store.append, run, names, clock):
            if isinstance(result, Failure):
                failures.append(result)
            else:
                injected += 1
            before += 1
            progress(before, total)
        if next_round is None or failures or part != WHOLE:
            break
        more = next_round(counts, endings_of(store, counts))
        if more == counts:
            break
        counts = more
    return CampaignEnd(injected, tuple(failures), counts)


def run_inferences(
    store: ResultsStore,
    loads: Iterable[LoadRequest],
    run: Run,
    *,
    clock: Callable[[], float],
    part: Part = WHOLE,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> CampaignEnd:
    """Do the inferences with several faults that are missing; loads take turns.

    Parameters
    ----------
    store, run, clock, part, progress
        As of :func:`run_campaign`.
    loads : iterable of LoadRequest
        What is wanted.
    """
    turns: list[tuple[float, InferenceName]] = []
    total = 0
    for one in loads:
        indexes = part.indexes(one.inferences)
        total += len(indexes)
        done = store.done_inferences(one.mode, one.model, one.load)
        turns.extend(
            (
                (index + 0.5) / one.inferences,
                InferenceName(one.mode, one.model, one.load, index),
            )
            for index in indexes
            if index not in done
        )
    before, made = total - len(turns), 0
    failures: list[Failure[Name]] = []
    progress(before, total)
    names = [name for _, name in sorted(turns)]
    for result in _made(store, store.append_inferences, run, names, clock):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            made += 1
        before += 1
        progress(before, total)
    return CampaignEnd(made, tuple(failures), {})


def _made(
    store: ResultsStore,
    append: Callable[[list[Any]], None],
    run: Run,
    names: Sequence[Name],
    clock: Callable[[], float],
) -> Iterator[Any]:
    """Do tasks, write what comes of each, and pass it on; note those without a result."""
    with closing(_kept(append, run(names) if names else iter(()), clock)) as results:
        for result in results:
            if isinstance(result, Failure):
                _LOG.debug("no result for %s: %s", result.task, result.message)
                store.note(f"internal error, no result for {result.task}: {result.message}")
            yield result


def _kept(
    append: Callable[[list[Any]], None], results: Results, clock: Callable[[], float]
) -> Generator[Any, None, None]:
    """Pass results on and write each record soon after; at an interruption, too."""
    waiting: list[Any] = []
    written = clock()
    try:
        for result in results:
            if not isinstance(result, Failure):
                waiting.append(result)
            if len(waiting) >= WRITE_RECORDS or clock() - written >= WRITE_SECONDS:
                # Emptied first: what cannot be written once is not tried again below.
                batch, waiting = waiting, []
                append(batch)
                written = clock()
            yield result
    finally:
        if waiting:
            append(waiting)
