"""Sets of words by unit, against Python's own sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softbeam.program.accesses import WordSets, expanded, joined

SETS = st.lists(st.frozensets(st.integers(0, 40), max_size=20), min_size=1, max_size=6)
RUNS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=8)


def made(sets: list[frozenset[int]]) -> WordSets:
    return WordSets.of([np.array(sorted(one), dtype=np.int64) for one in sets])


@given(SETS)
def test_each_unit_keeps_its_words(sets):
    found = made(sets)
    assert [frozenset(found.of_unit(unit).tolist()) for unit in range(len(sets))] == sets


@given(SETS, st.frozensets(st.integers(0, 40), max_size=10))
def test_units_meet_words_that_they_hold(sets, words):
    asked = np.array(sorted(words), dtype=np.int64)
    wanted = [unit for unit, one in enumerate(sets) if one & words]
    assert made(sets).meeting(asked).tolist() == wanted


@given(SETS)
def test_the_union_is_all_words_in_runs_with_gaps(sets):
    starts, ends = made(sets).union
    assert expanded(starts, ends).tolist() == sorted(frozenset().union(*sets))
    assert (starts[1:] > ends[:-1]).all()


@given(RUNS)
def test_runs_in_any_order_are_joined(runs):
    starts = np.array([start for start, _ in runs], dtype=np.int64)
    ends = starts + np.array([words for _, words in runs], dtype=np.int64)
    wanted = {word for start, words in runs for word in range(start, start + words)}
    assert expanded(*joined(starts, ends)).tolist() == sorted(wanted)
