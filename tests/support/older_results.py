"""Exports of results of an older schema, as that schema's softbeam wrote them."""

from __future__ import annotations

import csv
import io

from softbeam.analysis.columns import COLUMNS


def of_its_time(exported: str) -> str:
    """Return an exported table without the columns that later schemas brought, which are empty."""
    rows = list(csv.DictReader(io.StringIO(exported)))
    later = {column.name for column in COLUMNS if column.since > 1}
    assert all(row[name] == "" for row in rows for name in later)
    kept = [column.name for column in COLUMNS if column.name not in later]
    lines = [kept, *([row[name] for name in kept] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)
