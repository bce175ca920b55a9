"""Keeping what a library's C code prints off the user's standard output.

HiGHS prints a line for its developers in rare cases, whatever it is told; it would stand among the
sentences of an answer.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Descriptor of the standard output.
_STANDARD_OUTPUT = 1


@contextmanager
def silent() -> Iterator[None]:
    """Drop what is written to descriptor 1, and to C's buffers before it, within the context."""
    c = ctypes.CDLL(None)
    try:
        kept = os.dup(_STANDARD_OUTPUT)
    except OSError:
        # A process without standard output has nothing to keep clean.
        yield
        return
    try:
        c.fflush(None)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STANDARD_OUTPUT)
        os.close(nowhere)
        yield
    finally:
        c.fflush(None)
        os.dup2(kept, _STANDARD_OUTPUT)
        os.close(kept)
