"""One injection from its name to its record: draw, strike, propagate, classify."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from softbeam.emulator.launching import Runner
from softbeam.faults.drawing import draw
from softbeam.faults.memory import MemorySpace
from softbeam.faults.modes import MODES
from softbeam.faults.randomness import Draws
from softbeam.faults.site import FaultSite, MemorySite, Site, UnitSite
from softbeam.faults.space import FaultSpace
from softbeam.faults.stratum import Stratum
from softbeam.faults.units import UnitSpace
from softbeam.injection.classification import Outcome, from_ending
from softbeam.injection.judging import Rule, judge_for
from softbeam.injection.liveness import any_live, live_words
from softbeam.injection.permanent import Permanent, Watch, endure
from softbeam.injection.programs import ProgramPropagation
from softbeam.injection.propagation import propagate
from softbeam.injection.record import Injection, InjectionRecord
from softbeam.injection.regions import RULES, RegionRule
from softbeam.injection.reports import is_detected, reported
from softbeam.injection.strike import Strike, strike
from softbeam.injection.upset import upset
from softbeam.kernels.checks import most_correcting
from softbeam.network.device import Device
from softbeam.network.plan import Launch
from softbeam.network.profile import LaunchProfile
from softbeam.program.planning import ProgramPlan


def stratum_of(launch: Launch) -> str:
    """Return the name of the stratum that a launch belongs to."""
    return str(Stratum(launch.layer, launch.kernel))


class Injector:
    """Performs the injections of one campaign.

    Parameters
    ----------
    device : Device
        The golden run that is struck.
    profiles : mapping of int to LaunchProfile
        By number of the launch.
    launches : iterable of int
        The launches in scope.
    campaign : str
        The campaign's id, from which every injection is drawn.
    fault_semantics : str
        Whose rules faults follow: ``hardware``, ``sassifi`` or ``nvbitfi``.
    groups : iterable of str, optional
        Groups of opcodes in scope; all if not given.
    image : int
        Which of the campaign's inputs the golden run has.
    multiprocessors : int
        Among how many multiprocessors the blocks of a launch are dealt.
    rule : callable, optional
        How an answer is judged beside the golden one; if not given, that of a detector by its
        boxes and any other by its classes.
    """

    def __init__(
        self,
        device: Device,
        profiles: Mapping[int, LaunchProfile],
        launches: Iterable[int],
        campaign: str,
        *,
        fault_semantics: str = "hardware",
        groups: Iterable[str] | None = None,
        image: int = 0,
        multiprocessors: int = 1,
        rule: Rule | None = None,
    ) -> None:
        self.device = device
        self.runner = Runner()
        self._profiles = profiles
        self._launches = tuple(launches)
        self.campaign = campaign
        self._fault_semantics = fault_semantics
        self._groups = None if groups is None else tuple(groups)
        self._multiprocessors = multiprocessors
        self.image = image
        self.rule = rule or judge_for(device.plan)
        self._spaces: dict[tuple[str, str], FaultSpace | MemorySpace | UnitSpace] = {}
        self.live = live_words(device.plan)
        self.program = (
            ProgramPropagation(device, self.runner)
            if isinstance(device.plan, ProgramPlan)
            else None
        )

    def space(self, mode: str, stratum: str = "") -> FaultSpace | MemorySpace | UnitSpace:
        """Return the fault space of a mode, or its part in one kernel of one layer.

        Parameters
        ----------
        mode : str
            The mode.
        stratum : str
            ``LAYER/KERNEL``, or empty: all of the scope.
        """
        key = (mode, stratum)
        if key not in self._spaces:
            self._spaces[key] = self._make_space(mode, stratum)
        return self._spaces[key]

    def _make_space(self, mode: str, stratum: str) -> FaultSpace | MemorySpace | UnitSpace:
        device, profiles, groups = self.device, self._profiles, self._groups
        kind = MODES[mode].space
        if kind == "memory":
            return MemorySpace(device.plan, mode, self._launches, groups, stratum)
        if kind == "units":
            return UnitSpace(
                device, profiles, mode, self._launches, groups, stratum, self._multiprocessors
            )
        launches = [
            number
            for number in self._launches
            if stratum in ("", stratum_of(device.plan.launches[number]))
        ]
        return FaultSpace(device, profiles, mode, launches, groups)

    def site(self, mode: str, model: str, index: int, stratum: str = "") -> Site:
        """Return the fault that injection `index` of a stream is."""
        return self.drawn(mode, model, Draws(self.campaign, mode, model, stratum, index), stratum)

    def drawn(self, mode: str, model: str, draws: Draws, stratum: str = "") -> Site:
        """Return the fault that some draws are."""
        space = self.space(mode, stratum)
        return draw(self.device, self.runner, space, model, draws, self._fault_semantics)

    def inject(self, mode: str, model: str, index: int, stratum: str = "") -> InjectionRecord:
        """Perform one injection.

        Returns
        -------
        InjectionRecord
            Depends on the campaign's id, mode, model, stratum and index alone.
        """
        return self.inject_site(self.site(mode, model, index, stratum), index, stratum)

    def inject_site(self, site: Site, index: int, stratum: str = "") -> InjectionRecord:
        """Perform the injection of a given fault, recorded under `index`."""
        if isinstance(site, UnitSite):
            endured = self.endure(site)
            struck, outcome = _as_strike(endured), self.judge(endured)
            propagated = endured.propagated > 0
        else:
            struck = self.strike(site)
            outcome, propagated = self._follow(site, struck)
        return InjectionRecord.of(
            Injection(
                index=index,
                image=self.image,
                stratum=stratum,
                device=self.device,
                site=site,
                struck=struck,
                outcome=outcome,
                propagated=propagated,
            )
        )

    def strike(self, site: FaultSite | MemorySite) -> Strike:
        """Perform the first half of an injection: the struck warp, or word, with its fault."""
        if isinstance(site, MemorySite):
            return upset(self.device.golden, site)
        return strike(self.device, self.runner, site, self.longest(site.launch))

    def endure(
        self,
        site: UnitSite,
        watch: Watch = lambda launch, changes: None,
        rules: Mapping[str, RegionRule] = RULES,
    ) -> Permanent:
        """Run the network with a fault that stays."""
        return endure(
            self.device,
            self.runner,
            site,
            frozenset(self._launches),
            self.longest,
            self.live,
            watch,
            rules,
        )

    def longest(self, launch: int) -> int:
        """Return the most instructions that any thread of a launch executes without a hang.

        Those of the longest thread without fault; of a check, which corrects nothing then, those
        that correct every column of a warp.
        """
        plan, longest = self.device.plan, self._profiles[launch].longest
        if not plan.native:
            return longest
        return max(longest, most_correcting(plan.launches[launch].arguments))

    def _follow(self, site: FaultSite | MemorySite, struck: Strike) -> tuple[Outcome, bool]:
        decided = from_ending(struck.ending)
        if decided is not None:
            return decided, False
        if not struck.changed:
            return Outcome.of("absorbed"), False
        golden, after = self.device.golden, behind(site)
        if is_detected(golden, struck.changed):
            # Whatever follows, natively, comes to its end.
            return Outcome.of("detected"), False
        # What memory holds before a launch was drawn among the words that something reads.
        if isinstance(site, FaultSite):
            live = self.live[after]
            if not any(any_live(live, name, words) for name, (words, _) in struck.changed.items()):
                return Outcome.of("dead"), False
        if self.program is not None:
            ended = self.program.run(after, struck.changed)
            decided = from_ending(ended.ending) if ended.ending else None
            return decided or self.rule(golden.answer, ended.output), True
        result = propagate(golden, self.live, after, struck.changed)
        return reported(self.rule(golden.answer, result.output), result.report), True

    def judge(self, endured: Permanent) -> Outcome:
        """Return what became of the answer with a fault that stays."""
        decided = from_ending(endured.ending)
        if decided is not None:
            return decided
        if endured.changed_words and not endured.live:
            return Outcome.of("dead")
        return reported(self.rule(self.device.golden.answer, endured.output), endured.report)


def behind(site: FaultSite | MemorySite) -> int:
    """Return the launch behind which a fault's words are wrong; -1: before the first."""
    return site.launch - 1 if isinstance(site, MemorySite) else site.launch


def _as_strike(endured: Permanent) -> Strike:
    """Return what records hold of a fault that stays."""
    return Strike(
        ending=endured.ending,
        changed={},
        before=0,
        after=0,
        unrecorded=endured.unrecorded,
        instructions=endured.instructions,
        words=endured.changed_words,
    )
