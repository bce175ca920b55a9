"""One injection from its name to its record: draw, strike, propagate, classify."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from softbeam.emulator.launching import Runner
from softbeam.faults.drawing import draw_site
from softbeam.faults.randomness import Draws
from softbeam.faults.site import FaultSite
from softbeam.faults.space import FaultSpace
from softbeam.faults.stratum import Stratum
from softbeam.injection.classification import Outcome, from_ending
from softbeam.injection.detection import Rule, rule_for
from softbeam.injection.liveness import any_live, live_words
from softbeam.injection.programs import ProgramPropagation
from softbeam.injection.propagation import propagate
from softbeam.injection.record import Injection, InjectionRecord
from softbeam.injection.strike import Strike, strike
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
        rule: Rule | None = None,
    ) -> None:
        self.device = device
        self.runner = Runner()
        self._profiles = profiles
        self._launches = tuple(launches)
        self._campaign = campaign
        self._fault_semantics = fault_semantics
        self._groups = None if groups is None else tuple(groups)
        self.image = image
        self.rule = rule or rule_for(device.plan)
        self._spaces: dict[tuple[str, str], FaultSpace] = {}
        self._live = live_words(device.plan)
        self._program = (
            ProgramPropagation(device, self.runner)
            if isinstance(device.plan, ProgramPlan)
            else None
        )

    def space(self, mode: str, stratum: str = "") -> FaultSpace:
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
            launches = [
                number
                for number in self._launches
                if stratum in ("", stratum_of(self.device.plan.launches[number]))
            ]
            self._spaces[key] = FaultSpace(
                self.device, self._profiles, mode, launches, self._groups
            )
        return self._spaces[key]

    def site(self, mode: str, model: str, index: int, stratum: str = "") -> FaultSite:
        """Return the fault that injection `index` of a stream is."""
        draws = Draws(self._campaign, mode, model, stratum, index)
        space = self.space(mode, stratum)
        return draw_site(self.device, self.runner, space, model, draws, self._fault_semantics)

    def inject(self, mode: str, model: str, index: int, stratum: str = "") -> InjectionRecord:
        """Perform one injection.

        Returns
        -------
        InjectionRecord
            Depends on the campaign's id, mode, model, stratum and index alone.
        """
        return self.inject_site(self.site(mode, model, index, stratum), index, stratum)

    def inject_site(self, site: FaultSite, index: int, stratum: str = "") -> InjectionRecord:
        """Perform the injection of a given fault, recorded under `index`."""
        struck = self.strike(site)
        outcome, propagated = self._follow(site, struck)
        return InjectionRecord.of(
            Injection(
                index=index,
                image=self.image,
                stratum=stratum,
                architecture=self.device.architecture,
                site=site,
                launch=self.device.plan.launches[site.launch],
                emulated=self.device.launch(site.launch),
                struck=struck,
                outcome=outcome,
                propagated=propagated,
            )
        )

    def strike(self, site: FaultSite) -> Strike:
        """Perform the first half of an injection: the struck warp, with its fault."""
        return strike(self.device, self.runner, site, self.longest(site.launch))

    def longest(self, launch: int) -> int:
        """Return the most instructions that any thread of a launch executes without fault."""
        return self._profiles[launch].longest

    def _follow(self, site: FaultSite, struck: Strike) -> tuple[Outcome, bool]:
        decided = from_ending(struck.ending)
        if decided is not None:
            return decided, False
        live = self._live[site.launch]
        if not struck.changed:
            return Outcome.of("absorbed"), False
        if not any(any_live(live, name, words) for name, (words, _) in struck.changed.items()):
            return Outcome.of("dead"), False
        golden = self.device.golden
        if self._program is not None:
            ended = self._program.run(site.launch, struck.changed)
            decided = from_ending(ended.ending) if ended.ending else None
            return decided or self.rule(golden.answer, ended.output), True
        result = propagate(golden, self._live, site.launch, struck.changed)
        return self.rule(golden.answer, result.output), True
