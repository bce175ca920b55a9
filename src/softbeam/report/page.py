"""A campaign's page and figures, as files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from softbeam.analysis.results import Results
from softbeam.report import advice_section, method_section, sections
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
        specification=results.specification,
        n=len(results.records),
        sections=parts,
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
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
