"""The rules of hardened kernels, each made of its base's rule.

A variant stores what its base computes, clamped where it has limits; what it compares, and which
addresses it checks, changes nothing that reads only memory.  So an output word that depends on no
changed word is golden in the hardened network as in any other, and the base's rule finds the
others.  Clamped is what the launch itself stores, and nothing that lies beside it in the buffer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.changes import BufferChange, Columns, Windows, Words
from softbeam.injection.regions.step import RegionRule, Result, Step, whole_launch
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.kernels.native.limits import clamp
from softbeam.kernels.signatures import arguments_of, signature
from softbeam.kernels.stored import Stored
from softbeam.network.plan import Launch
from softbeam.network.stored import stored_words

#: Launches whose bases are remembered.
_REMEMBERED = 1 << 14


def hardened_rule(kernel: str, base: RegionRule | None) -> RegionRule:
    """Return the rule of a variant.

    Parameters
    ----------
    kernel : str
        The variant's short name.
    base : RegionRule or None
        Its base's rule; where there is none, the base is computed as a whole.
    """
    rule, clamps = base or whole_launch, "range" in techniques_of(kernel)

    def carried(step: Step) -> Result:
        result = rule(replace(step, launch=base_launch(step.launch)))
        if not clamps:
            return result
        return {buffer: clamped(step, buffer, change) for buffer, change in result.items()}

    return carried


@lru_cache(_REMEMBERED)
def base_launch(launch: Launch) -> Launch:
    """Return a launch of the kernel that a variant is made of, with the same number and spans."""
    base = base_of(launch.kernel)
    own = launch.arguments[: len(signature(base).parameters)]
    return replace(launch, kernel=base, arguments=arguments_of(base, own))


def clamped(step: Step, buffer: str, change: BufferChange | None) -> BufferChange | None:
    """Return what differs of a buffer once the launch has clamped what it stores there.

    Parameters
    ----------
    step : Step
        The launch of the variant.
    buffer : str
        The buffer.
    change : BufferChange or None
        What would differ behind it without limits.
    """
    parts = [one for one in stored_words(step.launch) if one.pointer == buffer]
    if change is None or not parts:
        return change
    limits = step.arguments.LOW, step.arguments.HIGH
    if isinstance(change, Windows) and limits[0] <= 0 <= limits[1]:
        # All of im2col's matrix is stored, and its words are the map's; or zeros, which stay.
        values = change.values.copy()
        clamp(values, *limits)
        return replace(change, values=values)
    if isinstance(change, Windows):
        change = change.columns()
    if isinstance(change, Columns):
        return _columns(step, buffer, change, parts, limits)
    bits = change.values.copy()
    own = _held(parts, change.indexes)
    within = bits[own].view(np.float32)
    clamp(within, *limits)
    bits[own] = within.view(np.uint32)
    after = step.golden.words_at(buffer, step.launch.index + 1, change.indexes)
    differs = bits != after
    return Words(change.indexes[differs], bits[differs]) if differs.any() else None


def _columns(
    step: Step, buffer: str, change: Columns, parts: list[Stored], limits: tuple[float, float]
) -> Columns | None:
    values = change.values.copy()
    rows = [_rows(part, change) for part in parts]
    if all(one is not None for one in rows):
        for one in rows:
            clamp(values[:, one], *limits)
    else:
        places = change.places[:, None] + np.arange(change.rows) * change.stride
        own = _held(parts, places)
        within = values[own]
        clamp(within, *limits)
        values[own] = within
    words = change.rows * change.stride
    after = step.golden.part(buffer, step.launch.index + 1, 0, words)
    left = Columns(change.stride, change.places, values).shrunk(after)
    return left if left.places.size else None


def _rows(part: Stored, change: Columns) -> slice | None:
    """Return the rows of a map that stored words fill; None if they are no whole rows."""
    first, before = divmod(part.first, change.stride)
    count, more = divmod(part.words, change.stride)
    return None if before or more or not part.is_dense else slice(first, first + count)


def _held(parts: list[Stored], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which places of a buffer are among some stored words."""
    found = np.zeros(places.shape, dtype=np.bool_)
    for part in parts:
        found |= part.holds(places)
    return found
