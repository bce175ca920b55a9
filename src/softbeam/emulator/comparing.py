"""Two runs of a block at the same barrier: what is different between them that can still matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.flow import PREDICATES, UNIFORM_PREDICATES, UNIFORMS, Flow
from softbeam.emulator.resuming import BlockRun

#: Registers of a warp beside the general ones, where each kind begins in sets, and how many.
_OTHERS = (
    ("predicates", PREDICATES, 7),
    ("uniforms", UNIFORMS, 255),
    ("uniform_predicates", UNIFORM_PREDICATES, 7),
)


def differing_registers(
    one: BlockRun, other: BlockRun, flow: Flow, *, most: int, followed: int | None = None
) -> NDArray[np.int64] | None:
    """Return which general registers differ and are read later, if nothing else does.

    Parameters
    ----------
    one, other : BlockRun
        The runs, both behind the same barrier.
    flow : Flow
        The program's.
    most : int
        Instructions that a thread may have executed by now so that it cannot hang any more if it
        goes on without fault.
    followed : int, optional
        A register that is returned where it differs, whether it is read later or not.

    Returns
    -------
    numpy.ndarray of int64, [differences, 3], or None
        Warp, register and lane of each; None if shared memory, the way, or a predicate or uniform
        register differs that is read later.
    """
    ours, theirs = one.state.warps, other.state.warps
    if not np.array_equal(one.state.shared, other.state.shared):
        return None
    groups = int(max(ours["groups"].max(), theirs["groups"].max()))
    for name in ("groups", "status", "barriers"):
        if not np.array_equal(ours[name], theirs[name]):
            return None
    for name in ("group_mask", "group_row", "group_wait"):
        if not np.array_equal(ours[name][:, :groups], theirs[name][:, :groups]):
            return None
    if int(ours["counts"].max()) > most:
        return None
    live = [_live(w, flow) for w in theirs]
    for name, first, count in _OTHERS:
        for warp, place in np.argwhere(ours[name][:, :count] != theirs[name][:, :count]):
            if live[warp] >> (first + int(place)) & 1:
                return None
    differ = np.argwhere(ours["registers"] != theirs["registers"])
    wanted = np.array([_general(one) for one in live])
    if followed is not None:
        wanted[:, followed] = True
    found: NDArray[np.int64] = differ[wanted[differ[:, 0], differ[:, 1]]]
    return found


def _general(registers: int) -> NDArray[np.bool_]:
    """Return a set's general registers."""
    data = np.frombuffer((registers & ((1 << 256) - 1)).to_bytes(32, "little"), dtype=np.uint8)
    return np.unpackbits(data, bitorder="little").astype(np.bool_)


def _live(w: np.void, flow: Flow) -> int:
    """Return what the groups of a warp may read before they write it."""
    found = 0
    for group in range(int(w["groups"])):
        row = int(w["group_row"][group])
        found |= flow.live[row] if 0 <= row < len(flow.live) else 0
    return found


def same_block(one: BlockRun, other: BlockRun) -> bool:
    """Return whether two runs hold the same in all that a program can read or a fault strike."""
    ours, theirs = one.state.warps, other.state.warps
    names = ("registers", "predicates", "uniforms", "uniform_predicates", "barriers", "counts")
    groups = int(max(ours["groups"].max(), theirs["groups"].max()))
    return (
        np.array_equal(one.state.shared, other.state.shared)
        and all(np.array_equal(ours[name], theirs[name]) for name in (*names, "groups", "status"))
        and all(
            np.array_equal(ours[name][:, :groups], theirs[name][:, :groups])
            for name in ("group_mask", "group_row", "group_wait")
        )
    )
