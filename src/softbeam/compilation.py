"""Who compiles what, and for how long: watches Numba, so that a wait has a name.

What is compiled, and where it is kept, is :mod:`softbeam.jit`'s.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LOG = logging.getLogger(__name__)


@contextmanager
def watched(said: Callable[[str], None] = lambda name: None) -> Iterator[None]:
    """Tell of functions that are compiled because the cache does not have them.

    Parameters
    ----------
    said : callable
        Called with the function's name when its compilation begins, and with an empty text when
        it is done.  A function that is compiled for the sake of another one is not told of.
    """
    from numba.core import event

    class Listener(event.Listener):  # type: ignore[misc]
        """Keeps only the outermost of compilations within one another."""

        def __init__(self) -> None:
            self.depth, self.began = 0, 0.0

        def on_start(self, event: Any) -> None:
            if not self.depth:
                self.began = time.perf_counter()
                said(_name(event))
            self.depth += 1

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            if not self.depth:
                seconds = time.perf_counter() - self.began
                _LOG.debug("compiled %s: %.2f s (not in the cache)", _name(event), seconds)
                said("")

    with event.install_listener("numba:compile", Listener()):
        yield


def _name(event: Any) -> str:
    function = event.data["dispatcher"].py_func
    return f"{function.__module__.removeprefix('softbeam.')}.{function.__name__}"
