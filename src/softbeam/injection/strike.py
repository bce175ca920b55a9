"""One strike: emulate the struck warp with its fault and say which words it leaves different."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.ending import COMPLETED, Ending
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Runner
from softbeam.errors import InternalError
from softbeam.faults.site import FaultSite
from softbeam.injection.block_strike import Struck, strike_block
from softbeam.injection.liveness import in_spans
from softbeam.kernels.families import owner_thread
from softbeam.network.device import Device
from softbeam.network.plan import Pointer
from softbeam.program.planning import ProgramPlan

#: A thread hangs beyond so many times the longest fault-free thread's instructions, or this many.
HANG_FACTOR, HANG_LEAST = 10, 10_000


@dataclass(frozen=True, slots=True)
class Strike:
    """What a fault did within its launch.

    Attributes
    ----------
    ending : str
        How the struck warp ended, as of :attr:`softbeam.emulator.ending.Ending.name`.
    changed : mapping of str to (indexes, values)
        Words that differ after the launch, by buffer.
    before, after : int
        The struck value (register, index or, for a store, nothing).
    unrecorded : int
        Accesses to mapped memory of which nothing is recorded, or that was never probed.
    instructions : int
        Warp instructions that were executed with the fault; of a block of a product those that were
        emulated, from the barrier before the fault on.
    words : int
        Words that were wrong after launches behind which they are not listed.
    """

    ending: str
    changed: dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]
    before: int
    after: int
    unrecorded: int
    instructions: int
    words: int = 0

    @property
    def finished(self) -> bool:
        """Whether the struck warp ran to its end."""
        return self.ending == COMPLETED

    @property
    def changed_words(self) -> int:
        """Number of words that differ."""
        return self.words + sum(indexes.size for indexes, _ in self.changed.values())


def hang_budget(longest: int) -> int:
    """Return how many instructions a thread may execute before it counts as hung."""
    return max(HANG_LEAST, HANG_FACTOR * longest)


def strike(
    device: Device, runner: Runner, site: FaultSite, longest: int, *, whole: bool = False
) -> Strike:
    """Emulate the struck warp with the fault and, if it ends well, without it, and compare.

    Parameters
    ----------
    device : Device
        The golden memory; it is left as it was.
    runner : Runner
        Runs single warps.
    site : FaultSite
        The fault.
    longest : int
        Most instructions of any thread of this launch without fault.
    whole : bool
        Whether a block of a product is emulated from its beginning to its end, and not only around
        the fault; it leaves the same.

    Raises
    ------
    InternalError
        If the fault did not strike, or struck another value than the fault-free run has there.
    """
    if runs_as_one(device, site.launch):
        return strike_as_one(device, runner, site, longest)
    launch = device.launch(site.launch)
    warp = site.thread // LANES
    budget = hang_budget(longest)
    struck = None if whole else strike_block(device, site, budget, longest)
    if struck is not None:
        return _of_block(device, site, struck)
    faulty = runner.run(launch, site.block, warp, budget=budget, fault=site.vector())
    if faulty.fired != 1:
        raise InternalError(f"the fault did not strike at {site}")
    changed = {}
    if faulty.finished:
        neutral = site.vector(neutral=True)
        golden = runner.run(launch, site.block, warp, budget=budget, fault=neutral)
        check_witness(site, golden, faulty)
        if launch.program.stores_bytes and not is_within(faulty.words, golden.words):
            # Of a word of other units it may have stored a part: who stores which byte matters.
            return strike_as_one(device, runner, site, longest)
        changed = _changes(device, site, golden, faulty)
    return _strike_of(faulty, changed)


def is_within(words: NDArray[np.int64], others: NDArray[np.int64]) -> bool:
    """Return whether ascending words are all among others, ascending too."""
    if words.size > others.size:
        return False
    places = np.searchsorted(others, words)
    return bool(np.array_equal(others[np.minimum(places, others.size - 1)], words))


def _of_block(device: Device, site: FaultSite, struck: Struck) -> Strike:
    """Return the strike of a block that was emulated around its fault."""
    changed = struck.changed
    if struck.ending.fired != 1:
        raise InternalError(f"the fault did not strike at {site}")
    if struck.golden is not None:
        check_witness(site, struck.golden, struck.ending)
        if changed is None:
            changed = _changes(device, site, struck.golden, struck.ending)
    return _strike_of(struck.ending, changed or {})


def _strike_of(
    faulty: Ending, changed: dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]
) -> Strike:
    return Strike(
        ending=faulty.name,
        changed=changed,
        before=faulty.before,
        after=faulty.after,
        unrecorded=faulty.unrecorded,
        instructions=faulty.instructions,
    )


def check_witness(site: FaultSite, golden: Ending, faulty: Ending) -> None:
    """Raise unless a fault was injected into the value that the run without it has there.

    Raises
    ------
    InternalError
        If that run does not pass the site once, or finds another value.
    """
    if not golden.finished or golden.fired != 1:
        raise InternalError(f"the fault-free run does not pass the drawn site {site}")
    if faulty.before != golden.before:
        raise InternalError(f"the struck value differs from the fault-free run at {site}")


def _changes(
    device: Device, site: FaultSite, golden: Ending, faulty: Ending
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]:
    """Return the words of memory after the launch that differ from the golden memory then."""
    run, number = device.golden, site.launch
    words, values = faulty.words, faulty.values
    if np.array_equal(words, golden.words):
        # The usual case.  The fault-free warp leaves the golden memory: the profile proved it.
        differs = values != golden.values
        words, values = words[differs], values[differs]
        own = np.ones(words.size, dtype=np.bool_)
    else:
        lost = np.setdiff1d(golden.words, words, assume_unique=True)
        words = np.concatenate([words, lost])
        # A word that only the fault-free warp stores keeps what it held before the launch.
        values = np.concatenate([values, run.words[lost]])
        own = np.isin(words, golden.words)
    written = device.plan.launches[number].writes
    changed = {}
    for buffer, places, indexes in device.locate(number, words):
        differs = values[places] != run.words_at(buffer, number + 1, indexes)
        inside = in_spans([span for span in written if span.buffer == buffer], indexes)
        for at in np.flatnonzero(differs & ~own[places] & inside):
            differs[at] = _stays(device, site, buffer, int(indexes[at]))
        if differs.any():
            changed[buffer] = (indexes[differs], values[places][differs])
    return changed


def owner_of(device: Device, number: int, buffer: str, word: int) -> int:
    """Return which thread of a launch stores a word of a buffer that the launch writes.

    Returns
    -------
    int
        As :func:`softbeam.kernels.families.owner_thread`.
    """
    arguments = device.plan.launches[number].arguments
    # Of two pointers to one buffer (copy within it), Darknet's kernels write through the last.
    *_, first = (a.word for a in arguments if isinstance(a, Pointer) and a.buffer == buffer)
    return owner_thread(arguments, word - first)


def global_warp(device: Device, site: FaultSite) -> int:
    """Return the number of the struck warp among all of its launch, blocks in order."""
    x, y, z = device.plan.launches[site.launch].block
    return (site.block * x * y * z + site.thread) // LANES


def unit_of(device: Device, site: FaultSite) -> int:
    """Return the number of the struck unit: of the block if its warps wait, else of the warp."""
    if device.launch(site.launch).program.has_barrier:
        return site.block
    return global_warp(device, site)


def runs_as_one(device: Device, launch: int) -> bool:
    """Return whether a launch's units see, or overwrite, each other's stores."""
    plan = device.plan
    return isinstance(plan, ProgramPlan) and plan.accesses[launch].whole


def strike_as_one(device: Device, runner: Runner, site: FaultSite, longest: int) -> Strike:
    """Emulate a whole launch with the fault and, if it ends well, compare with the golden memory.

    Parameters, results and errors are those of :func:`strike`.
    """
    launch, plan = device.launch(site.launch), device.plan
    assert isinstance(plan, ProgramPlan)
    struck = (site.block, 0 if launch.program.has_barrier else site.thread // LANES)
    budget = hang_budget(longest)
    faulty, golden = (
        runner.run_launch(launch, budget=budget, fault=site.vector(neutral=neutral), struck=struck)
        for neutral in (False, True)
    )
    if faulty.finished:
        if faulty.fired != 1:
            raise InternalError(f"the fault did not strike at {site}")
        check_witness(site, golden, faulty)
    changed = _changes_as_one(device, site, golden, faulty) if faulty.finished else {}
    return Strike(
        ending=faulty.name,
        changed=changed,
        before=golden.before,
        after=faulty.after,
        unrecorded=faulty.unrecorded,
        instructions=faulty.instructions,
    )


def _changes_as_one(
    device: Device, site: FaultSite, golden: Ending, faulty: Ending
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]]:
    lost = np.setdiff1d(golden.words, faulty.words, assume_unique=True)
    words = np.concatenate([faulty.words, lost])
    values = np.concatenate([faulty.values, device.golden.words[lost]])
    changed = {}
    for buffer, places, indexes in device.locate(site.launch, words):
        differs = values[places] != device.golden.words_at(buffer, site.launch + 1, indexes)
        if differs.any():
            changed[buffer] = (indexes[differs], values[places][differs])
    return changed


def _stays(device: Device, site: FaultSite, buffer: str, word: int) -> bool:
    """Return whether a store to another warp's word outlasts that warp's own store."""
    if isinstance(device.plan, ProgramPlan):
        writer = device.plan.writer(site.launch, buffer, word)
        return writer < unit_of(device, site)
    owner = owner_of(device, site.launch, buffer, word)
    return owner // LANES < global_warp(device, site)
