"""Measured effects that lie beside a campaign's results, and whether they can answer for it."""

from __future__ import annotations

from pathlib import Path

from softbeam.analysis.hardening.measured.gathering import Drawn
from softbeam.analysis.results import Results
from softbeam.campaign.effects.facts import Effects
from softbeam.campaign.effects.file import EFFECTS, read_effects
from softbeam.campaign.effects.setup import kernels_hash
from softbeam.errors import CampaignError, ResultsError
from softbeam.faults.modes import of_code
from softbeam.kernels import KERNELS


def folder_of(run: Path) -> Path:
    """Return a campaign's folder, also where its results file was named."""
    return run if run.is_dir() else run.parent


def drawn_of(results: Results) -> Drawn:
    """Return a campaign's own injections in code.

    Raises
    ------
    CampaignError
        If it is of a network that is hardened already.
    """
    specification = results.specification
    if specification.harden is not None:
        raise CampaignError(
            f"the campaign is of a network hardened by {specification.harden!r}; give the campaign "
            "of the unhardened one, on which techniques are measured"
        )
    records = tuple(one for one in results.records if of_code(one.mode))
    return Drawn(records, results.sizes, len(specification.inputs_sha256))


def kept_effects(run: Path, results: Results) -> Effects | None:
    """Return the effects that are kept beside a campaign's results; None if there are none.

    Parameters
    ----------
    run : Path
        The campaign's folder, or its results file.
    results : Results
        The campaign.

    Raises
    ------
    ResultsError
        If they cannot be read, or are of another campaign.
    """
    effects = read_effects(folder_of(run))
    own = results.specification.campaign_id
    if effects is not None and effects.campaign != own:
        raise ResultsError(
            f"the measured effects {folder_of(run) / EFFECTS} are of campaign "
            f"{effects.campaign[:12]}, and the results beside them of campaign {own[:12]}; put "
            "them beside their own results, or remove them to measure again"
        )
    return effects


def can_be_measured(results: Results) -> bool:
    """Return whether techniques can be measured on what a campaign struck at all.

    They can on networks that are not hardened, whose kernels are softbeam's own.
    """
    kernels = {one.kernel for one in results.records if of_code(one.mode)}
    return results.specification.harden is None and bool(kernels) and kernels <= KERNELS.keys()


def lacking(effects: Effects | None, results: Results) -> str:
    """Return why kept effects cannot answer for a campaign, in a sentence; empty if they can.

    Raises
    ------
    CampaignError
        If it is of a network that is hardened already.
    """
    if effects is None or not effects.techniques:
        return "What techniques do to this campaign's injections is not measured yet."
    if effects.kernels != kernels_hash(results.specification.architecture):
        return (
            "What techniques do to this campaign's injections was measured with other machine "
            "code than this softbeam has."
        )
    missing = drawn_of(results).lacking(effects)
    if missing:
        return (
            "What techniques do to this campaign's injections was measured before it was made "
            f"longer: {len(missing):,} that did damage are missing."
        )
    return ""
