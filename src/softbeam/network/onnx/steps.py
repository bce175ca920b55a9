"""Tensors as sizes and steps: how ONNX lays them on one another, and as few axes as do the same."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

Sides = tuple[int, ...]


def dense(sides: Sequence[int]) -> Sides:
    """Return the steps of a tensor whose elements lie one after the other.

    Examples
    --------
    >>> dense((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(prod(sides[axis + 1 :]) for axis in range(len(sides)))


def laid_on(sides: Sequence[int], target: Sequence[int]) -> Sides:
    """Return the steps of a tensor along the axes of another shape that it broadcasts to.

    Raises
    ------
    ValueError
        If it does not.

    Examples
    --------
    >>> laid_on((3, 1), (2, 3, 4))
    (0, 1, 0)
    """
    aligned = (1,) * (len(target) - len(sides)) + tuple(sides)
    fits = len(aligned) == len(target) and all(
        own in (1, side) for own, side in zip(aligned, target, strict=True)
    )
    if not fits:
        raise ValueError(f"{list(sides)} does not broadcast to {list(target)}")
    return tuple(0 if own == 1 else step for own, step in zip(aligned, dense(aligned), strict=True))


def collapsed(sizes: Sequence[int], *steps: Sequence[int]) -> tuple[Sides, ...]:
    """Return sizes and steps of as few axes as reach the same elements in the same order.

    Examples
    --------
    >>> collapsed((1, 2, 3, 4), (24, 12, 4, 1), (0, 1, 0, 0))
    ((2, 12), (12, 1), (1, 0))
    """
    kept: list[tuple[int, ...]] = []
    for axis in zip(sizes, *steps, strict=True):
        size, *own = axis
        if size == 1:
            continue
        before = kept[-1] if kept else None
        if before is not None and all(
            outer == size * inner for outer, inner in zip(before[1:], own, strict=True)
        ):
            kept[-1] = (before[0] * size, *own)
        else:
            kept.append(axis)
    if not kept:
        kept = [(1, *(0 for _ in steps))]
    return tuple(zip(*kept, strict=True))
