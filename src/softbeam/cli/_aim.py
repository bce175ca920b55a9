"""What hardening is to reach, against which damage, and by which techniques, as options say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._options import listed

if TYPE_CHECKING:
    from softbeam.analysis.hardening.advice import Aim

CoverageOption = Annotated[
    float | None,
    typer.Option("--coverage", help="Share of the damage to remove; default: 0.9."),
]
BudgetOption = Annotated[
    float | None,
    typer.Option("--budget", help="Instead: further instructions that may be spent, 0.05 for 5 %."),
]


def aim_of(coverage: float | None, budget: float | None) -> Aim:
    """Return what is wanted: nine tenths of the damage where nothing is said."""
    from softbeam.analysis.hardening.advice import Aim

    if coverage is not None and budget is not None:
        raise typer.BadParameter("give --coverage or --budget, not both", param_hint="--budget")
    aim = Aim(0.9 if coverage is None and budget is None else coverage, budget)
    if aim.wrong is not None:
        option, why = aim.wrong
        raise typer.BadParameter(why, param_hint=f"--{option}")
    return aim


def checked_harm(of: str) -> str:
    """Return what is to be removed by measured techniques, if it is known."""
    from softbeam.analysis.hardening.measured.gathering import HARMS

    check_known("--of", of, tuple(HARMS))
    return of


def checked_techniques(among: list[str] | None) -> tuple[str, ...] | None:
    """Return the techniques that may be chosen; None if all may."""
    from softbeam.network.hardening.rules import LEAN, TECHNIQUES

    chosen = tuple(listed(among))
    for one in chosen:
        check_known("--among", one, (*TECHNIQUES, LEAN))
    return chosen or None


def check_known(option: str, value: str, known: Sequence[str]) -> None:
    """Refuse what an option does not know."""
    if value not in known:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}", param_hint=option)
