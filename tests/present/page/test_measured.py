"""The page of a campaign whose techniques were measured: the choice by their effects first."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.made_up import made_up_effects

from softbeam.analysis.hardening.published import PUBLISHED
from softbeam.analysis.results import Results
from softbeam.campaign.effects.file import write_effects
from softbeam.cli import main
from softbeam.present.blocks import Block
from softbeam.present.page.advice import Basis
from softbeam.present.page.advice import section as advice_section
from softbeam.present.page.campaign import PAGE_NAME, silent

pytestmark = pytest.mark.slow

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def blocks(results: Results) -> tuple[Block, ...]:
    """Return the blocks of the section that answers what to harden."""
    basis = Basis(made_up_effects(results))
    return advice_section(results, (), silent, basis=basis).blocks


@pytest.fixture
def run(made_up_run: Path, tmp_path: Path) -> Path:
    """Return a copy of the made-up campaign's folder."""
    return Path(shutil.copytree(made_up_run, tmp_path / "run"))


def test_it_opens_with_the_measured_choice(blocks: tuple[Block, ...]) -> None:
    shown = [one for one in blocks if not one.folded]
    assert [bool(one.chain) for one in shown] == [True, False, False, False]
    assert shown[1].answer.startswith("Harden ")
    assert "by duplication" in shown[1].answer
    assert [name for name, _ in shown[2].facts] == ["cost", "expect", "rests on"]
    figure = shown[3].figure
    assert figure is not None
    labels = [text.get_text() for text in figure.canvas.legends[0].get_texts()]
    assert labels[0].startswith("cheapest choices by measured effects")
    assert all(any(one.name in label for label in labels) for one in PUBLISHED if one.is_point)


def test_the_picture_names_what_is_done_in_each_layer(blocks: tuple[Block, ...]) -> None:
    chain = blocks[0].chain
    assert chain is not None
    panel = next(one for one in chain.panels if one.of == chain.first)
    assert re.fullmatch(r"(im2col|fill): (range|duplication)(; .*)?", panel.tiles[0].harden)


def test_the_model_stands_folded_behind(blocks: tuple[Block, ...]) -> None:
    model = blocks[-1]
    assert model.folded.startswith("By a model of duplication alone")
    assert any("by duplication with comparison" in one.answer for one in model.inner)
    assert all(one.folded for one in blocks[4:])
    assert not any(one.folded == "What others published" for one in model.inner)


def test_every_damage_has_its_answer(blocks: tuple[Block, ...]) -> None:
    folded = " ".join(one.folded for one in blocks)
    for harm in ("SDCs", "crashes and hangs", "SDCs, crashes and hangs"):
        assert f"against {harm}" in folded


def test_without_effects_it_says_how_to_get_them(results: Results) -> None:
    lacking = "What techniques do is not measured yet."
    before = advice_section(results, (), silent).blocks
    found = advice_section(results, (), silent, basis=Basis(lacking=lacking)).blocks
    (more,) = [one for one in found if one.text.startswith(lacking)]
    assert "softbeam advise RUN --technique measured" in more.text
    assert len(found) == len(before) + 1


def test_the_report_reads_what_is_kept(run: Path, capsys: Capture) -> None:
    results = Results.load(run)
    database = (run / "results.sqlite").read_bytes()
    effects = made_up_effects(results)
    write_effects(run, effects)
    assert main(["report", str(run)]) == 0
    page = (run / "report" / PAGE_NAME).read_bytes()
    assert b"Figure M1. What measured techniques buy" in page
    ids = re.findall(rb'<table id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.index(b"figure-M1") < page.index(b"By a model of duplication alone")
    assert main(["report", str(run)]) == 0
    assert (run / "report" / PAGE_NAME).read_bytes() == page
    assert (run / "results.sqlite").read_bytes() == database
    capsys.readouterr()
    # Measured before the campaign was made longer: as if it had not been, and that is said.
    fewer = frozenset(sorted(effects.replayed)[3:])
    write_effects(run, replace(effects, replayed=fewer))
    assert main(["report", str(run)]) == 0
    text = (run / "report" / PAGE_NAME).read_text()
    assert "figure-M1" not in text
    assert "before it was made longer: 3 that did damage are missing" in text


def test_effects_of_another_campaign_end_the_report(run: Path, capsys: Capture) -> None:
    write_effects(run, replace(made_up_effects(Results.load(run)), campaign="f" * 64))
    assert main(["report", str(run)]) == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "are of campaign ffffffffffff" in said
    assert not (run / "report").exists()
