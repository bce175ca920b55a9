"""The sampling design of a campaign: what an injection stands for.

With uniform sampling and one input every injection stands for as many places as any other, and a
share is a proportion.  With strata it stands for more where its stratum is large; with several
inputs those of one input resemble each other.  How estimates follow from that is
in :mod:`softbeam.analysis.estimation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from softbeam.faults.space import FaultSpaceSize

#: A stratum: a kernel in a layer.
Stratum = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Whole strata: some layers, some kernels, or some kernels in some layers.

    Attributes
    ----------
    layers : tuple of int, or None
        The layers; None for all.
    kernels : tuple of str, or None
        The kernels; None for all.
    """

    layers: tuple[int, ...] | None = None
    kernels: tuple[str, ...] | None = None

    def holds(self, stratum: Stratum) -> bool:
        """Return whether a stratum lies in it."""
        layer, kernel = stratum
        return (self.layers is None or layer in self.layers) and (
            self.kernels is None or kernel in self.kernels
        )


@dataclass(frozen=True, slots=True)
class Design:
    """How a campaign's injections were drawn.

    Attributes
    ----------
    stratified : bool
        Whether each kernel of each layer was drawn from apart.
    images : int
        Inputs of the campaign.
    weights : mapping of str to mapping of (int, str) to float
        By mode, the exact share of each kernel of each layer in the fault space, the mean over
        the inputs; these add up to 1.
    answers : str
        What the network's answers were taken for, which says into what outcomes are divided; empty
        where that is not known.
    reports : bool
        Whether it is a hardened network that reports what its checks find.
    """

    stratified: bool = False
    images: int = 1
    weights: Mapping[str, Mapping[Stratum, float]] = field(default_factory=dict)
    answers: str = ""
    reports: bool = False

    @property
    def is_simple(self) -> bool:
        """Whether a share is a proportion of independent draws."""
        return not self.stratified and self.images == 1


def exposures(sizes: Iterable[FaultSpaceSize]) -> dict[str, dict[Stratum, float]]:
    """Return by mode the share of each kernel of each layer in the fault space.

    Parameters
    ----------
    sizes : iterable of FaultSpaceSize
        For each input, mode, layer and kernel the number of places.

    Returns
    -------
    dict
        The mean over the inputs of the shares in each input's own fault space.

    Examples
    --------
    >>> exposures([FaultSpaceSize(0, "rf", 0, "fill", 3), FaultSpaceSize(0, "rf", 1, "fill", 1)])
    {'rf': {(0, 'fill'): 0.75, (1, 'fill'): 0.25}}
    """
    sizes = tuple(sizes)
    whole: dict[tuple[str, int], int] = {}
    for one in sizes:
        whole[one.mode, one.image] = whole.get((one.mode, one.image), 0) + one.size
    shares: dict[str, dict[Stratum, float]] = {}
    for one in sizes:
        images = sum(1 for mode, _ in whole if mode == one.mode)
        share = one.size / whole[one.mode, one.image] / images
        of_mode = shares.setdefault(one.mode, {})
        of_mode[one.layer, one.kernel] = of_mode.get((one.layer, one.kernel), 0.0) + share
    return shares
