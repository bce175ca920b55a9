"""Ranges of numbers beside Python's sets."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from softbeam.intervals import Range, cut, merged, subtract

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted).map(tuple))


def apart(points: list[int]) -> list[Range]:
    """Return ranges without overlaps."""
    points = sorted(points)
    return list(zip(points[::2], points[1::2], strict=False))


def members(some: Iterable[Range]) -> set[int]:
    return {number for start, end in some for number in range(start, end)}


@given(
    st.lists(st.integers(0, 60), unique=True, max_size=12),
    st.lists(st.integers(0, 60), unique=True, max_size=12),
)
def test_subtract_is_a_difference_of_sets(edges: list[int], cuts: list[int]) -> None:
    left = subtract(apart(edges), apart(cuts))
    assert members(left) == members(apart(edges)) - members(apart(cuts))
    assert all(start < end for start, end in left)
    assert list(left) == sorted(left)


@given(RANGES)
def test_merged_is_a_union_of_sets_with_gaps_between(ranges: list[Range]) -> None:
    found = merged(ranges)
    assert members(found) == members(ranges)
    assert all(start < end for start, end in found)
    assert all(end < start for (_, end), (start, _) in pairwise(found))


@given(RANGES)
def test_cut_has_every_edge_and_every_number_once(ranges: list[Range]) -> None:
    pieces = cut(61, ranges)
    assert [number for piece in pieces for number in range(*piece)] == list(range(61))
    edges = {edge for one in ranges for edge in one}
    assert {edge for piece in pieces for edge in piece} == edges | {0, 61}
