"""The page of a network with 94 layers: the answer first, ten rows first, nothing on top of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from support.chromium import Chromium
from support.made_up import DEEP_KERNELS, DEEP_LAYERS

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.advice import Aim, advise
from softbeam.analysis.hardening.techniques import TECHNIQUES
from softbeam.analysis.results import Results
from softbeam.present.factor_tables import FIRST
from softbeam.text import visible

pytestmark = pytest.mark.slow

ITEMS = DEEP_LAYERS * len(DEEP_KERNELS)

#: Pairs of upright texts of one figure that lie on each other by more than a pixel.
OVERLAPS = """
Array.from(document.querySelectorAll('figure svg')).flatMap(svg => {
  const boxes = Array.from(svg.querySelectorAll('text'))
    .filter(t => !/rotate\\((?!-0)[^)]*[1-9]/.test(t.getAttribute('transform') || ''))
    .map(t => [t.textContent, t.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>
    Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1 &&
    Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 1).map(([b, q]) => a + ' | ' + b));
})
"""


@pytest.fixture(scope="module")
def text(deep_page: Path) -> str:
    return deep_page.read_text()


@pytest.fixture(scope="module")
def browser(open_page: Callable[[Path], Chromium], deep_page: Path) -> Chromium:
    return open_page(deep_page)


def shown(browser: Chromium, table: str) -> list[str]:
    """Return the first cells of a table's visible rows."""
    rows = f"Array.from(document.querySelector('#{table}').tBodies[0].rows)"
    cells: list[str] = browser.evaluate(
        f"{rows}.filter(r => r.offsetHeight).map(r => r.cells[0].textContent)"
    )
    return cells


def test_the_answer_comes_first_then_how_the_injections_ended(text: str) -> None:
    assert re.findall(r'<section id="(\w+)"', text)[:2] == ["harden", "outcomes"]
    before = text.index('<section id="outcomes"')
    assert text.index('<p class="answer">') < text.index("<table") < before


def test_the_answer_is_the_analysis_and_calls_nearly_everything_that(
    deep_results: Results, text: str
) -> None:
    advice = advise(
        deep_results.counts, deep_results.work(), of="critical",
        by=By.LAYER_AND_KERNEL, technique=TECHNIQUES["duplication"], aim=Aim(coverage=0.9),
        seed=deep_results.seed, replicates=10,
    )  # fmt: skip
    members = len(advice.answer.members)
    assert members > 100
    answer = text[text.index('<p class="answer">') :]
    short = f"{members} of {ITEMS} kernels in layers, nearly everything: that removes 90 %"
    assert short in answer[:200]
    # In full it is folded below.
    full = answer[answer.index("<summary>The answer in full") :]
    assert f"and {members - 10} more" in full[:600]
    assert "That is nearly everything" in full[:1000]


def test_a_tile_is_a_part_and_holds_its_layers(text: str) -> None:
    panel = text[text.index('id="chain-critical"') :]
    panel = panel[: panel.index("</ol>")]
    tiles = panel.split('<li class="tile')[1:]
    assert len(tiles) == 8
    assert "<b>12–23</b> <span>blocks.1</span>" in tiles[1]
    assert sum(tile.count('<i class="d') for tile in tiles) == DEEP_LAYERS


def test_the_head_says_what_was_struck(text: str) -> None:
    head = text[: text.index("<main>")]
    for words in (
        r"deep\u202enet.onnx",
        "dog.png",
        'src="data:image/png;base64,',
        r"bell\x1b[31m pepper (class 2), score 11.5, which is 2.25 above the second",
        "Scaled to 8 × 8",
        "not the kernels of TensorRT, cuDNN or PyTorch",
    ):
        assert words in head


def test_no_name_from_outside_is_shown_raw(text: str) -> None:
    unseen = {one for one in text if unicodedata.category(one) in ("Cc", "Cf")} - {"\n"}
    assert unseen == set()
    assert visible("grey\u202efox") in text
    assert "<b>dog" not in text


def test_the_papers_conclusions_are_left_out(text: str) -> None:
    assert "The paper" not in text
    assert 'id="paper"' not in text


def test_launches_of_ones_own_network_are_known(text: str) -> None:
    table = text[text.index('<table id="harden-critical-cell"') :]
    assert "launches, %" in table[: table.index("</thead>")]
    assert ">1 (0.2)<" in table


def test_long_tables_show_ten_rows_and_the_rest_on_demand(browser: Chromium) -> None:
    table = "harden-critical-cell"
    assert len(shown(browser, table)) == FIRST
    # Sorting by another column shows the first ten of all rows, not of those that were shown.
    head = f"document.querySelector('#{table} thead').rows[0].cells[0]"
    browser.evaluate(f"{head}.querySelector('button').click()")
    assert shown(browser, table) == [str(place // len(DEEP_KERNELS)) for place in range(FIRST)]
    rest = f"document.querySelector('#{table}').closest('.scroll').nextElementSibling"
    assert browser.evaluate(f"{rest}.textContent.trim()") == f"The other {ITEMS - FIRST} rows"
    browser.evaluate(f"{rest}.open = true")
    assert len(shown(browser, table)) == ITEMS
    browser.evaluate(f"{rest}.open = false")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_readable(browser: Chromium, width: int) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=2,
        mobile=width < 500,
    )  # fmt: skip
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(OVERLAPS) == []
    # The longest thing that is emphasized is a sentence, not a wall.
    longest = "Array.from(document.querySelectorAll('.answer, strong'), e => e.textContent.length)"
    assert max(browser.evaluate(longest)) < 500
    assert browser.complaints == []


def test_a_tick_is_written_with_the_digits_that_tell_it_from_the_next(browser: Chromium) -> None:
    axes: list[list[str]] = browser.evaluate(
        "Array.from(document.querySelectorAll('figure svg'), s => "
        "Array.from(s.querySelectorAll('text'), t => t.textContent.trim()))"
    )
    for texts in axes:
        numbers = [one for one in texts if re.fullmatch(r"-?\d+\.\d+", one)]
        # Neighbouring ticks of an axis never read alike; two axes may.
        assert all(one != other for one, other in pairwise(numbers))
