"""What hardening is to reach: a share of the damage, or the most that a budget buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

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
    if budget is not None:
        if not budget >= 0.0:
            raise typer.BadParameter(
                f"{budget} is no share of instructions; give 0.05 for 5 %", param_hint="--budget"
            )
        return Aim(budget=budget)
    coverage = 0.9 if coverage is None else coverage
    if not 0.0 < coverage <= 1.0:
        raise typer.BadParameter(
            f"{coverage} is no share of the damage; give a number above 0 and up to 1",
            param_hint="--coverage",
        )
    return Aim(coverage=coverage)
