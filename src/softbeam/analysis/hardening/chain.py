"""The layers of a network with their shares of the damage: as it is, and beside it hardened.

What a page draws as a chain; how it is drawn is in :mod:`softbeam.present.chain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from softbeam.analysis.counts import Counts
from softbeam.analysis.estimation import Estimate
from softbeam.analysis.hardening.beside import difference
from softbeam.analysis.hardening.damage import DAMAGE
from softbeam.analysis.hardening.layers import LayerDamage
from softbeam.analysis.hardening.relative import EVENTS, Relative, Sample
from softbeam.analysis.ratios import Ratio
from softbeam.errors import ResultsError
from softbeam.faults.space import FaultSpaceSize
from softbeam.faults.stratum import WHOLE_NETWORK
from softbeam.kernels.checks import CHECKS
from softbeam.kernels.hardened import base_of, techniques_of

if TYPE_CHECKING:
    from softbeam.analysis.results import Results
    from softbeam.campaign.results.facts import LayerFacts


@dataclass(frozen=True, slots=True)
class LayerShare:
    """A layer, or a program's stage, and what of the damage is in it.

    Attributes
    ----------
    layer : int
        Its number.
    name : str
        What the model calls it; empty where that is not known.
    takes : tuple of int or None
        The layers whose output it reads, -1 for the network's input; None where not known.
    instructions : float or None
        Its share of the thread-instructions in scope; None where they were not counted.
    before : mapping of str to Estimate
        By kind of damage (:data:`softbeam.analysis.hardening.damage.DAMAGE`) its share of all
        damage; `successes` of `n` damaging injections fell in it.
    after : mapping of str to Estimate
        The same of the hardened network, as a part of all damage of the network without
        hardening; empty where none is beside.
    techniques : tuple of str
        How its kernels are hardened, such as ``maxpool: range``.
    """

    layer: int
    name: str
    takes: tuple[int, ...] | None
    instructions: float | None
    before: Mapping[str, Estimate]
    after: Mapping[str, Estimate] = field(default_factory=dict)
    techniques: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hardened:
    """What hardening leaves of the damage, and its cost.

    Attributes
    ----------
    injections : int
        Injections into the hardened network.
    left : mapping of str to Estimate
        By event (:data:`softbeam.analysis.hardening.relative.EVENTS`) its rate as a part of that
        without hardening, more than 1 where there is more; `successes` of `n` injections ended so.
    before : mapping of str to int
        By event how many injections without hardening ended so.
    cost : float or None
        Further thread-instructions, as a part of those in scope without hardening; negative where
        there are fewer, None where they were not counted.
    """

    injections: int
    left: Mapping[str, Estimate]
    before: Mapping[str, int]
    cost: float | None


@dataclass(frozen=True, slots=True)
class ChainPicture:
    """A network's layers in order, with what of the damage is in each.

    Attributes
    ----------
    layers : tuple of LayerShare
        Those that launch something.
    injections : int
        Injections behind the shares, of the network without hardening where there are two.
    seen : mapping of str to int
        Of them those that did damage, by kind.
    hardened : Hardened or None
        What the hardened network is beside it.
    parts : tuple of LayerShare
        Groups of layers, each by the number of its first; empty where none were asked for.
    """

    layers: tuple[LayerShare, ...]
    injections: int
    seen: Mapping[str, int]
    hardened: Hardened | None = None
    parts: tuple[LayerShare, ...] = ()


def chain_picture(
    results: Results,
    unhardened: Results | None = None,
    parts: Sequence[Sequence[int]] = (),
) -> ChainPicture | None:
    """Return a campaign's chain of layers, or that of a hardened network beside the plain one.

    A layer's share of the damage is of all streams of the campaign that have layers, each
    weighing the same; of those that strike instructions alone, where there are any.  What
    hardening leaves is the rate relative to the unhardened network
    (:mod:`softbeam.analysis.hardening.relative`).

    Parameters
    ----------
    results : Results
        The campaign.
    unhardened : Results, optional
        The campaign into the same network without hardening, with the same streams.
    parts : sequence of sequence of int
        Groups of layers that are summed up, too.

    Returns
    -------
    ChainPicture or None
        None where no injection has a layer.

    Raises
    ------
    ResultsError
        If the two campaigns do not compare.
    CampaignError
        If one of them does not say how many places faults have.
    """
    plain = results if unhardened is None else unhardened
    if unhardened is not None:
        check_beside(results, unhardened)
    counts = _in_layers(plain.counts)
    if not counts.n:
        return None
    layers = _layers(plain, results)
    numbers = [layer.number for layer in layers]
    before = {of: LayerDamage.of(counts, of, numbers, plain.seed) for of in DAMAGE}
    relative = hardened = None
    if unhardened is not None:
        struck = _in_layers(results.counts)
        relative = Relative(
            Sample(counts, plain.sizes), Sample(struck, results.sizes), counts.streams()
        )
        rates = {event: relative.rate(event) for event in EVENTS}
        hardened = Hardened(
            struck.n,
            {event: _as_estimate(one, struck.n) for event, one in rates.items()},
            {event: one.second.successes for event, one in rates.items()},
            _more_instructions(results.sizes, plain.sizes),
        )
    executed = _executed(plain.sizes)
    techniques = {one.number: techniques_in(one) for one in results.facts.layers}

    def shares(
        rows: Sequence[_Layer], groups: Sequence[Sequence[int]] | None
    ) -> tuple[LayerShare, ...]:
        own = {
            of: (one if groups is None else one.joined(groups)).shares()
            for of, one in before.items()
        }
        return tuple(
            LayerShare(
                row.number,
                row.name,
                row.takes,
                sum(executed.get(layer, 0.0) for layer in members) if executed else None,
                {of: found[row.number] for of, found in own.items()},
                {} if relative is None else _left(relative, members),
                tuple(dict.fromkeys(one for layer in members for one in techniques.get(layer, ()))),
            )
            for row, members in zip(rows, groups or [(row.number,) for row in rows], strict=True)
        )

    heads = [_Layer(group[0], "", None) for group in parts]
    return ChainPicture(
        shares(layers, None),
        counts.n,
        {of: int(one.damage.place.size) for of, one in before.items()},
        hardened,
        shares(heads, parts) if parts else (),
    )


#: What the fields are called in which two campaigns may differ, where it is another word.
_CALLED = {
    "network": "networks",
    "weights_sha256": "weights",
    "inputs_sha256": "inputs",
    "architecture": "architectures",
    "gemm": "treatments of matrix products (--gemm)",
    "layers": "layers in scope",
    "groups": "groups of opcodes in scope",
}


def check_beside(results: Results, unhardened: Results) -> None:
    """Raise unless two campaigns are of one network, weights and inputs, struck alike.

    Raises
    ------
    ResultsError
        Naming the first thing in which they differ.
    """
    one, other = results.specification, unhardened.specification
    differ = f"campaigns {one.campaign_id[:12]} and {other.campaign_id[:12]} do not compare"
    differs = difference(other, one)
    if differs is not None:
        words = _CALLED.get(differs.field, differs.named)
        raise ResultsError(
            f"{differ}: they have other {words}; name the campaign into the same network "
            "without hardening"
        )
    streams = set(results.counts.streams()) ^ set(unhardened.counts.streams())
    if streams:
        only = min(streams)
        raise ResultsError(
            f"{differ}: only one of them has injections of {only.mode} {only.model}; make both "
            "with the same modes and models"
        )


def techniques_in(layer: LayerFacts) -> tuple[str, ...]:
    """Return how the kernels of a layer are hardened, by their names.

    A hardened kernel is called by its base and its techniques, such as ``maxpool+range``.
    """
    found = []
    for kernel in layer.kernels:
        if techniques := techniques_of(kernel.name):
            found.append(f"{base_of(kernel.name)}: {', '.join(techniques)}")
        elif kernel.name in CHECKS:
            found.append("products: checksum")
    return tuple(dict.fromkeys(found))


class _Layer(NamedTuple):
    """What is known of a layer without any injection."""

    number: int
    name: str
    takes: tuple[int, ...] | None


def _in_layers(counts: Counts) -> Counts:
    """Return the injections that have a layer; into instructions alone, where there are any."""
    code = counts.of_code()
    chosen = code if code.n else counts
    return chosen.where(chosen["layer"] != WHOLE_NETWORK)


def _layers(plain: Results, hardened: Results) -> list[_Layer]:
    """Return the layers that launch something, and those that were struck, in order."""
    struck = {record.layer for one in (plain, hardened) for record in one.records}
    struck |= {one.layer for one in plain.sizes}
    found = {
        number: _Layer(number, plain.layers.get(number, ""), None)
        for number in struck
        if number is not None and number != WHOLE_NETWORK
    }
    for layer in plain.facts.layers:
        if layer.kernels or layer.number in found:
            found[layer.number] = _Layer(layer.number, layer.name, layer.takes)
    return [found[number] for number in sorted(found)]


def _executed(sizes: Iterable[FaultSpaceSize]) -> dict[int, float]:
    """Return by layer its share of the thread-instructions; empty where they were not counted."""
    counted: dict[int, int] = {}
    for one in sizes:
        # RF has a place before every thread-instruction.
        if one.mode == "rf":
            counted[one.layer] = counted.get(one.layer, 0) + one.size
    whole = sum(counted.values())
    return {layer: size / whole for layer, size in counted.items()}


def _more_instructions(
    hardened: Iterable[FaultSpaceSize], plain: Iterable[FaultSpaceSize]
) -> float | None:
    """Return how many more thread-instructions one network executes, as a part of the other's."""
    after, before = (
        sum(one.size for one in sizes if one.mode == "rf") for sizes in (hardened, plain)
    )
    return after / before - 1.0 if after and before else None


def _left(relative: Relative, layers: Sequence[int]) -> dict[str, Estimate]:
    """Return by kind of damage what hardening leaves in some layers."""
    found = {of: relative.left_in(of, layers) for of in DAMAGE}
    return {of: _as_estimate(one, one.first.n) for of, one in found.items()}


def _as_estimate(found: Ratio, n: int) -> Estimate:
    """Return a ratio with the injections into the hardened network that are behind it."""
    return Estimate(found.first.successes, n, found.estimate, found.low, found.high)
