"""Tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softbeam.present.table import TERMINAL, Column, Row, Table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text


def show(screen: Console, table: Table, *, most: int | None = None) -> None:
    """Print a table below its caption, after an empty line.

    Parameters
    ----------
    screen : Console
        Where to.
    table : Table
        The table.
    most : int, optional
        Rows that are printed; by default all.
    """
    from rich.text import Text

    if table.caption:
        screen.print()
        screen.print(Text(table.caption, style="bold"))
    screen.print(grid(table, most))


def grid(table: Table, most: int | None = None) -> Grid:
    """Return a table as Rich prints it: texts at the left, numbers at the right, nothing cut."""
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    made = Grid(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in table.columns:
        heading = "\n".join(one for one in (column.group, column.heading) if one)
        made.add_column(
            Text(heading),
            justify="right" if column.numeric else "left",
            no_wrap=not column.wraps,
            overflow="fold",
        )
    for row in table.rows[:most]:
        made.add_row(*_cells(table.columns, row), style="bold" if row.kind == "outcome" else None)
    if table.foot:
        made.add_section()
    for row in table.foot:
        made.add_row(*_cells(table.columns, row))
    return made


def _cells(columns: tuple[Column, ...], row: Row) -> list[Text]:
    from rich.text import Text

    texts = [
        column.text(value, TERMINAL) for column, value in zip(columns, row.values, strict=True)
    ]
    if row.kind == "detail":
        texts[0] = f"  {texts[0]}"
    if row.kind == "flag":
        texts[0] = f"({texts[0]})"
    return [Text(one) for one in texts]
