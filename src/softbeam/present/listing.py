"""A kernel's machine code with the fate of the injections at each instruction, and its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from softbeam.analysis.breakdown import Split, by_pc
from softbeam.analysis.counts import Stream
from softbeam.analysis.design import Design
from softbeam.injection.record import InjectionRecord
from softbeam.present.digits import percent

#: Steps of colour; none below the first, so that a colour always means damage.
SHADES = 8


@dataclass(frozen=True, slots=True)
class Fate:
    """The injections of one stream at one instruction, as a page shows them.

    Attributes
    ----------
    n : int
        How many there are.
    text : str
        SDC share and its interval, in percent; empty where n is 0.
    title : str
        The same in words, and the DUEs.
    sdc : float or None
        The SDC share.
    shade : int
        0 to :data:`SHADES`: how strongly it is coloured.
    """

    n: int
    text: str
    title: str
    sdc: float | None
    shade: int


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction.

    Attributes
    ----------
    pc : int
        Byte address.
    sass : str
        The instruction.
    fates : tuple of Fate
        For each stream.
    number, source : int, str
        Line of the CUDA source that it was compiled from, and its text; 0 and empty for none.
    first : bool
        Whether the instruction before belongs to another line.
    """

    pc: int
    sass: str
    fates: tuple[Fate, ...]
    number: int
    source: str
    first: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A kernel's listing; `n` injections struck it."""

    kernel: str
    n: int
    streams: tuple[Stream, ...]
    lines: tuple[Line, ...]


def listing(
    records: Iterable[InjectionRecord],
    kernel: str,
    architecture: str,
    streams: Sequence[Stream],
    design: Design,
) -> Listing:
    """Return the listing of a shipped kernel.

    Parameters
    ----------
    records : iterable of InjectionRecord
        A campaign's injections.
    kernel, architecture : str
        Whose machine code.
    streams : sequence of Stream
        Streams to show, in this order.
    design : Design
        How the injections were drawn.
    """
    from softbeam.kernels import program, source, source_lines

    struck = by_pc(records, kernel, design)
    text = source(kernel).splitlines()
    numbers = source_lines(kernel, architecture)
    lines, before = [], 0
    for instruction, number in zip(
        program(kernel, architecture).function.instructions, numbers, strict=True
    ):
        fates = tuple(fate(struck.get(stream, {}).get(instruction.pc)) for stream in streams)
        lines.append(
            Line(
                instruction.pc,
                str(instruction),
                fates,
                number,
                text[number - 1].strip() if number else "",
                number != before,
            )
        )
        before = number
    n = sum(fate.n for line in lines for fate in line.fates)
    return Listing(kernel, n, tuple(streams), tuple(lines))


def fate(found: Split[int] | None) -> Fate:
    """Return what became of the injections at an instruction."""
    if found is None:
        return Fate(0, "", "never struck", None, 0)
    sdc, due = found.ended["SDC"], found.ended["DUE"]
    title = (
        f"{found.n} injections; SDC {sdc.successes}: {percent(sdc, 0)} %; "
        f"DUE {due.successes}: {percent(due, 0)} %"
    )
    shade = min(SHADES, -(-sdc.successes * SHADES // found.n))
    return Fate(found.n, percent(sdc, 0), title, sdc.estimate, shade)
