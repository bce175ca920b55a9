"""Choices as options: one declaration for commands, campaign files and specifications."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
import typer

from softbeam.campaign.request import Request
from softbeam.cli import main
from softbeam.cli._choices import with_choices
from softbeam.errors import CampaignError
from softbeam.options import Choices, option, options_of


class Colours(Choices):
    """Some choices."""

    ink: str = option(argument=True, metavar="INK", help="What one writes with.")
    paper: Literal["white", "blue"] = option("white", help="What is written on.")
    lines: int = option(20, ge=1, help="Lines on a page.")


def test_a_command_takes_choices(capsys: pytest.CaptureFixture[str]) -> None:
    application = typer.Typer(rich_markup_mode=None)
    seen: list[tuple[Colours, int, int]] = []

    @application.command()
    @with_choices
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
    assert seen == [(Colours(ink="red"), 9, 1), (Colours(ink="red", paper="blue"), 12, 2)]
    with pytest.raises(SystemExit):
        application(["--help"])
    printed = capsys.readouterr().out
    # The options stand where the choices do.
    assert printed.index("--size") < printed.index("--paper") < printed.index("--copies")
    assert "Write something." in printed
    assert "--paper white|blue" in printed
    assert "What is written on; default: white." in printed


def test_every_wrong_option_is_told_at_once() -> None:
    with pytest.raises(CampaignError) as caught:
        Colours.from_options({"ink": "red", "paper": "green", "lines": "0"})
    assert str(caught.value) == (
        "--paper 'green' is not possible: it must be 'white' or 'blue'; "
        "--lines 0 is not possible: it must be 1 or more"
    )


def test_campaign_and_plan_share_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for command in ("campaign", "plan"):
        assert main([command, "-h"]) == 0
        words = (word.rstrip(",") for word in capsys.readouterr().out.split())
        found.append({word for word in words if word.startswith("--")})
    campaign, plan = found
    assert campaign - plan == {"--out", "--part", "--dask"}
    assert plan - campaign == {"--pilot"}
    declared = {flag for one in options_of(Request) for flag in one.flags if not one.argument}
    assert declared <= plan
    assert {"--mode", "--margin", "--image", "--box-overlap"} <= declared


def test_what_lists_may_look_like() -> None:
    request = Request.from_options(
        {
            "network": "extraction",
            "modes": ["RF,iov", "rf"],
            "models": ["Single-Bit, zero-value"],
            "layers": "5-7,2",
            "kernels": "im2col, fill",
        }
    )
    assert request.modes == ("rf", "iov", "rf")
    assert request.models == ("single-bit", "zero-value")
    assert request.layers == (2, 5, 6, 7)
    assert request.kernels == ("fill", "im2col")
    assert len(request.streams) == 4


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ("7-5", "7-5 is no run of numbers"),
        ("0-999999999999", "is no run of numbers"),
        ("one", "--layers 'one' is not possible: it must be a whole number"),
        ("1,", "--layers '' is not possible: it must be a whole number"),
    ],
)
def test_lists_of_numbers_that_are_none(layers: str, reason: str) -> None:
    with pytest.raises(CampaignError, match=reason):
        Request.from_options({"network": "extraction", "modes": ["rf"], "layers": layers})
