"""Groups of options: one place for what several commands take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from softbeam.cli import main
from softbeam.cli._groups import with_groups


@dataclass(frozen=True)
class Colours:
    """A group of options."""

    ink: Annotated[str, typer.Argument()]
    paper: Annotated[str, typer.Option("--paper", help="What is written on.")] = "white"


def test_a_command_takes_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    application = typer.Typer()
    seen: list[tuple[Colours, int, int]] = []

    @application.command()
    @with_groups
    def write(
        *,
        size: Annotated[int, typer.Option("--size")] = 12,
        colours: Colours,
        copies: Annotated[int, typer.Option("--copies")] = 1,
    ) -> None:
        """Write something."""
        seen.append((colours, size, copies))

    application(["red", "--size", "9"], standalone_mode=False)
    application(["--paper", "blue", "--copies", "2", "red"], standalone_mode=False)
    assert seen == [(Colours("red"), 9, 1), (Colours("red", "blue"), 12, 2)]
    with pytest.raises(SystemExit):
        application(["--help"])
    printed = capsys.readouterr().out
    # The options of the group stand where the group does.
    assert printed.index("--size") < printed.index("--paper") < printed.index("--copies")
    assert "Write something." in printed


def test_campaign_and_plan_share_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for command in ("campaign", "plan"):
        assert main([command, "--help"]) == 0
        found.append({word for word in capsys.readouterr().out.split() if word.startswith("--")})
    campaign, plan = found
    assert campaign - plan == {"--out", "--part", "--dask"}
    assert plan - campaign == {"--pilot"}
    assert {"--mode", "--margin", "--image", "--box-overlap"} <= plan
