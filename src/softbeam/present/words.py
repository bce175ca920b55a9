"""Names of modes, kernels and shares as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.factors import Item
from softbeam.analysis.paper.checklist import KERNELS
from softbeam.campaign.results.facts import ScopeFacts
from softbeam.faults.modes import MODES, mode_order
from softbeam.present.digits import part, significant

if TYPE_CHECKING:
    from softbeam.network.hardening.limits import Limits


def stream_order(stream: Stream) -> tuple[int, str, str]:
    """Return what streams are sorted by: the paper's order of modes, then by model."""
    return (*mode_order(stream.mode), stream.model)


def follows(mode: str) -> bool:
    """Return whether a mode's faults can be never read."""
    return mode in MODES and MODES[mode].follows


def stream_title(stream: Stream) -> str:
    """Return a stream's name, such as ``RF, register file, single-bit``."""
    mode = MODES.get(stream.mode)
    return f"{stream.mode if mode is None else mode.heading}, {stream.model}"


def part_of(mode: str) -> str:
    """Return what divides a layer, or the network, in a mode's tables: such as ``kernel``."""
    return MODES[mode].part if mode in MODES else "kernel"


def in_layers(stream: Stream) -> bool:
    """Return whether a stream's faults are in layers, and not in the network as a whole."""
    return stream.mode not in MODES or MODES[stream.mode].space != "units"


def left_out(unread: Mapping[str, tuple[int, int]], mode: str) -> str:
    """Return in a sentence what a mode's fault space leaves out; empty if it is not known.

    Parameters
    ----------
    unread : mapping of str to (int, int)
        By mode its places, and what is known to change nothing and left out.
    mode : str
        The mode.
    """
    if mode not in unread or mode not in MODES:
        return ""
    size, rest = unread[mode]
    share = significant(size / (size + rest))
    if MODES[mode].space == "memory":
        return (
            f"{mode}: drawn from the {share} % of the words of these buffers, launch by "
            "launch, that something reads later; a fault in any other is Masked, and not among "
            "these injections."
        )
    return (
        f"{mode}: drawn from the {share} % of these opcodes' units, by multiprocessor and "
        "lane, whose multiprocessor gets a block that executes the opcode; a fault in any other "
        "is Masked, and not among these injections."
    )


def kernel_title(kernel: str) -> str:
    """Return a kernel's name as the paper writes it, such as ``Im2col``."""
    return kernel[:1].upper() + kernel[1:]


def kernel_order(kernel: str) -> tuple[int, str]:
    """Return what kernels are sorted by: the paper's order, then by name."""
    place = KERNELS.index(kernel) if kernel in KERNELS else len(KERNELS)
    return (place, kernel)


def unfinished(counts: Counts) -> str:
    """Return what a stratified campaign lacks that was stopped; empty if it lacks nothing."""
    parts = []
    for stream in counts.streams():
        undrawn = counts.undrawn(stream)
        if undrawn:
            of = len(counts.design.weights[stream.mode])
            parts.append(
                f"{stream.mode.upper()} {stream.model} has no injection yet in {len(undrawn)} of "
                f"{of} kernels in layers, {part(sum(undrawn.values()))} % of its fault space"
            )
    if not parts:
        return ""
    return (
        f"Not complete: {'; '.join(parts)}. Shares of all are of the rest only. The same softbeam "
        "campaign command goes on."
    )


def hardened(rules: str | None, limits: Limits | None) -> str:
    """Return how a network is hardened, in a sentence; empty if it is not.

    Parameters
    ----------
    rules : str or None
        Its rules.
    limits : Limits or None
        Its limits, where it is clamped.

    Examples
    --------
    >>> hardened("lean, maxpool=range", None), hardened(None, None)
    ('The network is hardened: lean, maxpool=range.', '')
    """
    if rules is None:
        return ""
    said = f"The network is hardened: {rules}."
    if limits is not None:
        number = len(limits.inputs_sha256)
        said += f" Limits are those of {number:,} calibration image{'s' * (number != 1)}"
        said += f", {100 * limits.margin:g} % wider to either side." if limits.margin else "."
    return said


def in_scope(scope: ScopeFacts, inputs: int = 1) -> str:
    """Return which part of the executed instructions a campaign can strike, in a sentence.

    Parameters
    ----------
    scope : ScopeFacts
        Instructions of the inferences of all inputs together.
    inputs : int
        How many inputs there are.

    Examples
    --------
    >>> in_scope(ScopeFacts(executed=1200, in_scope=1200), 3)
    'In scope are all 1,200 thread-instructions executed for 3 inputs, those of matrix products \
too.'
    >>> in_scope(ScopeFacts(executed=1200, in_scope=1200))
    'In scope are all 1,200 executed thread-instructions, those of matrix products too.'
    >>> in_scope(ScopeFacts(executed=1200, in_scope=300))
    'In scope are 300 of 1,200 executed thread-instructions, 25.0 %.'
    >>> in_scope(ScopeFacts(executed=300, in_scope=300, left_out=900))
    "In scope are 300 thread-instructions, at most 25.0 % of those executed: matrix products, \
900 multiply-adds, are a library's and left out."
    """
    several = f" for {inputs:,} inputs" if inputs > 1 else ""
    executed = (
        f"thread-instructions executed{several}" if several else "executed thread-instructions"
    )
    if scope.left_out:
        return (
            f"In scope are {scope.in_scope:,} thread-instructions, at most {part(scope.share)} % "
            f"of those executed{several}: matrix products, {scope.left_out:,} multiply-adds, are a "
            "library's and left out."
        )
    if scope.in_scope == scope.executed:
        return f"In scope are all {scope.executed:,} {executed}, those of matrix products too."
    return (
        f"In scope are {scope.in_scope:,} of {scope.executed:,} {executed}, {part(scope.share)} %."
    )


def runs(numbers: Iterable[int]) -> str:
    """Return numbers with runs drawn together.

    Examples
    --------
    >>> runs([0, 2, 3, 4, 7])
    '0, 2–4, 7'
    """
    groups: list[list[int]] = []
    for number in sorted(numbers):
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return ", ".join(
        str(group[0]) if len(group) == 1 else f"{group[0]}–{group[-1]}" for group in groups
    )


def items(named: Sequence[Item]) -> str:
    """Return layers, kernels, or kernels in layers, as one reads them out.

    Examples
    --------
    >>> items([Item(0, "im2col"), Item(1, "im2col"), Item(0, "fill")])
    'fill in layer 0; im2col in layers 0–1'
    >>> items([Item(0), Item(1), Item(4)])
    'layers 0–1, 4'
    """
    if not named:
        return "nothing"
    layers: dict[str, list[int]] = {}
    for item in named:
        layers.setdefault(item.kernel or "", [])
        if item.layer is not None:
            layers[item.kernel or ""].append(item.layer)
    parts = []
    for kernel in sorted(layers, key=kernel_order):
        where = f"layer{'s' * (len(layers[kernel]) > 1)} {runs(layers[kernel])}"
        if layers[kernel]:
            parts.append(f"{kernel} in {where}" if kernel else where)
        else:
            parts.append(kernel)
    return "; ".join(parts)
