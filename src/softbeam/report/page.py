"""A campaign's page and figures, as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from softbeam.analysis.results import Results
from softbeam.analysis.sample import short_of
from softbeam.files import whole_file
from softbeam.injection.replay import Replay
from softbeam.network.layers import Layer
from softbeam.report import advice_section, method_section, replay_page, sections
from softbeam.report.blocks import Section
from softbeam.report.style import Figure

PAGE_NAME = "report.html"


def page_sections(results: Results) -> tuple[Section, ...]:
    """Return the sections of a page, in order; only the last where nothing was injected."""
    method = method_section.section(results)
    if not results.records:
        return (method,)
    scope = sections.Scope(results)
    return (
        sections.summary(scope),
        advice_section.section(results),
        sections.layers(scope),
        sections.kernels(scope),
        sections.cells(scope),
        sections.bits_and_opcodes(scope),
        sections.listings(scope),
        sections.scores(scope),
        sections.paper(scope),
        method,
    )


def figures(parts: tuple[Section, ...]) -> Iterator[Figure]:
    """Yield the figures of sections, in order."""
    for section in parts:
        for block in section.blocks:
            if block.figure is not None:
                yield block.figure


def render(results: Results, parts: tuple[Section, ...]) -> str:
    """Return the page: one HTML document that needs nothing else."""
    specification = results.specification
    n = len(results.records)
    short = short_of(specification, results.sizes, n)
    lead = (
        f"{n:,} injections{short} into its GPU kernels on {specification.architecture}, seed "
        f"{specification.seed}, campaign {specification.campaign_id[:12]}."
    )
    return _document(
        f"softbeam: {specification.network}, {specification.architecture}",
        f"What to harden in {specification.network}",
        lead if n else f"{lead} No injection has been made yet.",
        parts,
        files=True,
    )


def render_replay(
    replay: Replay, results: Results, names: Mapping[int, str], layers: tuple[Layer, ...]
) -> str:
    """Return the page of one injection."""
    record, specification = replay.record, results.specification
    return _document(
        f"softbeam: {record.mode} {record.model} {record.index}",
        f"Injection {record.mode} {record.model} {record.index} into {specification.network}",
        f"{record.outcome}, {record.detail}. Campaign {specification.campaign_id[:12]}, "
        f"{specification.architecture}, seed {specification.seed}.",
        replay_page.sections(replay, names, layers),
        files=False,
    )


def _document(
    title: str, heading: str, lead: str, parts: tuple[Section, ...], *, files: bool
) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from softbeam.report.words import percent

    environment = Environment(
        loader=PackageLoader("softbeam.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template("page.html.j2").render(
        title=title,
        heading=heading,
        lead=lead,
        sections=parts,
        files=files,
        verdict_classes={"reproduced": "yes", "not reproduced": "no"},
    )


def write_report(results: Results, folder: Path) -> list[Path]:
    """Write a campaign's page, and its figures as PNG and PDF.

    Parameters
    ----------
    results : Results
        The campaign.
    folder : Path
        Where to; made where it does not exist.

    Returns
    -------
    list of Path
        The files, the page first.  The same results give the same bytes.
    """
    parts = page_sections(results)
    contents = {PAGE_NAME: render(results, parts).encode()}
    for figure in figures(parts):
        contents[f"{figure.name}.png"] = figure.png
        contents[f"{figure.name}.pdf"] = figure.pdf
    folder.mkdir(parents=True, exist_ok=True)
    return [write_file(folder / name, content) for name, content in contents.items()]


def write_file(path: Path, content: bytes) -> Path:
    """Write a file that is complete from the first moment on."""
    with whole_file(path) as file:
        file.write(content)
    return path
