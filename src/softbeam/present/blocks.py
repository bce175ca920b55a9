"""What a page is made of: sections, and the blocks within them."""

from __future__ import annotations

from dataclasses import dataclass

from softbeam.analysis.paper.conclusions import Conclusion
from softbeam.present.chain import Chain
from softbeam.present.figures.style import Figure
from softbeam.present.listing import Listing
from softbeam.present.table import Table


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a section; what is not set is not there.

    Attributes
    ----------
    title : str
        A heading above it.
    answer : str
        A sentence that stands out.
    text : str
        A paragraph.
    points : tuple of str
        A list.
    code : str
        Text to be copied.
    facts : tuple of (str, str)
        Names and values.
    chain, figure, table, listing, checklist
        Larger things.
    inner : tuple of Block
        Blocks that are folded together.
    folded : str
        Where it is not shown at first: the title under which it opens.
    """

    title: str = ""
    answer: str = ""
    text: str = ""
    points: tuple[str, ...] = ()
    code: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    chain: Chain | None = None
    figure: Figure | None = None
    table: Table | None = None
    listing: Listing | None = None
    checklist: tuple[Conclusion, ...] = ()
    inner: tuple[Block, ...] = ()
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page: its id, its title, its blocks."""

    name: str
    title: str
    blocks: tuple[Block, ...]
