from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.campaign.effects.facts import (
    Damaging,
    Effects,
    Ended,
    Exposure,
    Remedy,
    Sample,
    Struck,
)
from softbeam.campaign.effects.file import (
    EFFECTS,
    from_json,
    read_effects,
    set_aside,
    to_json,
    write_effects,
)
from softbeam.errors import ResultsError
from softbeam.faults.stratum import Stratum

PLACES = st.builds(Stratum, st.integers(0, 30), st.sampled_from(["maxpool", "sgemm_64x128"]))
TECHNIQUES = st.sampled_from([(), ("range",), ("duplication", "range", "bounds")])
MODES = st.sampled_from(["rf", "iov", "ioa"])
STRUCK = st.builds(
    Struck,
    PLACES,
    TECHNIQUES,
    MODES,
    st.just("single-bit"),
    st.sampled_from(["", "3/maxpool"]),
    st.integers(0, 99),
)
ENDS = st.sampled_from(
    [Ended("SDC", "critical"), Ended("DUE", "hang"), Ended("Masked", "absorbed")]
)
REMEDIES = st.builds(Remedy, PLACES, st.sampled_from([("range",), ("checksum",)]))
EFFECT = st.builds(
    Effects,
    campaign=st.just("c"),
    limits=st.just("l"),
    kernels=st.just("k"),
    techniques=st.frozensets(TECHNIQUES.filter(bool), max_size=2),
    replayed=st.frozensets(STRUCK, max_size=3),
    checked=st.frozensets(STRUCK, max_size=3),
    damaging=st.lists(
        st.builds(
            Damaging, STRUCK, st.integers(0, 9), ENDS, st.dictionaries(REMEDIES, ENDS, max_size=2)
        ),
        max_size=4,
        unique_by=lambda one: one.struck,
    ).map(lambda ones: tuple(sorted(ones, key=lambda one: one.struck))),
    struck=st.dictionaries(
        st.builds(Sample, PLACES, TECHNIQUES, MODES, st.just("single-bit")),
        st.integers(0, 99),
        max_size=3,
    ),
    sizes=st.dictionaries(
        st.builds(Exposure, PLACES, TECHNIQUES, MODES, st.integers(0, 3)),
        st.integers(0, 1 << 40),
        max_size=3,
    ),
    unneeded=st.frozensets(st.integers(0, 9), max_size=3),
    dropped=st.dictionaries(
        st.builds(Exposure, PLACES, st.just(()), MODES, st.integers(0, 3)),
        st.integers(0, 1 << 40),
        max_size=3,
    ),
)


@given(EFFECT)
def test_what_is_written_is_read(effects: Effects) -> None:
    assert from_json(to_json(effects)) == effects


@given(EFFECT, EFFECT)
def test_joining_loses_nothing_and_does_nothing_twice(one: Effects, other: Effects) -> None:
    both = one.joined(other)
    assert both.joined(one).joined(other).replayed == both.replayed
    assert {done.struck for done in both.damaging} == {
        done.struck for done in (*one.damaging, *other.damaging)
    }
    assert one.joined(one) == one


def test_effects_of_other_limits_do_not_join() -> None:
    one = Effects("c", "l", "k")
    with pytest.raises(ValueError, match="do not add up"):
        one.joined(replace(one, limits="m"))


def test_a_folder_without_the_file_has_no_effects(tmp_path: Path) -> None:
    assert read_effects(tmp_path) is None
    effects = Effects("c", "l", "k", unneeded=frozenset({3}))
    assert write_effects(tmp_path, effects) == tmp_path / EFFECTS
    assert read_effects(tmp_path) == effects


def test_effects_of_another_version_are_not_used(tmp_path: Path) -> None:
    text = to_json(Effects("c", "l", "k")).replace('"semantics": 1', '"semantics": 0')
    (tmp_path / EFFECTS).write_text(text)
    assert read_effects(tmp_path) is None


KEPT = to_json(
    Effects(
        "c", "l", "k",
        techniques=frozenset({("range",)}),
        struck={Sample(Stratum(1, "maxpool"), ("range",), "rf", "single-bit"): 3},
        damaging=(
            Damaging(
                Struck(Stratum(1, "maxpool"), (), "rf", "single-bit", "", 7),
                3,
                Ended("SDC", "critical"),
            ),
        ),
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"semantics": 1}', '{"semantics": 1, "camp', "[" * 100_000,
        KEPT.replace('"range"', '"prayer"'),
        KEPT.replace('"SDC"', '"Wonder"'),
        KEPT.replace('"single-bit", 3]', '"single-bit", -3]'),
        KEPT.replace('"single-bit", 3]', '"single-bit", 1e999]'),
        KEPT.replace('"single-bit", 3]', '"single-bit"]'),
        KEPT.replace('"", 7', '"", true'),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / EFFECTS).write_text(text)
    with pytest.raises(ResultsError, match="remove the file to measure them again"):
        read_effects(tmp_path)


def test_effects_of_other_limits_are_set_aside_and_come_back(tmp_path: Path) -> None:
    one = Effects(campaign="c", limits="a" * 64, kernels="k", unneeded=frozenset({1}))
    other = replace(one, limits="b" * 64, unneeded=frozenset({2}))
    write_effects(tmp_path, one)
    set_aside(tmp_path, one.limits)
    assert read_effects(tmp_path) == one
    set_aside(tmp_path, other.limits)
    assert read_effects(tmp_path) is None
    # Whoever is stopped here finds them all the same.
    set_aside(tmp_path, one.limits)
    assert read_effects(tmp_path) == one
    set_aside(tmp_path, other.limits)
    write_effects(tmp_path, other)
    set_aside(tmp_path, one.limits)
    assert read_effects(tmp_path) == one
    set_aside(tmp_path, other.limits)
    assert read_effects(tmp_path) == other
