"""What is measured of techniques, as facts.

Two things are measured.  A technique that acts on what a struck launch leaves (clamping it,
checking a product) or that leaves the launch out is *replayed*: the recorded injection that did
damage strikes again, and what it left goes on through a network with the technique.  A technique
that changes the struck code has no such place any more; its own machine code is *struck*, with
faults that are drawn from its own fault space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from softbeam.faults.stratum import Stratum
from softbeam.injection.record import InjectionRecord

#: Version of how effects are measured; kept ones of another version are measured again.
EFFECTS_SEMANTICS = 1

#: Techniques that act together on one kernel of one layer, in canonical order; none: as it is.
Technique = tuple[str, ...]

#: The code as it is.
PLAIN: Technique = ()


class Remedy(NamedTuple):
    """A technique on one kernel of one layer.

    Attributes
    ----------
    place : Stratum
        The layer and the (unhardened) kernel.
    technique : tuple of str
        What is done there, such as ``("range", "bounds")``.

    Examples
    --------
    >>> str(Remedy(Stratum(3, "maxpool"), ("range", "bounds")))
    'maxpool@3=range+bounds'
    >>> Remedy.read("maxpool@3=range+bounds").technique
    ('range', 'bounds')
    """

    place: Stratum
    technique: Technique

    def __str__(self) -> str:
        return f"{self.place.kernel}@{self.place.layer}={'+'.join(self.technique)}"

    @classmethod
    def read(cls, text: str) -> Remedy:
        """Return the remedy that a rule's text is.

        Raises
        ------
        ValueError
            If it is none.
        """
        where, _, how = text.partition("=")
        kernel, _, layer = where.rpartition("@")
        if not (kernel and how):
            raise ValueError(f"{text!r} is no rule of one kernel in one layer")
        return cls(Stratum(int(layer), kernel), tuple(how.split("+")))


class Ended(NamedTuple):
    """How an injection ends: outcome and detail, as of :mod:`softbeam.injection.outcomes`."""

    outcome: str
    detail: str

    @property
    def is_due(self) -> bool:
        """Whether the inference crashes or hangs; what a network itself reports is no damage."""
        return self.outcome == "DUE" and self.detail != "detected"

    @property
    def is_damage(self) -> bool:
        """Whether it is damage of any kind: a silent error, a crash or a hang."""
        return self.outcome == "SDC" or self.is_due


@dataclass(frozen=True, slots=True, order=True)
class Struck:
    """The injection that was made: in which code, and its name among those drawn there.

    Attributes
    ----------
    place : Stratum
        The struck layer and (unhardened) kernel; of a check its own kernel's name.
    technique : tuple of str
        What the struck code was hardened with; empty: the campaign's own code.
    mode, model, stratum : str
        Of the stream that it was drawn in.
    index : int
        Its number there.
    """

    place: Stratum
    technique: Technique
    mode: str
    model: str
    stratum: str
    index: int

    @classmethod
    def of(cls, record: InjectionRecord) -> Struck:
        """Return the injection that a campaign's record is of."""
        place = Stratum(record.layer, record.kernel)
        return cls(place, PLAIN, record.mode, record.model, record.stratum, record.index)


@dataclass(frozen=True, slots=True)
class Damaging:
    """An injection that did damage, and what remedies elsewhere make of it.

    Attributes
    ----------
    struck : Struck
        The injection.
    launch : int
        The launch of the unhardened plan that it struck, or whose result it checked.
    ended : Ended
        How it ends without any of them.
    with_remedy : mapping of Remedy to Ended
        How it ends with one of them, where that is another end; all others leave it as it is.
    """

    struck: Struck
    launch: int
    ended: Ended
    with_remedy: Mapping[Remedy, Ended] = field(default_factory=dict)


class Sample(NamedTuple):
    """Where injections were drawn: one stream in one piece of hardened code."""

    place: Stratum
    technique: Technique
    mode: str
    model: str


class Exposure(NamedTuple):
    """Where faults of a mode can strike: one piece of hardened code, with one of the inputs."""

    place: Stratum
    technique: Technique
    mode: str
    image: int


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that was measured of the techniques in a campaign.

    Attributes
    ----------
    campaign : str
        The campaign's id.
    limits : str
        SHA-256 of the limits that ranges were clamped to.
    kernels : str
        SHA-256 of the shipped machine code, by which other code is noticed.
    techniques : frozenset of tuple of str
        Those that were measured, wherever they can be applied.
    replayed : frozenset of Struck
        Every recorded injection that was replayed.
    checked : frozenset of Struck
        Those of them that were carried through the checks of products behind them.
    damaging : tuple of Damaging
        The injections that did damage, recorded ones and those in hardened code, sorted.
    struck : mapping of Sample to int
        Injections that were made in hardened code, of the indexes from 0.
    sizes : mapping of Exposure to int
        Places of each mode in hardened code, counted exactly; of launches that inference needs.
    unneeded : frozenset of int
        Launches of the unhardened plan that inference does not need (`lean`).
    dropped : mapping of Exposure to int
        Places of these, of a technique that is empty.
    """

    campaign: str
    limits: str
    kernels: str
    techniques: frozenset[Technique] = frozenset()
    replayed: frozenset[Struck] = frozenset()
    checked: frozenset[Struck] = frozenset()
    damaging: tuple[Damaging, ...] = ()
    struck: Mapping[Sample, int] = field(default_factory=dict)
    sizes: Mapping[Exposure, int] = field(default_factory=dict)
    unneeded: frozenset[int] = frozenset()
    dropped: Mapping[Exposure, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # In one order, so that equal effects are written as equal texts.
        damaging = tuple(sorted(self.damaging, key=lambda one: one.struck))
        object.__setattr__(self, "damaging", damaging)

    def fits(self, other: Effects) -> bool:
        """Return whether both are of the same campaign, limits and machine code."""
        return (self.campaign, self.limits, self.kernels) == (
            other.campaign,
            other.limits,
            other.kernels,
        )

    def grown(self, **found: Any) -> Effects:
        """Return what is known with what was found of the same campaign, by field."""
        return self.joined(
            Effects(campaign=self.campaign, limits=self.limits, kernels=self.kernels, **found)
        )

    def joined(self, other: Effects) -> Effects:
        """Return what was measured in either, of one campaign.

        Raises
        ------
        ValueError
            If they do not fit each other.
        """
        if not self.fits(other):
            raise ValueError("effects of different campaigns, limits or code do not add up")
        every: dict[Struck, Damaging] = {}
        for one in (*self.damaging, *other.damaging):
            before = every.get(one.struck, one)
            remedies = {**before.with_remedy, **one.with_remedy}
            every[one.struck] = replace(one, with_remedy=remedies)
        struck = dict(self.struck)
        for sample, number in other.struck.items():
            struck[sample] = max(number, struck.get(sample, 0))
        return Effects(
            campaign=self.campaign,
            limits=self.limits,
            kernels=self.kernels,
            techniques=self.techniques | other.techniques,
            replayed=self.replayed | other.replayed,
            checked=self.checked | other.checked,
            damaging=tuple(every.values()),
            struck=struck,
            sizes={**self.sizes, **other.sizes},
            unneeded=self.unneeded | other.unneeded,
            dropped={**self.dropped, **other.dropped},
        )
