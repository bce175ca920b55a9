"""The page in a real browser: it complains about nothing, asks for nothing, and sorts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.chromium import Chromium

pytestmark = pytest.mark.slow

#: The texts of a table's column, top to bottom.
COLUMN = "Array.from(document.querySelector('#{}').tBodies[0].rows, r => r.cells[{}].textContent)"
HEAD = "document.querySelector('#{} thead').rows[0].cells[{}]"


@pytest.fixture(scope="module")
def browser(open_page: Callable[[Path], Chromium], page: Path) -> Chromium:
    return open_page(page)


def column(browser: Chromium, table: str, number: int) -> list[str]:
    texts: list[str] = browser.evaluate(COLUMN.format(table, number))
    return texts


def test_the_page_asks_for_nothing_else(browser: Chromium, page: Path) -> None:
    assert browser.evaluate("document.title") == "softbeam: extraction, sm_90"
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.as_uri()]


def test_a_table_sorts_by_click(browser: Chromium) -> None:
    table = "lvf-rf-single-bit"
    # The layers with most SDCs and DUEs come first.
    assert column(browser, table, 0) == ["0", "2", "26", "1"]
    head = HEAD.format(table, 1)
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") is None
    browser.evaluate(f"{head}.querySelector('button').click()")
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") == "descending"
    numbers = [int(text) for text in column(browser, table, 1)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) > 1
    assert column(browser, table, 0)[0] == "0"
    browser.evaluate(f"{head}.querySelector('button').click()")
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert [int(text) for text in column(browser, table, 1)] == sorted(numbers)
    # Another column: the first one is no longer marked.
    browser.evaluate(f"{HEAD.format(table, 0)}.querySelector('button').click()")
    assert browser.evaluate(f"{head}.getAttribute('aria-sort')") is None
    assert column(browser, table, 0) == ["0", "1", "2", "26"]
    assert (
        browser.evaluate(f"document.querySelector('#{table}').tFoot.rows[0].cells[0].textContent")
        == "all"
    )


def test_a_table_sorts_by_key(browser: Chromium) -> None:
    table = "kvf-rf-single-bit"
    browser.evaluate(f"{HEAD.format(table, 0)}.querySelector('button').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
            windowsVirtualKeyCode=13, text="\r",
        )  # fmt: skip
    assert browser.evaluate(f"{HEAD.format(table, 0)}.getAttribute('aria-sort')") == "ascending"
    names = column(browser, table, 0)
    assert names == sorted(names)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "dark")])
def test_it_fits_a_phone_and_takes_the_readers_colours(
    browser: Chromium, width: int, scheme: str
) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=2,
        mobile=width < 500,
    )  # fmt: skip
    browser.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    # Wide tables and figures scroll within themselves, the page never sideways.
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = browser.evaluate("getComputedStyle(document.querySelector('svg text')).fill")
    assert (paper, ink) == {
        "light": ("rgb(255, 255, 255)", "rgb(27, 29, 31)"),
        "dark": ("rgb(22, 24, 26)", "rgb(230, 232, 234)"),
    }[scheme]


def test_nothing_was_complained_about(browser: Chromium) -> None:
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    browser.evaluate("document.body.offsetHeight")
    assert browser.complaints == []


def test_complaints_would_be_seen(open_page: Callable[[Path], Chromium], tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<script>console.error('so'); throw new Error('it is')</script>")
    assert len(open_page(broken).complaints) == 2
