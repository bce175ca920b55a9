"""A process that compiles what injections need while this one makes golden runs and profiles.

The first campaign on a machine would else compile one thing after the other, with a core idle.
Each function is compiled by whichever process first asks for it, and the others wait for that one
(:func:`softbeam.jit.only_maker`), so that nothing is compiled twice or kept half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from softbeam.campaign.workers import WorkerPool, cores
from softbeam.emulator.execution import common_is_compiled, compile_common
from softbeam.errors import InternalError
from softbeam.jit import without_collections
from softbeam.logs import show_if_wanted


@contextmanager
def compiling_beside() -> Iterator[None]:
    """Compile the emulator's parts that most injections need, beside what is done meanwhile.

    In another process, which this one waits for at the end; in this one, and before anything else,
    where there is one core only.  Where the cache has them nothing is done at all.
    """
    if common_is_compiled():
        yield
        return
    if cores() == 1:
        compile_common()
        yield
        return
    with WorkerPool[int, None](1, compile_in_worker, None) as pool:
        yield
        # What it has not compiled each process that needs it compiles for itself.
        with suppress(InternalError):
            for _ in pool.run([0]):
                pass


def compile_in_worker(_: None) -> Callable[[int], None]:
    """Compile, in the process that was started for it; return what does no more than answer."""
    show_if_wanted()
    with without_collections():
        compile_common()
    return lambda _: None
