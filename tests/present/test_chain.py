"""A chain of layers as tiles: words and colours of shares, branches, parts, and their contrast."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.estimation import Estimate
from softbeam.analysis.hardening.chain import ChainPicture, Hardened, LayerShare
from softbeam.present import chain as module
from softbeam.present.chain import STEPS, Chain, Panel, chain, level, shade
from softbeam.present.parts import Part

KINDS = ("critical", "sdc", "due")


def share(successes: int, n: int = 20) -> Estimate:
    part = successes / n
    return Estimate(successes, n, part, max(0.0, part - 0.1), min(1.0, part + 0.1))


def layer(number: int, takes: tuple[int, ...] | None, seen: int = 0, after: int | None = None
          ) -> LayerShare:  # fmt: skip
    left = {} if after is None else dict.fromkeys(KINDS, share(after))
    return LayerShare(
        number, f"name {number}", takes, 0.25, dict.fromkeys(KINDS, share(seen)), left
    )


def picture(*layers: LayerShare, parts: tuple[LayerShare, ...] = ()) -> ChainPicture:
    hardened = None
    if layers[0].after:
        hardened = Hardened(50, dict.fromkeys(KINDS, share(1)), dict.fromkeys(KINDS, 20), 0.02)
    return ChainPicture(layers, 100, dict.fromkeys(KINDS, 20), hardened, parts)


def first(found: Chain) -> Panel:
    return found.panels[0]


def test_each_damage_has_a_panel_and_each_layer_a_tile() -> None:
    found = chain(picture(layer(0, (-1,), 5), layer(1, (0,), 15)), "sdc")
    assert [panel.of for panel in found.panels] == list(KINDS)
    assert found.first == "sdc"
    for panel in found.panels:
        assert [tile.number for tile in panel.tiles] == ["0", "1"]
        assert [tile.before.text for tile in panel.tiles] == ["25", "75"]
        assert "20 " in panel.caption
        assert "100 injections" in panel.caption
        assert re.search(r"\bnot\b", panel.caption)


def test_a_chain_without_branches_says_nothing_of_them() -> None:
    tiles = first(chain(picture(layer(0, (-1,)), layer(1, (0,)), layer(3, (1,))), "sdc")).tiles
    assert [(tile.apart, tile.takes) for tile in tiles] == [(False, "")] * 3


def test_branches_begin_apart_and_join_by_number() -> None:
    layers = (layer(0, (-1,)), layer(1, (0,)), layer(2, (0,)), layer(3, (1, 2)), layer(4, (-1, 3)))
    tiles = first(chain(picture(*layers), "sdc")).tiles
    assert [(tile.apart, tile.takes) for tile in tiles] == [
        (False, ""),
        (False, ""),
        (True, "from 0"),
        (False, "and 1"),
        (False, "and the input"),
    ]


def test_older_results_that_know_no_sources_are_shown_as_a_chain() -> None:
    tiles = first(chain(picture(layer(0, None), layer(1, None)), "sdc")).tiles
    assert not any(tile.apart or tile.takes for tile in tiles)


def test_what_to_harden_stands_in_its_tile() -> None:
    harden = {"critical": {1: "maxpool"}}
    found = chain(picture(layer(0, (-1,)), layer(1, (0,))), "critical", harden=harden)
    assert [tile.harden for tile in first(found).tiles] == ["", "maxpool"]
    assert [tile.harden for tile in found.panels[1].tiles] == ["", ""]


def test_hardened_tiles_have_both_shares_and_the_caption_says_so() -> None:
    found = first(chain(picture(layer(0, (-1,), 5, 1), layer(1, (0,), 15, 0)), "sdc"))
    assert [tile.before.text for tile in found.tiles] == ["25", "75"]
    left = [tile.after for tile in found.tiles if tile.after is not None]
    assert [one.text for one in left] == ["5", "0"]
    assert left[1].words.startswith("none seen, up to 10 %")
    assert "as a part of all damage before" in found.caption


def test_a_deep_network_has_a_tile_for_each_part() -> None:
    layers = tuple(layer(number, (number - 1,), 5) for number in range(4))
    parts = (Part("stem", (0, 1)), Part("head", (2, 3)))
    heads = (layer(0, None, 10), layer(2, None, 10))
    harden = {"critical": {0: "fill", 3: "copy"}}
    found = first(chain(picture(*layers, parts=heads), "critical", parts, harden))
    assert [(tile.number, tile.title) for tile in found.tiles] == [("0–1", "stem"), ("2–3", "head")]
    assert [tile.harden for tile in found.tiles] == ["1 of 2 layers"] * 2
    assert [len(tile.cells) for tile in found.tiles] == [2, 2]
    assert found.tiles[0].cells[1].words.startswith("1 name 1: 25 %")
    # A part begins without a gap, whatever its first layer reads.
    assert not any(tile.cells[0].apart for tile in found.tiles)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_larger_share_is_never_paler(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= level(low) <= level(high) <= len(STEPS)


@given(st.integers(1, 500), st.integers(1, 500))
def test_what_was_seen_never_looks_like_nothing(successes: int, more: int) -> None:
    n = successes + more
    found = shade(Estimate(successes, n, successes / n, 0.0, 1.0), "of the SDCs")
    assert found.level > 0
    assert float(found.text) > 0.0
    assert f"{successes:,} of {n:,}" in found.words


def test_damage_that_was_not_there_before_has_no_share() -> None:
    found = shade(Estimate(3, 50, math.inf, 0.4, math.inf), "of the SDCs before hardening")
    assert (found.level, found.text) == (len(STEPS), "3 ×")
    assert "nothing that they could be a part of" in found.words


def test_a_name_from_outside_is_made_visible() -> None:
    bad = LayerShare(0, "x\u202ey", (-1,), None, dict.fromkeys(KINDS, share(1)))
    tile = first(chain(picture(bad), "sdc")).tiles[0]
    assert tile.title == r"x\u202ey"
    assert tile.work is None


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_shares_can_be_read_on_every_colour() -> None:
    style = (Path(module.__file__).parent / "templates" / "page.css").read_text()
    scale = re.findall(r"\.d(\d) \{ background: (#\w{6}); color: (#\w{6}); \}", style)
    assert [int(number) for number, *_ in scale] == list(range(1, len(STEPS) + 1))
    for _, paper, ink in scale:
        light, dark = sorted((luminance(paper), luminance(ink)), reverse=True)
        # WCAG 2.2, 1.4.3: 4.5 for text of any size.
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    # A stronger colour is darker, so that the scale holds without hue too.
    papers = [luminance(paper) for _, paper, _ in scale]
    assert papers == sorted(papers, reverse=True)


def test_the_legend_tells_every_colour() -> None:
    found = chain(picture(layer(0, (-1,))), "sdc")
    assert [number for number, _ in found.steps] == list(range(len(STEPS) + 1))
    assert found.steps[-1] == (6, "more than 50 %")


@pytest.mark.parametrize("given", [0.01, 0.03, 0.1, 0.25, 0.5])
def test_a_step_belongs_to_the_colour_below(given: float) -> None:
    found = chain(picture(layer(0, (-1,))), "sdc")
    assert dict(found.steps)[level(given)] == f"to {100 * given:.0f} %"
