"""One table, three writers: what they write is the same, each in its own way."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from softbeam.analysis.proportion import Proportion
from softbeam.present.blocks import Block, Section
from softbeam.present.csv import write_csv
from softbeam.present.digits import percent
from softbeam.present.html import document
from softbeam.present.rich import show
from softbeam.present.table import Row, Table, count, flag, percentage, share, text

SHARES = (Proportion(1, 3), Proportion(0, 9000), Proportion(0, 0))
NAMES = ("fill [b]", "<b>copy</b>", "im\x1b[31m2col")


@pytest.fixture
def table() -> Table:
    return Table(
        "made-up",
        "A [bold] caption",
        (
            text("kernel"),
            count("injections", "n"),
            share("joint", of="joint_n"),
            percentage("cost", digits=2),
            flag("in_set", "in the set"),
        ),
        tuple(
            Row(name, 1000 * place, one, 1 / 3, bool(place))
            for place, (name, one) in enumerate(zip(NAMES, SHARES, strict=True))
        ),
        (Row("all", 3000, "", 1.0, ""),),
        first=2,
    )


def test_a_terminal_gets_every_text_as_it_is(table: Table) -> None:
    file = io.StringIO()
    show(Console(file=file, width=200, force_terminal=False), table)
    printed = file.getvalue()
    caption, head, _, first, second, third, _, foot = printed.strip().splitlines()
    assert caption == "A [bold] caption"
    assert head.split("  ")[0] == "kernel"
    assert "joint, %" in head
    assert first.startswith("fill [b]")
    assert percent(SHARES[0]) in first
    assert percent(SHARES[1]) in second
    assert third.startswith(r"im\x1b[31m2col")
    assert third.split()[2] == "-"
    assert foot.startswith("all")
    assert "\x1b" not in printed


def test_a_file_holds_every_digit(table: Table, tmp_path: Path) -> None:
    with write_csv(tmp_path / "t.csv", table).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "kernel", "injections", "joint_n", "joint", "joint_low", "joint_high", "cost", "in_set",
    ]  # fmt: skip
    assert [row["kernel"] for row in rows] == list(NAMES)
    for row, one in zip(rows, SHARES, strict=True):
        assert int(row["joint_n"]) == one.n
        read = [row[name] for name in ("joint", "joint_low", "joint_high")]
        wanted = [one.estimate, one.low, one.high] if one.n else []
        assert [float(field) for field in read if field] == wanted
        assert float(row["cost"]) == 1 / 3
    assert [row["in_set"] for row in rows] == ["0", "1", "1"]


class Cells(HTMLParser):
    """The texts of a table's cells, row by row, and which rows wait to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.waiting: list[bool] = []
        self.values: list[str | None] = []
        self.inside = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "tr":
            self.rows.append([])
            self.waiting.append("more" in (found.get("class") or ""))
        self.inside = tag in ("td", "th", "button")
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.values.append(found.get("data-value"))

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def test_a_page_escapes_every_text_and_folds_the_rest(table: Table) -> None:
    page = document("t", "t", "", [Section("s", "s", (Block(table=table),))], files=False)
    cells = Cells()
    cells.feed(page[page.index("<table") : page.index("</table>")])
    head, *rows, foot = cells.rows
    assert head == ["kernel", "n", "joint, %", "cost, %", "in the set"]
    assert [row[0] for row in rows] == ["fill [b]", "<b>copy</b>", r"im\x1b[31m2col"]
    assert [row[1] for row in rows] == ["0", "1,000", "2,000"]
    assert [row[2] for row in rows] == [percent(one) for one in SHARES]
    assert foot[:2] == ["all", "3,000"]
    assert cells.waiting == [False, False, False, True, False]
    assert "The other 1 rows" in page
    assert str(1 / 3) in cells.values
