"""Which float words of which buffers a launch stores: kernels say it of pointers."""

from __future__ import annotations

from functools import lru_cache

from softbeam.kernels.stored import Stored
from softbeam.network.plan import Launch

#: Launches that are remembered: those of a deep network, of which each is asked again and again.
_REMEMBERED = 1 << 14


@lru_cache(_REMEMBERED)
def stored_words(launch: Launch) -> tuple[Stored, ...]:
    """Return the float words that a launch stores.

    Parameters
    ----------
    launch : Launch
        A launch of a network, a library's too.

    Returns
    -------
    tuple of Stored
        With the names of buffers as their pointers, and places in these.
    """
    from softbeam.kernels.families import stores

    found = []
    for one in stores(launch.arguments):
        pointer = getattr(launch.arguments, one.pointer)
        found.append(one.behind(pointer.buffer, pointer.word))
    return tuple(found)
