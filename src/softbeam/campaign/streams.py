"""Streams: which injections there are, by name, and how a request divides among strata.

Uniform sampling has one stream for each mode and model.  Stratified sampling has one for each
kernel of each layer besides; rare kernels get more than their share, and the estimates weight them
by the exact sizes of the fault spaces (:mod:`softbeam.analysis`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, sqrt

from softbeam.campaign.specification import CampaignSpecification
from softbeam.errors import CampaignError
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import Stratum

#: Least injections in a stratum, however rare it is.
LEAST = 10


@dataclass(frozen=True, slots=True, order=True)
class StreamKey:
    """A stream: mode, bit-flip model, and stratum ``LAYER/KERNEL`` (empty: all of the scope)."""

    mode: str
    model: str
    stratum: str = ""

    @property
    def place(self) -> Stratum | None:
        """The layer and kernel of its stratum; None if it has none."""
        return Stratum.read(self.stratum) if self.stratum else None


@dataclass(frozen=True, slots=True, order=True)
class InjectionName:
    """What tells an injection apart within its campaign: its stream, and its index there."""

    mode: str
    model: str
    stratum: str
    index: int

    def __str__(self) -> str:
        return " ".join(filter(None, (self.mode, self.model, self.stratum, str(self.index))))


@dataclass(frozen=True, slots=True, order=True)
class InferenceName:
    """What tells an inference with several faults apart: mode, model, load and index."""

    mode: str
    model: str
    load: str
    index: int

    def __str__(self) -> str:
        faults = f"{self.load} faults" if self.load.isdecimal() else f"rate {self.load}"
        return f"{self.mode} {self.model} {faults} {self.index}"


#: What is done in one task of a campaign.
Name = InjectionName | InferenceName


@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts of a campaign that are made apart and joined afterwards.

    Attributes
    ----------
    number, of : int
        Which part, from 1 on, of how many.

    Examples
    --------
    >>> Part(2, 3).indexes(8)
    range(1, 8, 3)
    """

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise CampaignError(f"there is no part {self.number} of {self.of}")

    def indexes(self, injections: int) -> range:
        """Return the part's share of the first injections of a stream."""
        return range(self.number - 1, injections, self.of)


def strata_sizes(sizes: Iterable[FaultSpaceSize], mode: str) -> dict[str, int]:
    """Return how many places a mode has in each stratum, all inputs together."""
    strata: dict[str, int] = {}
    for one in sizes:
        if one.mode == mode:
            name = f"{one.layer}/{one.kernel}"
            strata[name] = strata.get(name, 0) + one.size
    return strata


def allocate(injections: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Divide injections among strata, by the square roots of their sizes.

    A compromise between equal precision in each stratum and the best precision of the whole, known
    as power allocation (M. D. Bankier, "Power allocations: determining sample sizes for
    subnational areas", The American Statistician 42, 1988, doi:10.1080/00031305.1988.10475556).

    Parameters
    ----------
    injections : int
        How many in all; rounding up and :data:`LEAST` in each can make them more.
    sizes : mapping of str to int
        Places in each stratum.

    Returns
    -------
    dict of str to int
        For each stratum its injections, which never fall when `injections` grows.

    Examples
    --------
    >>> allocate(100, {"0/fill": 900, "26/softmax": 1})
    {'0/fill': 97, '26/softmax': 10}
    """
    whole = sum(sqrt(size) for size in sizes.values())
    return {name: max(LEAST, ceil(injections * sqrt(size) / whole)) for name, size in sizes.items()}


def requested(
    specification: CampaignSpecification, sizes: Iterable[FaultSpaceSize]
) -> dict[StreamKey, int]:
    """Return how many injections of each stream a specification asks for, targets left out."""
    sizes = tuple(sizes)
    counts: dict[StreamKey, int] = {}
    for stream in specification.streams:
        if specification.sampling == "uniform":
            counts[StreamKey(stream.mode, stream.model)] = stream.injections
            continue
        for stratum, number in allocate(
            stream.injections, strata_sizes(sizes, stream.mode)
        ).items():
            counts[StreamKey(stream.mode, stream.model, stratum)] = number
    return counts
