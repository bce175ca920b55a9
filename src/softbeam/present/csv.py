"""Tables as CSV files: nothing is rounded, shares are parts of one."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from softbeam.files import whole_file
from softbeam.present.table import Column, Ranked, Table


def write_csv(path: Path, table: Table) -> Path:
    """Write a table to a CSV file that is complete from the first moment on.

    A number is written with as many digits as it takes to read it back exactly.  A share is
    written as the number of injections that it is of (where its column names that), the estimate
    and the ends of its interval; a share of nothing has empty fields.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in names(column)])
    for row in table.rows:
        pairs = zip(table.columns, row.values, strict=True)
        writer.writerow([one for column, value in pairs for one in _fields(column, value)])
    with whole_file(path) as file:
        file.write(text.getvalue().encode())
    return path


def names(column: Column) -> Iterator[str]:
    """Yield the names that a column has in a file."""
    if column.interval and column.of:
        yield column.of
    yield column.name
    if column.interval:
        yield f"{column.name}_low"
        yield f"{column.name}_high"


def _fields(column: Column, value: Any) -> Iterator[str]:
    if not column.interval:
        yield _field(value)
        return
    if value is None:
        yield from [""] * len(list(names(column)))
        return
    known = bool(getattr(value, "n", 1))
    if column.of:
        yield _field(value.n)
    for one in (value.estimate, value.low, value.high):
        yield _field(one) if known else ""


def _field(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, Ranked):
        return value.text
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)
