"""Several faults in one inference, against brute force: every warp of every launch emulated."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import CampaignError
from softbeam.faults.load import MOST, Load, bits_in, bits_of, check_load
from softbeam.faults.randomness import Draws
from softbeam.faults.site import FaultSite
from softbeam.injection.classification import from_ending
from softbeam.injection.reports import reported
from softbeam.injection.several import draw_sites, inject_load, inject_several, unit_of

SITES = int(os.environ.get("SOFTBEAM_BRUTE_FORCE_SITES", "45"))

MODES = ("rf", "ioa", "iov", "predicate", "weights", "activations")


def compare(example, brute, injector, sites) -> str:
    """Hold an inference against brute force; return its outcome."""
    before = example.golden.words.copy()
    found = inject_several(injector, sites)
    assert np.array_equal(example.golden.words, before)
    ending, output, struck = brute.strike_all(sites)
    decided = from_ending(ending)
    if decided is None:
        report = np.array(brute.report(), dtype=np.uint32)
        decided = reported(injector.rule(example.golden.answer, output), report)
    assert found.outcome == decided, sites
    assert found.struck == struck, sites
    return found.outcome.outcome


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_several_faults_in_hardened_networks(make_example, make_brute_force, mode) -> None:
    rules = "add_bias@0=duplication, add_bias@2=triplication, add_bias@3=range, maxpool=range"
    example = make_example("tiny", harden=rules)
    brute = make_brute_force("tiny", harden=rules)
    injector = example.injector("several hardened")
    model = "single-bit"
    for index in range(SITES):
        compare(example, brute, injector, draw_sites(injector, mode, model, Load(faults=5), index))


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "faults", "number"),
    [
        ("tiny", 2, SITES // 2),
        ("tiny", 6, SITES // 3),
        ("other", 4, SITES // 5),
        ("branches", 5, SITES // 9),
        ("detector", 4, SITES // 9),
        ("tensors", 4, SITES // 9),
    ],
)
def test_several_faults_equal_brute_force(
    make_example, make_brute_force, name, faults, number, mode
) -> None:
    example, brute = make_example(name), make_brute_force(name)
    injector = example.injector("several")
    outcomes = Counter()
    model = "single-bit"
    for index in range(number):
        sites = draw_sites(injector, mode, model, Load(faults), index)
        assert len(sites) == faults
        outcomes[compare(example, brute, injector, sites)] += 1
    assert number < 15 or outcomes["Masked"] < number


@pytest.mark.slow
def test_faults_of_different_modes_equal_brute_force(tiny, make_brute_force) -> None:
    injector = tiny.injector("mixed")
    model = {"iov": "random-value", "rf": "zero-value"}
    for index in range(SITES):
        drawn = {}
        for mode in MODES:
            load = Load(2)
            for site in draw_sites(injector, mode, model.get(mode, "single-bit"), load, index):
                key = (
                    (site.launch, unit_of(tiny.device, site))
                    if isinstance(site, FaultSite)
                    else site
                )
                drawn.setdefault(key, site)
        sites = sorted(drawn.values(), key=lambda one: (one.launch, isinstance(one, FaultSite)))
        # Memory first, then warps in order.
        sites.sort(
            key=lambda one: (
                one.launch,
                isinstance(one, FaultSite),
                unit_of(tiny.device, one) if isinstance(one, FaultSite) else (0, 0),
            )
        )
        compare(tiny, make_brute_force("tiny"), injector, sites)


def test_a_single_fault_is_that_of_an_injection(tiny) -> None:
    injector = tiny.injector("single")
    for mode in ("rf", "ioa", "iov", "weights", "activations"):
        for index in range(12):
            site = injector.site(mode, "single-bit", index)
            record = injector.inject_site(site, index)
            found = inject_several(injector, [site])
            assert found.struck == 1
            outcome = found.outcome
            assert (outcome.outcome, outcome.top1) == (record.outcome, record.top1)
            assert outcome.largest_change == record.largest_change
            if record.outcome != "Masked":
                assert outcome.detail == record.detail


def test_no_fault_changes_nothing(tiny) -> None:
    injector = tiny.injector("none")
    found = inject_several(injector, [])
    assert (found.outcome.detail, found.struck) == ("absorbed", 0)
    record = inject_load(injector, "iov", "single-bit", Load(rate=1e-12), 0)
    assert (record.faults, record.struck, record.outcome) == (0, 0, "Masked")


def test_faults_of_a_launch_strike_different_warps(tiny) -> None:
    injector = tiny.injector("apart")
    for index in range(20):
        sites = draw_sites(injector, "iov", "single-bit", Load(12), index)
        places = [(one.launch, unit_of(tiny.device, one)) for one in sites]
        assert places == sorted(set(places))
        assert sites == draw_sites(injector, "iov", "single-bit", Load(12), index)
    with pytest.raises(CampaignError, match="do not find as many warps to strike; give fewer"):
        draw_sites(injector, "iov", "single-bit", Load(5000), 0)


@given(st.integers(1, 60), st.floats(0.001, 0.9))
def test_numbers_of_faults_are_binomial(bits: int, rate: float) -> None:
    from scipy.stats import binom

    class Fixed:
        def __init__(self, share: float) -> None:
            self.share = share

        def below(self, limit: int, name: str) -> int:
            return int(self.share * limit)

    width = bits_of("weights")
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        found = Load(rate=rate / 40).draw("weights", bits * width, Fixed(share))
        expected = rate / 40 * bits * width
        if expected <= 32:
            below, above = binom.cdf([found - 1, found], bits * width, rate / 40)
            assert below <= share + 1e-9
            assert above > share - 1e-9


def test_the_mean_number_of_faults_is_that_of_the_rate() -> None:
    load, bits = Load(rate=2e-9), 32_000_000_000
    assert load.expected(bits) == pytest.approx(64)
    drawn = [load.draw("iov", bits, Draws("mean", index)) for index in range(400)]
    assert abs(np.mean(drawn) - 64) < 4 * 8 / 20
    assert 6 < np.std(drawn) < 10


@pytest.mark.parametrize("name", ["2", "4", "10000", "1e-09", "0.001", "2.5e-07"])
def test_names_of_loads(name: str) -> None:
    assert str(Load.read(name)) == name


@pytest.mark.parametrize("name", ["", "1", "0", "10001", "04", "1e-9", "nan", "inf", "-1", "1.0"])
def test_what_is_no_load(name: str) -> None:
    with pytest.raises(ValueError, match="number"):
        Load.read(name)


def test_rates_that_mean_too_many_faults_or_no_bits() -> None:
    with pytest.raises(CampaignError, match=r"means 320,000 faults of iov .*; give one of at most"):
        Load(rate=1e-5).draw("iov", 32 * 10**9, Draws("x"))
    with pytest.raises(CampaignError, match="mode ioa strikes no values of one width"):
        check_load("ioa", "single-bit", Load(rate=1e-9))
    with pytest.raises(CampaignError, match="is of model single-bit, not of zero-value"):
        check_load("iov", "zero-value", Load(rate=1e-9))
    with pytest.raises(CampaignError, match="mode permanent stays for a whole inference"):
        check_load("permanent", "single-bit", Load(2))
    assert Load(MOST).draw("ioa", 10, Draws("x")) == MOST


def test_the_bits_that_can_flip(tiny) -> None:
    injector = tiny.injector("bits")
    for mode in ("rf", "iov"):
        assert bits_in(injector.space(mode)) == 32 * injector.space(mode).size
    assert bits_in(injector.space("predicate")) == injector.space("predicate").size
    # Of memory each bit once, however many launches it lives.
    trained = sum(values.size for values in tiny.weights.values())
    assert bits_in(injector.space("weights")) == 32 * trained
    assert injector.space("weights").size > trained
