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
