"""What a table is: columns that know how their values are written, and rows of values.

A table is made once, from values and not from texts.  :mod:`softbeam.present.rich` prints it,
:mod:`softbeam.present.html` puts it on a page, :mod:`softbeam.present.csv` writes every digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from softbeam.present.digits import DASH, USUAL, part, span
from softbeam.text import visible


class Style(NamedTuple):
    """What differs between a terminal and a page: between thousands, and in place of nothing."""

    thousands: str
    nothing: str


TERMINAL, PAGE = Style("", "-"), Style(",", DASH)

#: Returns the text of a value that is there.
Write = Callable[[Any, Style], str]


class Ranked(NamedTuple):
    """A text with a place of its own among others, by which a page sorts."""

    text: str
    rank: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
        In a file; of a column of intervals, whose ends are written too, as ``name_low`` and
        ``name_high``.
    title : str, optional
        For a reader; by default the name.
    unit : str
        Of what a reader sees, such as ``%``; in a file a share is a part of one.
    group : str
        What neighbouring columns are together about.
    numeric : bool
        Whether it stands at the right and sorts by number.
    wraps : bool
        Whether a terminal may break its lines.
    interval : bool
        Whether its values are estimates with intervals.
    of : str
        Of a column of intervals: the name in a file under which the number of injections is
        written; empty to leave it out.
    write : callable
        Chooses the digits.
    """

    name: str
    title: str | None = None
    unit: str = ""
    group: str = ""
    numeric: bool = False
    wraps: bool = False
    interval: bool = False
    of: str = ""
    write: Write = field(default=lambda value, style: str(value), repr=False)

    def text(self, value: Any, style: Style) -> str:
        """Return what a reader sees of a value; a text is shown as it is, made visible."""
        if value is None or (self.interval and not getattr(value, "n", 1)):
            return style.nothing
        if isinstance(value, str):
            return visible(value)
        if isinstance(value, Ranked):
            return visible(value.text)
        return self.write(value, style)

    @property
    def heading(self) -> str:
        """What stands above its values, without the group."""
        title = self.name if self.title is None else self.title
        return ", ".join(one for one in (title, self.unit) if one)

    def within(self, group: str) -> Column:
        """Return the same column as one of a group."""
        return replace(self, group=group)


def text(name: str, title: str | None = None, *, wraps: bool = False) -> Column:
    """Return a column of texts."""
    return Column(name, title, wraps=wraps)


def count(name: str, title: str | None = None) -> Column:
    """Return a column of whole numbers of something."""

    def write(value: int, style: Style) -> str:
        return f"{value:,}".replace(",", style.thousands)

    return Column(name, title, numeric=True, write=write)


def large(name: str, title: str | None = None) -> Column:
    """Return a column of numbers so large that thousands are always told apart."""
    return number(name, title, lambda value: f"{value:,}")


def number(name: str, title: str | None, write: Callable[[Any], str]) -> Column:
    """Return a column of numbers whose digits a function chooses."""
    return Column(name, title, numeric=True, write=lambda value, style: write(value))


def label(name: str, title: str | None = None) -> Column:
    """Return a column of numbers that name something, such as a layer."""
    return Column(name, title, numeric=True)


def share(name: str, title: str | None = None, digits: int = USUAL, of: str = "") -> Column:
    """Return a column of shares with their intervals, in percent for a reader."""
    column = number(name, title, lambda value: span(value, digits))
    return replace(column, unit="%", interval=True, of=of)


def percentage(name: str, title: str | None = None, digits: int = USUAL) -> Column:
    """Return a column of parts of one, in percent for a reader."""
    return replace(number(name, title, lambda value: part(value, digits)), unit="%")


def flag(name: str, title: str | None = None) -> Column:
    """Return a column of yes and no."""
    return Column(name, title, write=lambda value, style: "yes" if value else "no")


@dataclass(frozen=True, slots=True, init=False)
class Row:
    """A row: its values, one for each column, and what kind of row it is.

    Parameters
    ----------
    *values
        Each a text, a number, None where there is none, a :class:`Ranked` text, or a share with
        its interval.
    kind : str
        ``"outcome"`` for a whole that the rows of kind ``"detail"`` below it divide; ``"flag"``
        for what divides nothing; else empty.
    """

    values: tuple[Any, ...]
    kind: str

    def __init__(self, *values: Any, kind: str = "") -> None:
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "kind", kind)


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    name : str
        What it is called in a page; unique there.
    caption : str
        What it shows.
    columns : tuple of Column
        Its columns.
    rows : tuple of Row
        Rows that can be sorted.
    foot : tuple of Row
        Rows that stay below, such as the sum.
    first : int
        How many rows a page shows before the reader asks for the rest; 0 for all.

    Raises
    ------
    ValueError
        If a row has not one value for each column.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    foot: tuple[Row, ...] = ()
    first: int = 0

    def __post_init__(self) -> None:
        for row in (*self.rows, *self.foot):
            if len(row.values) != len(self.columns):
                raise ValueError(f"{self.name}: {len(row.values)} values for {self.columns}")

    def column(self, name: str) -> list[Any]:
        """Return the values of a column, top to bottom, without the foot.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        places: Mapping[str, int] = {one.name: place for place, one in enumerate(self.columns)}
        return [row.values[places[name]] for row in self.rows]


def rank(value: Any) -> float | None:
    """Return the number by which a page sorts a value; None for what sorts as text or last."""
    if isinstance(value, Ranked):
        return value.rank
    if isinstance(value, bool | str) or value is None:
        return None
    number = float(getattr(value, "estimate", value))
    if number != number or not getattr(value, "n", 1):
        return None
    # A page's script reads no infinities.
    return min(max(number, -1e300), 1e300)
