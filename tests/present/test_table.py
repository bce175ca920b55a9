from __future__ import annotations

import math

import pytest

from softbeam.analysis.proportion import Proportion
from softbeam.present.digits import Interval
from softbeam.present.table import (
    PAGE,
    TERMINAL,
    Column,
    Ranked,
    Row,
    Table,
    count,
    flag,
    label,
    large,
    percentage,
    rank,
    share,
    text,
)


@pytest.mark.parametrize(
    ("column", "value", "terminal", "page"),
    [
        (count("n"), 12345, "12345", "12,345"),
        (large("n"), 12345, "12,345", "12,345"),
        (label("layer"), 12345, "12345", "12345"),
        (share("share"), Proportion(1, 4), "25.0 [4.6, 69.9]", "25.0 [4.6, 69.9]"),
        (share("share"), Proportion(0, 0), "-", "–"),
        (share("share", digits=0), Interval(0.5, 0.25, 0.75), "50 [25, 75]", "50 [25, 75]"),
        (percentage("cost", digits=2), 0.5, "50.00", "50.00"),
        (percentage("cost", digits=2), 0.00001, "0.001", "0.001"),
        (flag("in_set"), True, "yes", "yes"),
        (count("launches"), None, "-", "–"),
        (count("n"), "", "", ""),
        (text("kind"), Ranked("store", 5), "store", "store"),
        (text("class"), "bell\x1b[31m", "bell\\x1b[31m", "bell\\x1b[31m"),
        (text("class"), "grey\u202efox", "grey\\u202efox", "grey\\u202efox"),
    ],
)
def test_a_column_writes_its_values(
    column: Column, value: object, terminal: str, page: str
) -> None:
    assert column.text(value, TERMINAL) == terminal
    assert column.text(value, PAGE) == page


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7.0),
        (Proportion(1, 4), 0.25),
        (Proportion(0, 0), None),
        (Interval(0.5, 0.1, 0.9), 0.5),
        (Ranked("store", 5), 5.0),
        ("store", None),
        (None, None),
        (True, None),
        (math.nan, None),
        (math.inf, 1e300),
    ],
)
def test_values_sort_by_what_they_are(value: object, number: float | None) -> None:
    assert rank(value) == number


def test_a_column_is_found_by_its_name() -> None:
    table = Table("t", "", (text("kernel"), count("n")), (Row("fill", 1), Row("copy", 2)))
    assert table.column("n") == [1, 2]
    with pytest.raises(KeyError):
        table.column("m")


def test_a_row_has_a_value_for_each_column() -> None:
    with pytest.raises(ValueError, match="made-up: 1 values"):
        Table("made-up", "", (text("kernel"), count("n")), (Row("fill"),))
