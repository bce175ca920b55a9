"""Draws: exactly fair, and a function of their names alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from softbeam.faults import randomness
from softbeam.faults.randomness import Draws


@pytest.mark.parametrize("limit", [2, 3, 7, 32, 100, 255])
def test_draws_are_uniform(limit: int) -> None:
    # The draws are fixed by their names, so the test's own chance of failing is spent.
    counts = Counter(Draws("uniform", index).below(limit, "n") for index in range(100 * limit))
    assert set(counts) == set(range(limit))
    assert chisquare(list(counts.values())).pvalue > 0.001


def test_draws_of_one_injection_are_independent_of_each_other() -> None:
    pairs = Counter()
    for index in range(6400):
        draws = Draws("pairs", index)
        pairs[draws.below(8, "register"), draws.below(8, "bit")] += 1
    assert len(pairs) == 64
    assert chisquare(list(pairs.values())).pvalue > 0.001


@given(st.integers(1, 1 << 70), st.text(), st.integers(0, 10**6))
def test_draws_are_within_their_limit_and_the_same_each_time(
    limit: int, campaign: str, index: int
) -> None:
    number = Draws(campaign, "rf", index).below(limit, "place")
    assert 0 <= number < limit
    assert Draws(campaign, "rf", index).below(limit, "place") == number


@given(st.permutations(["place", "register", "bit", "value"]))
def test_draws_do_not_depend_on_their_order(names: list[str]) -> None:
    draws = Draws("order", 5)
    assert {name: draws.below(1 << 32, name) for name in names} == {
        name: Draws("order", 5).below(1 << 32, name) for name in sorted(names)
    }


def test_every_name_counts() -> None:
    names = [("a", "rf", 0), ("b", "rf", 0), ("a", "iov", 0), ("a", "rf", 1)]
    numbers = {Draws(*name).below(1 << 64, which) for name in names for which in ("x", "y")}
    assert len(numbers) == 8


def test_a_draw_is_the_sha_256_of_its_name() -> None:
    digest = hashlib.sha256(b"campaign/rf/12/place/0").digest()
    assert Draws("campaign", "rf", 12).below(1000, "place") == int.from_bytes(digest, "big") % 1000


def test_another_process_draws_the_same() -> None:
    code = "from softbeam.faults.randomness import Draws; print(Draws('c', 3).below(10**30, 'n'))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert int(told) == Draws("c", 3).below(10**30, "n")


def test_a_digest_beyond_the_last_multiple_of_the_limit_is_drawn_anew(monkeypatch) -> None:
    asked = []

    class Digest:
        def __init__(self, name: bytes) -> None:
            asked.append(name)

        def digest(self) -> bytes:
            # 2^256 - 1 is the one number that has no fair share of 3.
            return (b"\xff" * 32) if len(asked) == 1 else (5).to_bytes(32, "big")

    monkeypatch.setattr(randomness.hashlib, "sha256", Digest)
    assert Draws("c").below(3, "n") == 2
    assert asked == [b"c/n/0", b"c/n/1"]


@pytest.mark.parametrize("limit", [0, -1])
def test_nothing_can_be_drawn_from_nothing(limit: int) -> None:
    with pytest.raises(ValueError, match=f"nothing to draw from: {limit}"):
        Draws("c").below(limit, "n")
