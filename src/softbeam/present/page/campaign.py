"""A campaign's page and figures, as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from softbeam.analysis.hardening.beside import Beside
from softbeam.analysis.results import Results
from softbeam.analysis.roofline import Gpu
from softbeam.analysis.sample import short_of
from softbeam.files import whole_file
from softbeam.injection.replay import Replay
from softbeam.network.layers import Layer
from softbeam.present.blocks import Block, Section
from softbeam.present.figures.style import Figure
from softbeam.present.html import document
from softbeam.present.page import advice, loads, method, sections
from softbeam.present.page.advice import Basis
from softbeam.present.page.beside import section as beside_section
from softbeam.present.page.replay import sections as replay_sections
from softbeam.present.page.struck import struck
from softbeam.present.words import hardened, in_scope
from softbeam.text import visible

PAGE_NAME = "report.html"

#: Is told what is being worked out.
Say = Callable[[str], None]


#: What makes the sections between the answer and the small print, and what each works out.
_SECTIONS: tuple[tuple[Callable[[sections.Scope], Section | None], str], ...] = (
    (sections.summary, "how the injections ended"),
    (loads.section, "accuracy and several faults"),
    (sections.layers, "the factors of layers"),
    (sections.kernels, "the factors of kernels"),
    (sections.cells, "the factors of kernels in layers"),
    (sections.bits_and_opcodes, "which bits and instructions do damage"),
    (sections.listings, "what became of each instruction"),
    (sections.scores, "what became of the answer"),
)


def silent(step: str) -> None:
    """Tell nobody."""


def page_sections(
    results: Results,
    say: Say = silent,
    beside: Beside | None = None,
    gpu: Gpu | None = None,
    basis: Basis | None = None,
) -> tuple[Section, ...]:
    """Return the sections of a page: the answer first, then how the injections ended.

    Parameters
    ----------
    results : Results
        The campaign; where nothing was injected its page has only the last section.
    say : callable
        Is told what is being worked out.
    beside : Beside, optional
        Where the campaign is of a hardened network: that without hardening, to stand beside it.
    gpu : Gpu, optional
        Whose time is estimated there.
    basis : Basis, optional
        What was measured of techniques, on the network without hardening.

    Raises
    ------
    ResultsError
        If the two do not compare.
    """
    small_print = method.section(results)
    if not results.records:
        return (small_print,)
    scope = sections.Scope(results)
    unhardened = None if beside is None else beside.before
    parts = [advice.section(results, scope.parts, say, unhardened, basis)]
    if beside is not None:
        say("what hardening removed")
        parts.append(beside_section(beside, gpu))
    for make, what in _SECTIONS:
        say(what)
        made = make(scope)
        if made is not None:
            parts.append(made)
    if conclusions := sections.conclusions(scope):
        parts.append(sections.paper(conclusions))
    return (*parts, small_print)


def figures(parts: tuple[Section, ...]) -> Iterator[Figure]:
    """Yield the figures of sections, in order."""
    for section in parts:
        yield from _figures_of(section.blocks)


def _figures_of(blocks: tuple[Block, ...]) -> Iterator[Figure]:
    for block in blocks:
        if block.figure is not None:
            yield block.figure
        yield from _figures_of(block.inner)


def render(
    results: Results,
    parts: tuple[Section, ...],
    *,
    files: bool = False,
    unhardened: Results | None = None,
) -> str:
    """Return the page: one HTML document that needs nothing else.

    Parameters
    ----------
    results : Results
        The campaign.
    parts : tuple of Section
        As of :func:`page_sections`.
    files : bool
        Whether captions name the files of the figures.
    unhardened : Results, optional
        The campaign without hardening that stands beside it.
    """
    specification = results.specification
    n = len(results.records)
    short = short_of(specification, results.sizes, n)
    name = visible(specification.network)
    lead = (
        f"{n:,} injections{short} into its GPU kernels on {specification.architecture}, seed "
        f"{specification.seed}, campaign {specification.campaign_id[:12]}."
    )
    if said := hardened(specification.harden, results.facts.known_limits):
        lead += f" {said}"
    if results.facts.scope is not None:
        lead += f" {in_scope(results.facts.scope, len(specification.inputs_sha256))}"
    heading = f"What to harden in {name}"
    if unhardened is not None:
        heading = f"What hardening did to {name}"
        lead += (
            f" Beside it: {len(unhardened.records):,} injections into the same network without "
            f"hardening, campaign {unhardened.specification.campaign_id[:12]}."
        )
    return document(
        f"softbeam: {name}, {specification.architecture}",
        heading,
        lead if n else f"{lead} No injection has been made yet.",
        parts,
        head=struck(results),
        files=files,
    )


def render_replay(
    replay: Replay, results: Results, names: Mapping[int, str], layers: tuple[Layer, ...]
) -> str:
    """Return the page of one injection."""
    record, specification = replay.record, results.specification
    return document(
        f"softbeam: {record.mode} {record.model} {record.index}",
        f"Injection {record.mode} {record.model} {record.index} into "
        f"{visible(specification.network)}",
        f"{record.outcome}, {record.detail}. Campaign {specification.campaign_id[:12]}, "
        f"{specification.architecture}, seed {specification.seed}.",
        replay_sections(replay, names, layers),
        files=False,
    )


def write_report(
    results: Results,
    folder: Path,
    say: Say = silent,
    *,
    with_figures: bool = False,
    beside: Beside | None = None,
    gpu: Gpu | None = None,
    basis: Basis | None = None,
) -> list[Path]:
    """Write a campaign's page and, where wanted, its figures as PNG and PDF.

    Parameters
    ----------
    results : Results
        The campaign.
    folder : Path
        Where to; made where it does not exist.
    say : callable
        Is told what is being worked out.
    with_figures : bool
        Whether the figures get files of their own beside the page, which shows them anyway.
    beside, gpu, basis
        As of :func:`page_sections`.

    Returns
    -------
    list of Path
        The files, the page first.  The same results give the same bytes.

    Raises
    ------
    ResultsError
        If the two campaigns do not compare.
    """
    parts = page_sections(results, say, beside, gpu, basis)
    unhardened = None if beside is None else beside.before
    page = render(results, parts, files=with_figures, unhardened=unhardened)
    contents = {PAGE_NAME: page.encode()}
    if with_figures:
        say("the figures as PNG and PDF")
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
