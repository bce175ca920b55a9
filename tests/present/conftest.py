"""The page of the made-up campaign, made once, and a browser to open it in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.chromium import CHROMIUMS, Chromium
from support.made_up import write_deep_campaign

from softbeam.analysis.results import Results
from softbeam.injection.record import InjectionRecord
from softbeam.present.page.campaign import write_report


@pytest.fixture(scope="session")
def results(made_up_run: Path) -> Results:
    """Return the made-up campaign."""
    return Results.load(made_up_run)


@pytest.fixture(scope="session")
def page(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the made-up campaign; its figures lie beside it."""
    return write_report(results, tmp_path_factory.mktemp("report"), with_figures=True)[0]


@pytest.fixture(scope="session")
def deep_results(
    tmp_path_factory: pytest.TempPathFactory, make_record: Callable[..., InjectionRecord]
) -> Results:
    """Return a made-up campaign into a network with 94 layers and 376 kernels in layers."""
    return Results.load(write_deep_campaign(tmp_path_factory.mktemp("runs") / "deep", make_record))


@pytest.fixture(scope="session")
def deep_page(deep_results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the deep campaign."""
    return write_report(deep_results, tmp_path_factory.mktemp("deep-report"))[0]


@pytest.fixture(scope="session")
def open_page(request: pytest.FixtureRequest) -> Callable[[Path], Chromium]:
    """Return a function that opens a page in headless Chromium, or skip where there is none."""
    program = next((found for name in CHROMIUMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no Chromium: none of {', '.join(CHROMIUMS)} is installed")

    def open_(path: Path) -> Chromium:
        chromium = Chromium(program)
        request.addfinalizer(chromium.close)
        chromium.open(path)
        return chromium

    return open_
