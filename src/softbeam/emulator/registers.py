"""The registers of one thread at a stop, by the names that listings give them."""

from __future__ import annotations

import re
from typing import Any

from softbeam.emulator.core import layout as k
from softbeam.errors import LaunchError

_NAME = re.compile(r"(UR|UP|R|P)([0-9]{1,3})\Z")
_MOST = {"R": 254, "P": 6, "UR": 254, "UP": 6}


class Registers:
    """General registers ``R0`` … ``R254``, predicates ``P0`` … ``P6``, and the warp's own
    ``UR0`` … ``UR254`` and ``UP0`` … ``UP6``, which its threads share.

    Parameters
    ----------
    warps : numpy.ndarray
        The state of the warps that run together.
    thread : int
        Number of the thread in its block.
    first : int
        The first of these warps.
    threads : int
        Threads of the block.

    Raises
    ------
    LaunchError
        If the thread is not of these warps.
    """  # noqa: D205

    def __init__(self, warps: Any, thread: int, first: int, threads: int) -> None:
        warp = thread // k.LANES - first
        if not 0 <= thread < threads or not 0 <= warp < len(warps):
            raise LaunchError(f"thread {thread} is not of the warps that are followed")
        self._w, self._lane = warps[warp], thread % k.LANES

    def __getitem__(self, name: str) -> int:
        """Return a register's value: 32 bits, or 0 and 1 of a predicate."""
        kind, number = _parsed(name)
        if kind == "R":
            return int(self._w["registers"][number, self._lane])
        if kind == "UR":
            return int(self._w["uniforms"][number])
        if kind == "UP":
            return int(self._w["uniform_predicates"][number] != 0)
        return int(self._w["predicates"][number]) >> self._lane & 1

    def __setitem__(self, name: str, value: int) -> None:
        """Set a register."""
        kind, number = _parsed(name)
        bits = 32 if kind in ("R", "UR") else 1
        if not 0 <= value < 1 << bits:
            raise LaunchError(f"{value} does not fit {name}, which has {bits} bits")
        if kind == "R":
            self._w["registers"][number, self._lane] = value
        elif kind == "UR":
            self._w["uniforms"][number] = value
        elif kind == "UP":
            self._w["uniform_predicates"][number] = value
        else:
            mask = int(self._w["predicates"][number]) & ~(1 << self._lane)
            self._w["predicates"][number] = mask | value << self._lane


def _parsed(name: str) -> tuple[str, int]:
    match = _NAME.match(name)
    if match is None or int(match.group(2)) > _MOST[match.group(1)]:
        raise LaunchError(f"there is no register {name!r}: R0 to R254, P0 to P6, UR0 to UR254, UP0")
    return match.group(1), int(match.group(2))
