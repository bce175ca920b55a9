"""Hardened variants without a fault leave what their bases' twins do, clamped, unreported."""

from __future__ import annotations

import pytest
from support.shipped import architecture_of
from support.variants import LAUNCHES, Expected, Limits

from softbeam.kernels import KERNELS
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

#: Bases of variants; the matrix products' are tested elsewhere.
BASES = sorted({base_of(name) for name in KERNELS if techniques_of(name)} - {"sgemm"})
BASES = [name for name in BASES if not name.startswith("sgemm")]

#: Between them some words of every launch lie, and beyond each some; zeros of both signs, as the
#: lower limit -0 and as the upper one +0, keep their bits.
LIMITS = [Limits(-0.75, 1.5), Limits(-0.0, 0.625), Limits(-1.0, 0.0)]

#: Every base on Hopper, and on one other architecture where tests are slow.
CASES = [
    *((base, edges, DEFAULT_ARCHITECTURE) for base in BASES for edges in (0.0, 0.2)),
    *(
        pytest.param(base, 0.2, architecture_of(base), marks=pytest.mark.slow)
        for base in BASES
        if architecture_of(base) != DEFAULT_ARCHITECTURE
    ),
]


def test_every_kernel_but_the_products_has_variants_and_a_launch_here() -> None:
    bases = {name for name in KERNELS if not techniques_of(name)}
    others = ("sgemm", "check")
    assert set(BASES) == {name for name in bases if not name.startswith(others)}
    assert LAUNCHES.keys() == set(BASES)


@pytest.mark.parametrize(("base", "edges", "architecture"), CASES)
def test_a_variant_leaves_what_its_base_does_clamped(
    base: str, edges: float, architecture: str
) -> None:
    expected = Expected(base, edges)
    for name in KERNELS:
        if base_of(name) == base and name != base:
            for limits in LIMITS if "range" in techniques_of(name) else LIMITS[:1]:
                expected.check(name, architecture, limits)


@pytest.mark.parametrize("base", BASES)
def test_the_limits_change_some_words_and_leave_some(base: str) -> None:
    if f"{base}+range" not in KERNELS:
        return
    stored = changed = 0
    for edges in (0.0, 0.2):
        expected = Expected(base, edges)
        for limits in LIMITS:
            pairs = zip(expected.words(None), expected.words(limits), strict=True)
            stored += sum(int(one.sum()) for one in expected.stored)
            changed += sum(int((a != b).sum()) for a, b in pairs)
    assert 0 < changed < stored
