"""One campaign as a side of a comparison: its streams pooled, its places, its shares by place.

A comparison needs of each campaign the share of its faults that end in some way, in all or in a
layer or kernel, and how many places its faults have.  Kernels go by the name of the kernel that
they are a variant of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.design import Design, Place, Stratum
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.factors import Item
from softbeam.analysis.proportion import exact_of
from softbeam.faults.space import FaultSpaceSize
from softbeam.kernels.hardened import base_of

#: In the place of mode and model of pooled streams.
POOLED = "all"


def places_of(sizes: Iterable[FaultSpaceSize]) -> dict[str, dict[Item, float]]:
    """Return by mode how many places each kernel of each layer has in one inference.

    Parameters
    ----------
    sizes : iterable of FaultSpaceSize
        Of each input.

    Returns
    -------
    dict
        The mean over the inputs; a variant's places are its base kernel's.

    Examples
    --------
    >>> sizes = [FaultSpaceSize(0, "rf", 0, "maxpool", 3), FaultSpaceSize(0, "rf", 0, "fill", 1)]
    >>> places_of(sizes)["rf"][Item(0, "maxpool")]
    3.0
    """
    sizes = tuple(sizes)
    images = {one.image for one in sizes}
    found: dict[str, dict[Item, float]] = {}
    for one in sizes:
        own = found.setdefault(one.mode, {})
        item = Item(one.layer, base_of(one.kernel))
        own[item] = own.get(item, 0.0) + one.size / len(images)
    return found


class Side:
    """The injections of one campaign into one or more streams, each with a weight.

    Parameters
    ----------
    counts : Counts
        The campaign's injections, with their design.
    places : mapping
        As of :func:`places_of`.
    weights : mapping of Stream to float
        What each stream weighs; others are left out.  They need not add up to 1.
    """

    def __init__(
        self,
        counts: Counts,
        places: Mapping[str, Mapping[Item, float]],
        weights: Mapping[Stream, float],
    ) -> None:
        self.weights = dict(weights)
        self._places = places
        streams = list(zip(counts["mode"].tolist(), counts["model"].tolist(), strict=True))
        inside = np.array([Stream(*one) in self.weights for one in streams], dtype=np.bool_)
        #: The injections of these streams.
        self.counts = counts.where(inside)
        bases = [base_of(kernel) for kernel in self.counts["kernel"].tolist()]
        self._bases = np.array(bases, dtype=np.object_)

    @property
    def n(self) -> int:
        """Injections of these streams."""
        return self.counts.n

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes of these streams."""
        return tuple(dict.fromkeys(stream.mode for stream in self.weights))

    def cells(self, mode: str) -> tuple[Item, ...]:
        """Return the kernels in layers in which a mode has places."""
        return tuple(self._places.get(mode, {}))

    def places(self, item: Item) -> float:
        """Return how many places of these streams' modes are in an item, in one inference."""
        return sum(
            size
            for mode in self.modes
            for cell, size in self._places.get(mode, {}).items()
            if _holds(item, cell)
        )

    def share(self, numerator: Mask, item: Item) -> Share:
        """Return the share, of all faults of these streams, of those in an item that end so.

        Parameters
        ----------
        numerator : numpy.ndarray of bool
            Rows of :attr:`counts`.
        item : Item
            A layer, a kernel, both, or with nothing set everything.
        """
        if item == Item():
            return self._estimator.share(numerator)
        if not self.counts.design.stratified:
            return self._estimator.share(numerator & self.within(item))
        return self._estimator.joint(numerator, self._place(item))

    def share_in(self, numerator: Mask, layers: Sequence[int]) -> Share:
        """Return the share, of all faults of these streams, of those in some layers that end so."""
        if not self.counts.design.stratified:
            return self._estimator.share(numerator & np.isin(self.counts["layer"], layers))
        return self._estimator.joint(numerator, Place(tuple(layers)))

    def part(self, numerator: Mask, item: Item) -> Share:
        """Return the share, of all faults that end so, of those in an item."""
        return self._estimator.share(numerator & self.within(item), numerator)

    def within(self, item: Item) -> Mask:
        """Return the rows whose injections fell in an item."""
        here = self.counts.everywhere()
        if item.layer is not None:
            here &= self.counts["layer"] == item.layer
        if item.kernel is not None:
            here &= self._bases == item.kernel
        return here

    def _place(self, item: Item) -> Place:
        layers = None if item.layer is None else (item.layer,)
        if item.kernel is None:
            return Place(layers)
        strata = self._pooled.design.weights[self._pooled["mode"][0]]
        kernels = {kernel for _, kernel in strata if base_of(_own(kernel)) == item.kernel}
        return Place(layers, tuple(sorted(kernels)))

    @cached_property
    def _estimator(self) -> Estimator:
        return Estimator(self._pooled, interval=exact_of)

    @cached_property
    def _pooled(self) -> Counts:
        if len(self.weights) == 1:
            return self.counts
        return pooled(self.counts, self.weights)


def pooled(counts: Counts, weights: Mapping[Stream, float]) -> Counts:
    """Return injections of several streams as a stratified sample of one, the streams being strata.

    So their shares add up with the streams' weights, and an input counts as one cluster in all
    streams, as it may be fragile in all of them.

    Parameters
    ----------
    counts : Counts
        Of these streams, with their design.
    weights : mapping of Stream to float
        What each stream weighs.

    Returns
    -------
    Counts
        The same rows; strata are streams, or kernels of layers in streams where these were drawn
        from apart.  A stratum's kernel has the stream's number before it.
    """
    design, whole = counts.design, sum(weights.values())
    number = {stream: place for place, stream in enumerate(weights)}
    strata: dict[Stratum, float] = {}
    for stream, weight in weights.items():
        own = design.weights[stream.mode] if design.stratified else {(0, ""): 1.0}
        for (layer, kernel), share in own.items():
            strata[layer, _named(number[stream], kernel)] = share * weight / whole
    rows = zip(counts["mode"].tolist(), counts["model"].tolist(), strict=True)
    numbers = [number[Stream(*row)] for row in rows]
    kernels: Sequence[str] = counts["kernel"].tolist() if design.stratified else [""] * len(numbers)
    columns = dict(counts.columns)
    columns["mode"] = np.full(len(numbers), POOLED, dtype=np.object_)
    columns["model"] = columns["mode"]
    named = [_named(one, kernel) for one, kernel in zip(numbers, kernels, strict=True)]
    columns["kernel"] = np.array(named, dtype=np.object_)
    if not design.stratified:
        columns["layer"] = np.zeros(len(numbers), dtype=np.int64)
    return Counts(
        columns, counts.numbers, Design(True, design.images, {POOLED: strata}, design.answers)
    )


def _named(number: int, kernel: str) -> str:
    return f"{number}/{kernel}"


def _own(kernel: str) -> str:
    """Return a stratum's kernel, without the number of its stream where it has one."""
    number, slash, rest = kernel.partition("/")
    return rest if slash and number.isdecimal() else kernel


def _holds(item: Item, cell: Item) -> bool:
    return item.layer in (None, cell.layer) and item.kernel in (None, cell.kernel)
