"""What a checklist is made of: conclusions, findings, verdicts.

Which conclusions there are, and what decides them, is in :mod:`softbeam.analysis.paper.checklist`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from softbeam.analysis.counts import Stream
from softbeam.analysis.estimation import Share
from softbeam.analysis.paper.comparison import Order


class Verdict(Enum):
    """Whether a conclusion holds here."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    CANNOT_TELL = "cannot tell at this n"


@dataclass(frozen=True, slots=True)
class Finding:
    """A conclusion held against one mode, or against several.

    Attributes
    ----------
    streams : tuple of Stream
        What it was held against.
    measured : tuple of (str, Share)
        The numbers that decide it.
    verdict : Verdict
        Whether it holds.
    """

    streams: tuple[Stream, ...]
    measured: tuple[tuple[str, Share], ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One conclusion of the paper.

    Attributes
    ----------
    text : str
        What it says.
    criterion : str
        When it counts as reproduced, and when as not reproduced; in between nobody can tell.
    findings : tuple of Finding
        One for each mode, or one for all.
    """

    text: str
    criterion: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """Reproduced if in every finding, not reproduced if in any is not."""
        verdicts = [finding.verdict for finding in self.findings]
        if Verdict.NOT_REPRODUCED in verdicts:
            return Verdict.NOT_REPRODUCED
        if verdicts and set(verdicts) == {Verdict.REPRODUCED}:
            return Verdict.REPRODUCED
        return Verdict.CANNOT_TELL


def verdict_of(orders: Iterable[Order], wanted: Order) -> Verdict:
    """Return reproduced if all comparisons are as wanted, not reproduced if any is contrary."""
    found = set(orders)
    if found == {wanted}:
        return Verdict.REPRODUCED
    return Verdict.CANNOT_TELL if found <= {wanted, Order.UNDECIDED} else Verdict.NOT_REPRODUCED
