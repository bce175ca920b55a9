"""What softbeam does and why it takes its time, for who wants to know: ``--debug``.

Every module that compiles, reads, keeps or draws has a logger of the standard library's, named
after it (``softbeam.…``).  Nothing is shown unless :func:`show` was called: by ``--debug``, or
where ``SOFTBEAM_DEBUG`` is set, which worker processes inherit.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "SOFTBEAM_DEBUG"

_FORMAT = "%(relativeCreated)8.0f ms, process %(process)d, %(name)s: %(message)s"


def wanted() -> bool:
    """Return whether the environment asks for it."""
    return os.environ.get(VARIABLE, "0") not in ("", "0")


def show() -> None:
    """Show it on standard error, in this process and in those that it starts."""
    os.environ[VARIABLE] = "1"
    logger = logging.getLogger("softbeam")
    if not logger.handlers:
        from softbeam.compilation import log_always

        log_always()
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def show_if_wanted() -> None:
    """Show it if the environment asks for it."""
    if wanted():
        show()


@contextmanager
def timed(logger: logging.Logger, what: str) -> Iterator[None]:
    """Log what was done and how many seconds it took."""
    began = time.perf_counter()
    yield
    logger.debug("%s: %.2f s", what, time.perf_counter() - began)
