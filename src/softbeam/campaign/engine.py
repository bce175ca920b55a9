"""The engine: which injections are missing, doing them, keeping them; nothing is lost.

What an injection depends on is its name alone, so the engine may do them in any order, on any
number of workers, and stop and go on at any time.  When precision is the aim, it works in rounds:
how many injections the next round has depends on the outcomes of the finished rounds only, so that
a campaign that was interrupted takes the same rounds again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from softbeam.campaign.results.reading import Ending
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.streams import InjectionName, Part, StreamKey
from softbeam.campaign.workers import Failure
from softbeam.injection.record import InjectionRecord

_LOG = logging.getLogger(__name__)

#: Records are written at the latest after so many seconds, or when there are so many.
WRITE_SECONDS, WRITE_RECORDS = 1.0, 512

#: Everything is one part.
WHOLE = Part()

Results = Iterator[InjectionRecord | Failure[InjectionName]]
Run = Callable[[Iterable[InjectionName]], Results]

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
        Injections that were added.
    failures : tuple of Failure
        Injections that have no result; the store notes them, and the next session tries them
        again.
    counts : mapping of StreamKey to int
        Injections of each stream that were wanted in the last round.
    """

    injected: int
    failures: tuple[Failure[InjectionName], ...]
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
    failures: list[Failure[InjectionName]] = []
    while True:
        names = missing(store, counts, part)
        total = sum(len(part.indexes(number)) for number in counts.values())
        before = total - len(names)
        _LOG.debug("a round of %d injections, of which %d are missing", total, len(names))
        progress(before, total)
        with closing(_kept(store, run(names) if names else iter(()), clock)) as results:
            for result in results:
                if isinstance(result, Failure):
                    failures.append(result)
                    _LOG.debug("no result for %s: %s", result.task, result.message)
                    store.note(f"internal error, no result for {result.task}: {result.message}")
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


def _kept(
    store: ResultsStore, results: Results, clock: Callable[[], float]
) -> Generator[InjectionRecord | Failure[InjectionName], None, None]:
    """Pass results on and write each record soon after; at an interruption, too."""
    waiting: list[InjectionRecord] = []
    written = clock()
    try:
        for result in results:
            if not isinstance(result, Failure):
                waiting.append(result)
            if len(waiting) >= WRITE_RECORDS or clock() - written >= WRITE_SECONDS:
                # Emptied first: what cannot be written once is not tried again below.
                batch, waiting = waiting, []
                store.append(batch)
                written = clock()
            yield result
    finally:
        if waiting:
            store.append(waiting)
