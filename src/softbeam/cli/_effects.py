"""Measuring the effects of a campaign's techniques, shown with a bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from softbeam.cli._options import progress_bar

if TYPE_CHECKING:
    from softbeam.analysis.hardening.measured.measuring import Given
    from softbeam.analysis.results import Results
    from softbeam.campaign.effects.facts import Effects
    from softbeam.campaign.effects.measuring import Telling
    from softbeam.network.hardening.limits import Limits
    from softbeam.network.workload import Workload


def effects_of(given: Given, results: Results) -> Effects:
    """Return the effects that are kept in a campaign's folder, or measure them and keep them.

    Raises
    ------
    CampaignError
        If what the campaign struck is not what the user gives.
    """
    from softbeam.analysis.hardening.measured.kept import kept_effects
    from softbeam.analysis.hardening.measured.measuring import is_measured, kept_within, limits_of
    from softbeam.campaign.again import workload_again

    if is_measured(given, results):
        known = kept_effects(given.run, results)
        assert known is not None
        return known
    workload = workload_again(results.specification, results.facts, given.network, given.files)
    limits = limits_of(given, workload)
    known = kept_within(given, results, workload, limits)
    return known or measured_shown(given, results, workload, limits)


def measured_shown(given: Given, results: Results, workload: Workload, limits: Limits) -> Effects:
    """Measure what is not known, with a bar, and keep it in the campaign's folder."""
    from softbeam.analysis.hardening.measured.measuring import measured
    from softbeam.cli.campaign import prepare_shown, say, this_command

    try:
        return measured(given, results, workload, limits, prepare_shown, _shown)
    except KeyboardInterrupt:
        say(f"Stopped. What was measured is kept in {given.run}; go on with\n  {this_command()}")
        raise


@contextmanager
def _shown() -> Iterator[Telling]:
    from softbeam.campaign.effects.measuring import Telling

    with progress_bar("injections") as bar:
        task = bar.add_task("effects", total=None)
        yield Telling(
            doing=lambda what: bar.update(task, description=what, total=None),
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
