"""Sections and their tables as one HTML document, which Jinja fills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from softbeam.present.blocks import Section
from softbeam.present.digits import percent
from softbeam.present.page.struck import Struck
from softbeam.present.table import PAGE, Column, rank

#: Classes of the style sheet by the verdict on a conclusion; all others are open.
_VERDICTS = {"reproduced": "yes", "not reproduced": "no"}


def document(
    title: str,
    heading: str,
    lead: str,
    parts: Sequence[Section],
    *,
    head: Struck | None = None,
    files: bool,
) -> str:
    """Return a page that needs nothing else: no other file, no network.

    Parameters
    ----------
    title, heading, lead : str
        Of the window, of the page, and the sentence below.
    parts : sequence of Section
        What it holds.
    head : Struck, optional
        What was struck.
    files : bool
        Whether the figures lie beside it as files.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("softbeam.present", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.globals["text"] = cell_text
    environment.globals["heading_of"] = heading_of
    environment.globals["rank"] = rank
    return environment.get_template("page.html.j2").render(
        title=title,
        heading=heading,
        lead=lead,
        sections=parts,
        head=head,
        files=files,
        verdict_classes=_VERDICTS,
    )


def cell_text(column: Column, value: Any) -> str:
    """Return what a page shows of a value."""
    return column.text(value, PAGE)


def heading_of(column: Column) -> str:
    """Return a column's title on a page, with the group that it is of."""
    return ", ".join(one for one in (column.group, column.heading) if one)
