"""Jitted functions called without a look at the types of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any


class Direct:
    """A compiled function that is called without a look at the types of its arguments.

    Numba finds out the type of every array of every tuple at each call, which takes a third of
    the time of a short run.  The types are declared instead, and
    :class:`~softbeam.emulator.launching.Launch` and
    :func:`~softbeam.emulator.execution.new_state` make nothing else.

    Parameters
    ----------
    function : callable
        A jitted function; it is compiled, or loaded, at the first call.
    example : callable
        Returns arguments of the types that every call has.
    """

    def __init__(self, function: Any, example: Callable[[], tuple[Any, ...]]) -> None:
        self._function, self._example = function, example

    @cached_property
    def _entry(self) -> Callable[..., Any]:
        from numba import typeof

        types = tuple(typeof(argument) for argument in self._example())
        self._function.compile(types)
        entry: Callable[..., Any] = self._function.overloads[types].entry_point
        return entry

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        return self._entry(*arguments)
