"""One injection, explained: what was struck, what went wrong, how it spread, why it ended so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import LANES
from softbeam.emulator.lowering import Program
from softbeam.errors import InternalError
from softbeam.faults.site import FaultSite, MemorySite, Site, UnitSite
from softbeam.injection.boxes import Bits, Box
from softbeam.injection.changes import BufferChange
from softbeam.injection.classification import Outcome
from softbeam.injection.detection import BoxJudge, matched
from softbeam.injection.injector import Injector, behind
from softbeam.injection.judges.base import Judge
from softbeam.injection.liveness import in_spans
from softbeam.injection.record import InjectionRecord
from softbeam.injection.reports import reported
from softbeam.injection.spread import LayerSpread, Spread, behind_layer, program_spread, spread
from softbeam.injection.strike import global_warp, owner_of
from softbeam.injection.tracing import Trace, trace
from softbeam.program.planning import ProgramPlan

#: Classes without names.
NAMELESS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WrongWord:
    """A word of memory that differs after the struck launch.

    Attributes
    ----------
    buffer, index, address : str, int, int
        Where it is: buffer, place in it, byte address.
    golden, faulty : int
        What it should hold, and holds.
    lane : int or None
        The lane of the struck warp whose word it is; None if it belongs to no lane of it.
    """

    buffer: str
    index: int
    address: int
    golden: int
    faulty: int
    lane: int | None


@dataclass(frozen=True, slots=True)
class Replay:
    """An injection, done again and watched.

    Attributes
    ----------
    record : InjectionRecord
        What it leaves; equal to the campaign's record.
    site : Site
        The fault.
    trace : Trace or None
        The struck thread; None where none is struck.
    words : tuple of WrongWord
        Words that differ after the struck launch, by buffer and place; none of a fault that stays,
        which strikes many.
    stopped : int or None
        The launch that did not end, of a fault that stays.
    layers : tuple of LayerSpread
        The layers from the struck one on; empty where the launch ended in an exception, or left
        the golden memory.
    golden, faulty : numpy.ndarray of float32
        The network's scores; those with the fault are empty where there are none.
    objects : tuple of (Box or None, Box or None), or None
        What a detector sees without the fault and with it, by the campaign's rule for boxes: those
        that are one object together, the best first, then those that are new.  None for other
        networks.
    code : Program or None
        The machine code of the struck thread.
    native : bool
        Whether that is softbeam's own, whose CUDA source is known.
    told : tuple of str
        What both answers say in words, the second where there is one; empty where they are classes
        or objects.
    """

    record: InjectionRecord
    site: Site
    trace: Trace | None
    words: tuple[WrongWord, ...]
    layers: tuple[LayerSpread, ...]
    golden: NDArray[np.float32]
    faulty: NDArray[np.float32]
    objects: tuple[tuple[Box | None, Box | None], ...] | None = None
    told: tuple[str, ...] = ()
    stopped: int | None = None
    code: Program | None = None
    native: bool = True

    @property
    def lanes(self) -> tuple[int, ...]:
        """Lanes of the struck warp whose words went wrong."""
        return tuple(sorted({word.lane for word in self.words if word.lane is not None}))


def replay(
    injector: Injector,
    mode: str,
    model: str,
    index: int,
    stratum: str = "",
    names: Mapping[int, str] = NAMELESS,
) -> Replay:
    """Do an injection again and watch it.

    Parameters
    ----------
    injector : Injector
        Of the campaign and the injection's input.
    mode, model, index, stratum
        Its name.
    names : mapping of int to str
        Names of classes.

    Raises
    ------
    InternalError
        If the launches computed as a whole lead to another outcome than the campaign's way.
    """
    site = injector.site(mode, model, index, stratum)
    record = injector.inject_site(site, index, stratum)
    golden = injector.device.golden
    scores = golden.scores
    faulty = np.zeros(0, dtype=np.float32) if record.outcome == "DUE" else scores
    layers: tuple[LayerSpread, ...] = ()
    words: tuple[WrongWord, ...] = ()
    traced, stopped = None, None
    if isinstance(site, UnitSite):
        layers, output, stopped = _endured(injector, site, record)
        faulty = output.view(np.float32)
    else:
        struck = injector.strike(site)
        if struck.changed:
            found, ending = _spread(injector, behind(site), struck.changed)
            if not ending:
                plain = injector.rule(golden.answer, found.output)
                _check(record, reported(plain, found.report))
            layers, faulty = found.layers, found.output.view(np.float32)
        words = _words(injector, site, struck.changed)
    if isinstance(site, FaultSite):
        longest = injector.longest(site.launch)
        traced = trace(injector.device, injector.runner, site, longest)
    objects = None
    told: tuple[str, ...] = ()
    if isinstance(injector.rule, BoxJudge):
        objects = _objects(injector.rule, golden.answer, faulty.view(np.uint32))
    elif isinstance(injector.rule, Judge) and injector.rule.kind != "classes":
        bits = [one.view(np.uint32) for one in (scores, faulty) if one.size]
        told = tuple(injector.rule.told(one, names) for one in bits)
    return Replay(
        record=record,
        site=site,
        trace=traced,
        words=words,
        layers=layers,
        golden=scores.copy(),
        faulty=faulty.copy(),
        objects=objects,
        told=told,
        stopped=stopped,
        code=injector.device.launch(site.launch).program if isinstance(site, FaultSite) else None,
        native=injector.device.plan.native,
    )


def _spread(
    injector: Injector, launch: int, changed: Mapping[str, tuple[NDArray[np.int64], Bits]]
) -> tuple[Spread, str]:
    """Return how an error spreads, and how a program ended if it did not come to its end."""
    golden, plan = injector.device.golden, injector.device.plan
    if injector.program is not None and isinstance(plan, ProgramPlan):
        return program_spread(injector.program, plan, golden, launch, changed)
    return spread(golden, launch, changed), ""


def _endured(
    injector: Injector, site: UnitSite, record: InjectionRecord
) -> tuple[tuple[LayerSpread, ...], Bits, int | None]:
    """Run the network with a fault that stays, other launches computed as a whole.

    Returns
    -------
    layers, output, launch
        What is wrong behind each layer, the answer, and the launch that did not end.
    """
    golden = injector.device.golden
    layers: list[LayerSpread] = []

    def watch(number: int, changes: Mapping[str, BufferChange]) -> None:
        wrong = {}
        for buffer, change in changes.items():
            wrong[buffer] = golden.view(buffer, number + 1).copy()
            change.put(wrong[buffer])
        layers.extend(behind_layer(golden, number, wrong))

    endured = injector.endure(site, watch, rules={})
    _check(record, injector.judge(endured))
    return tuple(layers), endured.output, endured.launch


def _objects(
    judge: BoxJudge, golden: Bits, faulty: Bits
) -> tuple[tuple[Box | None, Box | None], ...]:
    """Return the objects of both answers; the second has none where it is empty."""
    wanted = judge.boxes(golden)
    found = judge.boxes(faulty) if faulty.size else []
    partners = dict(matched(wanted, found, judge.rule.overlap))
    taken = set(partners.values())
    lost_or_kept = [
        (box, found[partners[one]] if one in partners else None) for one, box in enumerate(wanted)
    ]
    return (*lost_or_kept, *((None, box) for one, box in enumerate(found) if one not in taken))


def _check(record: InjectionRecord, plain: Outcome) -> None:
    """Both ways to carry a change through the network must agree."""
    agrees = record.outcome == plain.outcome
    if plain.outcome == "SDC":
        agrees = agrees and (record.detail, record.top1) == (plain.detail, plain.top1)
        agrees = agrees and record.largest_change == plain.largest_change
    if not agrees:
        raise InternalError(
            f"{record.mode} {record.model} {record.index} ends as {record.outcome}, "
            f"{record.detail}, but computed launch by launch as {plain.outcome}, {plain.detail}"
        )


def _words(
    injector: Injector,
    site: FaultSite | MemorySite,
    changed: dict[str, tuple[NDArray[np.int64], NDArray[np.uint32]]],
) -> tuple[WrongWord, ...]:
    golden, plan = injector.device.golden, injector.device.plan
    words = []
    for buffer, (indexes, values) in sorted(changed.items()):
        right = golden.view(buffer, behind(site) + 1)
        lanes = _lanes(injector, site, buffer, indexes)
        for place in np.argsort(indexes, kind="stable").tolist():
            index = int(indexes[place])
            words.append(
                WrongWord(
                    buffer,
                    index,
                    plan.buffers[buffer].address + 4 * index,
                    int(right[index]),
                    int(values[place]),
                    lanes[place],
                )
            )
    return tuple(words)


def _lanes(
    injector: Injector, site: FaultSite | MemorySite, buffer: str, indexes: NDArray[np.int64]
) -> list[int | None]:
    """Return the lane of the struck warp that each word belongs to; None if none."""
    # Of a program it is known which unit stores a word, not which lane.
    if isinstance(site, MemorySite) or not injector.device.plan.native:
        return [None] * indexes.size
    launch = injector.device.plan.launches[site.launch]
    warp = global_warp(injector.device, site)
    own = in_spans((span for span in launch.writes if span.buffer == buffer), indexes)
    lanes: list[int | None] = []
    for inside, index in zip(own.tolist(), indexes.tolist(), strict=True):
        owner = owner_of(injector.device, site.launch, buffer, index) if inside else -1
        lanes.append(owner % LANES if inside and owner // LANES == warp else None)
    return lanes
