"""Where a network's buffers lie on the device, and which pages around them are mapped.

Extraction's layout is the recorded one.  Another network's follows the recorded allocator's rules
and is one that the device could have given, not one that was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import chain

from softbeam.emulator.pages import PAGE, SMALL, STEP, round_up
from softbeam.intervals import Range, Ranges, merged, subtract
from softbeam.network.plan import Buffer

FIRST = 0x7F46D7E00000
"""Address of Extraction's first allocation on the recorded H100 (``data/extraction-layout.txt``).

It differs from process to process; the layout was recorded in this one.
"""

FIRST_LARGE_PAGE = 37
"""The page, from the first allocation, of the first large one (recorded)."""

READABLE, OTHER_SPACE = 0, 717
"""What the recording of pages says of a page: CUDA's codes of success and of an invalid space."""


def place(words: Mapping[str, int]) -> dict[str, Buffer]:
    """Give every buffer its address.

    Parameters
    ----------
    words
        Buffer name to 32-bit words, in the order of allocation.

    Returns
    -------
    dict
        Buffer name to buffer, in the same order: as recorded where the buffers are Extraction's,
        else by the rules of :func:`allocate`.
    """
    recorded = recorded_layout()
    if {name: 4 * size for name, size in words.items()} == {
        name: size for name, (size, _) in recorded.items()
    }:
        offsets = {name: offset for name, (_, offset) in recorded.items()}
    else:
        offsets = allocate({name: 4 * size for name, size in words.items()})
    return {name: Buffer(name, size, FIRST + offsets[name]) for name, size in words.items()}


def allocate(sizes: Mapping[str, int]) -> dict[str, int]:
    """Place allocations by rules like those of the recorded ``cudaMalloc``.

    Below 1 MiB: at the first multiple of 512 bytes where it fits, in a 2 MiB block of small ones or
    behind the end of a large one; the first such block begins at 0.  From 1 MiB on: whole 2 MiB
    pages, first from page 37 up to the last readable page, then below the readable ones, downwards,
    as recorded for Extraction.

    Parameters
    ----------
    sizes
        Name to bytes (more than 0), in the order of allocation.

    Returns
    -------
    dict
        Name to byte offset from the first allocation's page.

    Examples
    --------
    >>> allocate({"a": 4, "b": 513, "c": 3 << 20, "d": 4})
    {'a': 0, 'b': 512, 'c': 77594624, 'd': 1536}
    """
    low, high = _readable_run()
    up, down = FIRST_LARGE_PAGE * PAGE, low
    free: list[list[int]] = [[0, PAGE]]
    offsets: dict[str, int] = {}

    def take(size: int) -> int:
        nonlocal up, down
        if up + size <= high:
            up += size
            return up - size
        down -= size
        return down

    for name, size in sizes.items():
        if size >= SMALL:
            whole = round_up(size, PAGE)
            offsets[name] = start = take(whole)
            free.append([start + round_up(size, STEP), start + whole])
            continue
        rounded = round_up(size, STEP)
        gap = next((gap for gap in free if gap[1] - gap[0] >= rounded), None)
        if gap is None:
            start = take(PAGE)
            free.append(gap := [start, start + PAGE])
        offsets[name] = gap[0]
        gap[0] += rounded
    return offsets


def place_behind(buffers: Mapping[str, Buffer], words: Mapping[str, int]) -> dict[str, Buffer]:
    """Give further buffers their addresses, and leave those that are there where they are.

    Each comes to the first multiple of 512 bytes of mapped memory that no buffer has, where it
    fits; else it gets pages of its own behind the last buffer, as :func:`allocate` rounds them.

    Parameters
    ----------
    buffers
        The buffers that are there, by name.
    words
        Name to 32-bit words of the further ones, in the order of allocation.

    Returns
    -------
    dict
        All of them, in the order in which they were allocated.
    """
    found = dict(buffers)
    for name, size in words.items():
        address = next(
            (
                round_up(start, STEP)
                for start, end in zero_pages(found.values())
                if round_up(start, STEP) + 4 * size <= end
            ),
            None,
        )
        if address is None:
            address = round_up(max(buffer.end for buffer in found.values()), PAGE)
        found[name] = Buffer(name, size, address)
    return found


def zero_pages(buffers: Iterable[Buffer]) -> Ranges:
    """Return the bytes that are mapped but belong to no buffer.

    Parameters
    ----------
    buffers
        The network's buffers.

    Returns
    -------
    tuple of (int, int)
        Sorted byte ranges ``[start, end)``: the buffers' own pages and those that were recorded as
        readable, without the buffers.
    """
    buffers = tuple(buffers)
    mapped = _allocated(buffers) | _recorded(READABLE)
    return subtract(_ranges(mapped), ((buffer.address, buffer.end) for buffer in buffers))


def unprobed_pages(buffers: Iterable[Buffer]) -> Ranges:
    """Return the pages among the allocations of which neither layout nor recording says anything.

    Parameters
    ----------
    buffers
        The network's buffers.

    Returns
    -------
    tuple of (int, int)
        Sorted byte ranges ``[start, end)``, from the lowest allocated page up to the lowest
        probed one.
    """
    allocated = _allocated(buffers)
    between = range(min(allocated), FIRST // PAGE + min(recorded_pages()))
    return _ranges(page for page in between if page not in allocated)


def other_space_pages() -> Ranges:
    """Return the pages that raised Invalid Address Space when they were probed.

    Returns
    -------
    tuple of (int, int)
        Sorted byte ranges ``[start, end)``.
    """
    return _ranges(_recorded(OTHER_SPACE))


@cache
def recorded_layout() -> dict[str, tuple[int, int]]:
    """Return where ``cudaMalloc`` put Extraction's buffers on the recorded H100.

    Returns
    -------
    dict
        Buffer name to (bytes, byte offset from the first allocation), in the order of allocation.
    """
    # The last line gives the address of the first allocation, FIRST.
    rows = (row for row in _table("extraction-layout.txt") if row[0] != "first")
    return {name: (int(size), int(offset)) for name, size, offset in rows}


@cache
def recorded_pages() -> dict[int, int]:
    """Return what the recorded H100 said of the pages around Extraction's buffers.

    Returns
    -------
    dict
        Page, from that of the first allocation, to 0 (readable), 700 (illegal address) or 717
        (invalid address space).
    """
    return {int(page): int(code) for page, code in _table("extraction-pages.txt")}


def _table(name: str) -> list[list[str]]:
    text = files("softbeam.network").joinpath("data", name).read_text(encoding="ascii")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def _readable_run() -> Range:
    """Return the byte offsets of the unbroken run of readable pages around the first allocation."""
    pages = recorded_pages()
    low = high = 0
    while pages.get(low - 1) == READABLE:
        low -= 1
    while pages.get(high) == READABLE:
        high += 1
    return low * PAGE, high * PAGE


def _recorded(code: int) -> set[int]:
    return {FIRST // PAGE + page for page, said in recorded_pages().items() if said == code}


def _allocated(buffers: Iterable[Buffer]) -> set[int]:
    return set(
        chain.from_iterable(
            range(buffer.address // PAGE, -(-buffer.end // PAGE)) for buffer in buffers
        )
    )


def _ranges(pages: Iterable[int]) -> Ranges:
    """Return pages as byte ranges."""
    return merged((PAGE * page, PAGE * (page + 1)) for page in pages)
