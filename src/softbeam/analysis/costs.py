"""What an inference executes and moves, by layer and kernel, from what a campaign counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from softbeam.analysis.factors import By, Item
from softbeam.analysis.roofline import Estimate, Gpu, estimate
from softbeam.campaign.results.facts import WorkFacts
from softbeam.kernels.hardened import base_of


@dataclass(frozen=True, slots=True)
class Cost:
    """What some launches cost in one inference, the mean over a campaign's inputs.

    Attributes
    ----------
    launches : float
        Launches.
    instructions, executed : float
        Dynamic thread-instructions, predicated-off ones too, and without them.
    loaded, stored : float
        Bytes that threads ask of global memory and give to it.
    touched : float
        Bytes of the words that are read or written, each once a launch.
    """

    launches: float = 0.0
    instructions: float = 0.0
    executed: float = 0.0
    loaded: float = 0.0
    stored: float = 0.0
    touched: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def moved(self) -> float:
        """Bytes that threads ask for and give, together."""
        return self.loaded + self.stored


def costs_by(work: Iterable[WorkFacts], inputs: int, by: By | None = None) -> dict[Item, Cost]:
    """Return what each layer, kernel or kernel in a layer costs; by default everything together.

    Parameters
    ----------
    work : iterable of WorkFacts
        A campaign's facts.
    inputs : int
        How many inputs it has, over which they are sums.
    by : By, optional
        What a row is; a variant of a kernel goes by the kernel's name.
    """
    found: dict[Item, Cost] = {}
    for one in work:
        item = Item() if by is None else Item(one.layer, base_of(one.kernel)).by(by)
        cost = Cost(
            one.launches,
            *(getattr(one, name) / inputs for name in ("instructions", "executed")),
            *(getattr(one, name) / inputs for name in ("loaded", "stored", "touched")),
        )
        found[item] = found.get(item, Cost()) + cost
    return found


def time_of(work: Iterable[WorkFacts], inputs: int, gpu: Gpu) -> Estimate:
    """Return the roofline estimate of the time of one inference, of what is known of it."""
    return estimate(((one, one.launches) for one in work), gpu, inputs)
