"""Measured effects beside a campaign's results: which can answer, and which are refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.made_up import made_up_effects

from softbeam.analysis.hardening.measured.kept import drawn_of, kept_effects, lacking
from softbeam.analysis.results import Results
from softbeam.campaign.effects.file import write_effects
from softbeam.errors import CampaignError, ResultsError


@pytest.fixture
def run(made_up_run: Path, tmp_path: Path) -> Path:
    """Return a copy of the made-up campaign's folder."""
    return Path(shutil.copytree(made_up_run, tmp_path / "run"))


def test_without_effects_nothing_is_measured(run: Path) -> None:
    results = Results.load(run)
    assert kept_effects(run, results) is None
    assert lacking(None, results).endswith("is not measured yet.")


def test_effects_of_the_campaign_answer_for_it(run: Path) -> None:
    results = Results.load(run)
    effects = made_up_effects(results)
    write_effects(run, effects)
    assert kept_effects(run, results) == effects
    assert kept_effects(run / "results.sqlite", results) == effects
    assert lacking(effects, results) == ""


def test_effects_of_another_campaign_are_refused(run: Path) -> None:
    results = Results.load(run)
    write_effects(run, replace(made_up_effects(results), campaign="f" * 64))
    with pytest.raises(ResultsError, match="are of campaign ffffffffffff, and the results beside"):
        kept_effects(run, results)


def test_what_they_lack_is_said(run: Path) -> None:
    results = Results.load(run)
    effects = made_up_effects(results)
    assert "not measured yet" in lacking(replace(effects, techniques=frozenset()), results)
    assert "other machine code" in lacking(replace(effects, kernels="other"), results)
    fewer = frozenset(sorted(effects.replayed)[2:])
    assert "longer: 2 that did" in lacking(replace(effects, replayed=fewer), results)


def test_a_hardened_network_is_not_measured(run: Path) -> None:
    results = Results.load(run)
    specification = results.specification.model_copy(update={"harden": "lean"})
    with pytest.raises(CampaignError, match="give the campaign of the unhardened one"):
        drawn_of(replace(results, specification=specification))
