"""Several faults in one inference: struck in the order of the launches, each in memory as it is.

Launch by launch, what differs so far is carried on natively, as behind a single fault; then the
next faults strike in the memory that the earlier ones have left.  All words are kept that differ,
those that nothing of the network reads, too: a later fault's wrong address can lie anywhere.

The faults are drawn from the fault-free run.  One that its thread does not reach any more, as an
earlier one led it elsewhere, does not strike.  Faults of one launch strike different warps, which
do not see each other's stores (``docs/methods.md``, section 3), so that each is emulated by
itself; where the unit is a block, different blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Runner
from softbeam.errors import CampaignError, InternalError
from softbeam.faults.load import Load, bits_in
from softbeam.faults.randomness import Draws
from softbeam.faults.site import FaultSite, MemorySite, UnitSite
from softbeam.faults.units import UnitSpace
from softbeam.injection.changes import Bits, BufferChange, overlaid
from softbeam.injection.classification import Outcome, from_ending
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.injector import Injector
from softbeam.injection.permanent import everything, in_place, wrong_words
from softbeam.injection.propagation import advance, answer
from softbeam.injection.reports import report, reported
from softbeam.injection.strike import check_witness, hang_budget
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun

#: Draws after which a fault has found no warp of its own: there are too few.
_ATTEMPTS = 1000

Site = FaultSite | MemorySite

#: Block and warp of a launch.
Unit = tuple[int, int]


@dataclass(slots=True)
class _Struck:
    """The units of a launch that are struck, in memory as it is.

    Attributes
    ----------
    stored : dict of (int, int) to (Ending, Ending)
        By block and warp what each stores with its fault, and without it.
    """

    stored: dict[Unit, tuple[Ending, Ending]] = field(default_factory=dict)

    def strike(
        self, device: Device, runner: Runner, site: FaultSite, longest: int
    ) -> Outcome | None:
        """Emulate a unit with its fault; return what that alone says, None if it does not strike.

        As :func:`softbeam.injection.strike.strike` does in golden memory, but for the words that
        differ: other units of the launch may be struck, too.
        """
        launch, unit = device.launch(site.launch), unit_of(device, site)
        warp, budget = site.thread // LANES, hang_budget(longest)
        faulty = runner.run(launch, site.block, warp, budget=budget, fault=site.vector())
        if faulty.finished and faulty.fired == 0:
            # An earlier fault led the thread elsewhere.
            return None
        if faulty.fired != 1:
            raise InternalError(f"the fault did not strike at {site}")
        if faulty.finished:
            neutral = site.vector(neutral=True)
            witness = runner.run(launch, site.block, warp, budget=budget, fault=neutral)
            check_witness(site, witness, faulty)
            self.stored[unit] = faulty, witness
        return from_ending(faulty.name) or Outcome.of("absorbed")


@dataclass(frozen=True, slots=True)
class Several:
    """What several faults did.

    Attributes
    ----------
    outcome : Outcome
        How the inference ended.
    struck : int
        Faults that struck before its end.
    """

    outcome: Outcome
    struck: int


def unit_of(device: Device, site: FaultSite) -> Unit:
    """Return the block and warp that a fault strikes; warp 0 where the unit is the block."""
    barrier = device.launch(site.launch).program.has_barrier
    return site.block, 0 if barrier else site.thread // LANES


def draw_sites(injector: Injector, mode: str, model: str, load: Load, index: int) -> list[Site]:
    """Draw the faults of an inference, in the order in which they strike.

    Of a launch no warp is struck twice, and before a launch no bit of memory: where that is drawn,
    the later fault is drawn again.

    Raises
    ------
    CampaignError
        If there are too few warps for so many faults.
    """
    space = injector.space(mode)
    draws = Draws(injector.campaign, mode, model, load, index)
    bits = 0 if load.faults or isinstance(space, UnitSpace) else bits_in(space)
    number = load.draw(mode, bits, draws)
    found: dict[object, Site] = {}
    for fault in range(number):
        for attempt in range(_ATTEMPTS):
            draws = Draws(injector.campaign, mode, model, load, index, fault, attempt)
            site = injector.drawn(mode, model, draws)
            if isinstance(site, UnitSite):
                raise InternalError(f"faults of {mode} stay, so that several are not drawn")
            key = _place(injector.device, site)
            if key not in found:
                found[key] = site
                break
        else:
            raise CampaignError(
                f"{number} faults do not find as many warps to strike; give fewer, or a larger "
                "scope"
            )
    return sorted(found.values(), key=lambda site: _order(injector.device, site))


def _place(device: Device, site: Site) -> object:
    """Return what no two faults of an inference have in common."""
    if isinstance(site, MemorySite):
        return site.launch, site.buffer, site.word, site.change.bit
    return site.launch, unit_of(device, site)


def _order(device: Device, site: Site) -> tuple[int, bool, Unit, str, int]:
    # What memory holds before a launch changes before it.
    if isinstance(site, MemorySite):
        return site.launch, False, (0, 0), site.buffer, site.word
    return site.launch, True, unit_of(device, site), "", 0


def inject_several(injector: Injector, sites: Sequence[Site]) -> Several:
    """Run an inference with several faults.

    Parameters
    ----------
    injector : Injector
        Over the golden run, which is left as it was.
    sites : sequence of FaultSite or MemorySite
        The faults, in the order of :func:`draw_sites`.
    """
    device, golden = injector.device, injector.device.golden
    changes: dict[str, BufferChange] = {}
    struck = 0
    last = sites[-1].launch if sites else -1
    # Only an emulated warp can read what the network itself does not read.
    emulated = max((one.launch for one in sites if isinstance(one, FaultSite)), default=-1)
    whole = everything(golden.plan)
    for launch in golden.plan.launches[sites[0].launch if sites else 0 :]:
        number = launch.index
        if number > last and not changes:
            break
        here = [site for site in sites if site.launch == number]
        for site in here:
            if isinstance(site, MemorySite):
                _upset(device, site, changes)
                struck += 1
        faults = [site for site in here if isinstance(site, FaultSite)]
        if len(faults) == 1 and not changes:
            # The usual strike, in golden memory.
            hit = injector.strike(faults[0])
            alone, wrong = from_ending(hit.ending) or Outcome.of("absorbed"), hit.changed
            struck += 1
            if alone.outcome == "DUE":
                return Several(alone, struck)
        else:
            found = _Struck()
            with in_place(device, number, changes) if faults else nullcontext():
                for site in faults:
                    fault = found.strike(device, injector.runner, site, injector.longest(number))
                    struck += fault is not None
                    if fault is not None and fault.outcome == "DUE":
                        return Several(fault, struck)
                wrong = wrong_words(device, number, found.stored) if found.stored else {}
        live = whole if number < emulated else injector.live[number]
        advance(golden, live, launch, changes)
        for buffer, (indexes, values) in wrong.items():
            _put(golden, number, changes, buffer, indexes, values)
    outcome = injector.rule(golden.answer, answer(golden, changes))
    return Several(reported(outcome, report(golden, changes)), struck)


def _upset(device: Device, site: MemorySite, changes: dict[str, BufferChange]) -> None:
    """Change a word of memory before a launch, from what it holds then."""
    contents = device.golden.view(site.buffer, site.launch).copy()
    if site.buffer in changes:
        changes[site.buffer].put(contents)
    index = np.array([site.word])
    value = np.array([site.change.of(int(contents[site.word]))], dtype=np.uint32)
    _put(device.golden, site.launch - 1, changes, site.buffer, index, value)


def _put(
    golden: GoldenRun,
    number: int,
    changes: dict[str, BufferChange],
    buffer: str,
    indexes: NDArray[np.int64],
    values: Bits,
) -> None:
    """Put words over what differs behind a launch; -1: before the first."""
    change, _ = overlaid(changes.get(buffer), indexes, values, golden.view(buffer, number + 1))
    if change is None:
        changes.pop(buffer, None)
    else:
        changes[buffer] = change


def inject_load(
    injector: Injector, mode: str, model: str, load: Load, index: int
) -> InferenceRecord:
    """Perform one inference with several faults.

    Returns
    -------
    InferenceRecord
        Depends on the campaign's id, mode, model, load and index alone.
    """
    sites = draw_sites(injector, mode, model, load, index)
    found = inject_several(injector, sites)
    return InferenceRecord(
        index=index,
        mode=mode,
        model=model,
        load=str(load),
        image=injector.image,
        faults=len(sites),
        struck=found.struck,
        outcome=found.outcome.outcome,
        detail=found.outcome.detail,
        not_finite=found.outcome.not_finite,
        top1=found.outcome.top1,
        largest_change=found.outcome.largest_change,
    )
