"""How much memory this process can still have, and room on a disk, asked before much is taken.

A machine that has promised more than it has ends processes, or stands still; so what grows with a
user's input is reckoned first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage

from softbeam.errors import TooLargeError
from softbeam.files import in_words

#: Files of a control group by its version: where they lie, the limit, what is used of it, and what
#: of that the kernel can take back (Linux, ``admin-guide/cgroup-v2`` and ``cgroup-v1/memory``).
_GROUPS = {
    2: ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    1: (
        "sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def available_memory(root: Path = Path("/")) -> int:
    """Return the bytes that this process can still take.

    The least of what the machine has, what the process's control groups (containers, Slurm) leave
    and what its own limits (``ulimit -v``) do.

    Parameters
    ----------
    root : Path
        The folder that holds ``proc`` and ``sys``.
    """
    return max(min((_of_machine(root), *_of_groups(root), *_of_limits(root))), 0)


def address_space(root: Path = Path("/")) -> int:
    """Return the bytes that this process can still map, which a file does not take memory for."""
    return max(min(_of_limits(root), default=1 << 62), 0)


def require_memory(size: int, what: str, advice: str, room: int | None = None) -> None:
    """Refuse what needs more memory than there is.

    Parameters
    ----------
    size : int
        Bytes that it needs, reckoned.
    what, advice : str
        Its name and what to do, for the error.
    room : int, optional
        Bytes that there are; :func:`available_memory` if not given.

    Raises
    ------
    TooLargeError
        With the size, and what there is.

    Examples
    --------
    >>> require_memory(43_100_000_000, "big.cfg", "give a smaller one", 8_000_000_000)
    Traceback (most recent call last):
    softbeam.errors.TooLargeError: big.cfg needs 43.1 GB of memory, and 8.0 GB are available;
    give a smaller one
    """
    room = available_memory() if room is None else room
    if size > room:
        raise TooLargeError(
            f"{what} needs {in_words(size)} of memory, and {in_words(room)} are available; {advice}"
        )


def require_disk(size: int, folder: Path, what: str, advice: str) -> None:
    """Refuse what needs more room on a disk than is free.

    Parameters
    ----------
    size : int
        Bytes that it needs, reckoned.
    folder : Path
        Where it is to lie.
    what, advice : str
        Its name and what to do, for the error.

    Raises
    ------
    TooLargeError
        With the size, and what is free.
    """
    free = disk_usage(folder).free
    if size > free:
        raise TooLargeError(
            f"{what} need {in_words(size)} on the disk of {folder}, and {in_words(free)} are free; "
            f"{advice}"
        )


def _of_machine(root: Path) -> int:
    available = _fields(root / "proc/meminfo").get("MemAvailable:")
    if available is not None:
        return 1024 * available
    # macOS has no such file; what others hold is not known there.
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_groups(root: Path) -> Iterator[int]:
    """Yield what the limits of the process's control groups leave, and of those around them."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, own = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base, limit, used, idle = _GROUPS[1 if controllers else 2]
        # In a container the path is often one of the machine around it, and the files lie on top.
        for folder in (root / base / own.lstrip("/"), *(root / base / own.lstrip("/")).parents):
            most = _text(folder / limit).strip()
            if most.isdecimal():
                free = _fields(folder / "memory.stat").get(idle, 0)
                yield int(most) - int(_text(folder / used)) + free
            if folder == root / base:
                break


def _of_limits(root: Path) -> Iterator[int]:
    """Yield what the process's own limits leave."""
    import resource

    pages = _text(root / "proc/self/statm").split()
    for limit, place in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            taken = int(pages[place]) * os.sysconf("SC_PAGE_SIZE") if pages else 0
            yield most - taken


def _fields(path: Path) -> dict[str, int]:
    """Return the numbers in a file of names and numbers."""
    rows = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def _text(path: Path) -> str:
    """Return what the kernel writes in a file, nothing where there is none."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
