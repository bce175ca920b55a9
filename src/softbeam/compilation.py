"""Who compiles what, and for how long: watches Numba and others, so that a wait has a name.

What is compiled, and where it is kept, is in :mod:`softbeam.jit`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LOG = logging.getLogger(__name__)


@contextmanager
def watched(told: Callable[[str, float | None], None]) -> Iterator[None]:
    """Tell of functions that are compiled because the cache does not have them.

    Parameters
    ----------
    told : callable
        Called with a function's name when its compilation begins, and with its name and how many
        seconds it took when it is done.  A function that is compiled for the sake of another one
        is not told of.
    """
    from numba.core import event

    _watchers.append(told)
    try:
        with event.install_listener("numba:compile", _listener(told)):
            yield
    finally:
        _watchers.remove(told)


def log_always() -> None:
    """Log every compilation of this process."""
    from numba.core import event

    _watchers.append(_logged)
    event.register("numba:compile", _listener(_logged))


@contextmanager
def announced(name: str) -> Iterator[None]:
    """Tell whoever watches of something that is compiled here without Numba."""
    began = time.perf_counter()
    watchers = list(_watchers)
    for told in watchers:
        told(name, None)
    try:
        yield
    finally:
        for told in watchers:
            told(name, time.perf_counter() - began)


_watchers: list[Callable[[str, float | None], None]] = []


def _logged(name: str, seconds: float | None) -> None:
    if seconds is None:
        _LOG.debug("compiling %s, which the cache does not have", name)
    else:
        _LOG.debug("compiled %s: %.2f s", name, seconds)


def _listener(told: Callable[[str, float | None], None]) -> Any:
    from numba.core import event

    class Listener(event.Listener):  # type: ignore[misc]
        """Keeps only the outermost of compilations within one another."""

        def __init__(self) -> None:
            self.depth, self.began = 0, 0.0

        def on_start(self, event: Any) -> None:
            if not self.depth:
                self.began = time.perf_counter()
                told(_name(event), None)
            self.depth += 1

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            if not self.depth:
                told(_name(event), time.perf_counter() - self.began)

    return Listener()


def _name(event: Any) -> str:
    function = event.data["dispatcher"].py_func
    return f"{function.__module__.removeprefix('softbeam.')}.{function.__name__}"
