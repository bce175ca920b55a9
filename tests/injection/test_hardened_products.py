"""Strikes in hardened products, around the fault, leave what emulating the whole block leaves."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from support.products import OneProduct, assert_same, one_product, sites

from softbeam.emulator.resuming import PLENTY, RepeatError
from softbeam.emulator.skeletons import Skeletons, skeletons_of
from softbeam.emulator.vector import no_fault
from softbeam.injection.product_launch import product_launch
from softbeam.injection.strike import Strike
from softbeam.kernels import program
from softbeam.kernels.hardened import APART, REPORTING
from softbeam.kernels.products import COLUMN, LARGE, ROW, SMALL, Product, Tile
from softbeam.network.plan import REPORT

#: By tile a product that fills it, one that does not, and one of a single slice.
PRODUCTS = {
    LARGE: [Product.dense(64, 128, 96, 0, 0, 0), Product.dense(70, 150, 77, 0, 0, 0)],
    SMALL: [Product.dense(36, 64, 112, 0, 0, 0), Product.dense(33, 49, 133, 0, 0, 0)],
    COLUMN: [Product.dense(130, 1, 180, 0, 0, 0), Product.local(9, 3, 75, 0, 0, 0)],
    ROW: [Product.dense(1, 132, 96, 0, 0, 0), Product.dense(2, 130, 41, 0, 0, 0, 3)],
}


TWICE = [one for one in APART["sgemm"] if set(REPORTING) & set(one)]


def compare(one: OneProduct, number: int, seed: int) -> Counter[str]:
    """Strike both ways, and return how the strikes ended."""
    ends: Counter[str] = Counter()
    for site in sites(one, number, seed):
        around, whole = one.strike(site), one.strike(site, whole=True)
        assert_same(around, whole, site)
        ends[around.ending] += 1
    assert product_launch(one.device, 0) is not None
    return ends


@pytest.mark.slow
@pytest.mark.parametrize("techniques", APART["sgemm"], ids="+".join)
@pytest.mark.parametrize("tile", PRODUCTS)
def test_strikes_around_the_fault_are_strikes_of_the_block(
    tile: Tile, techniques: tuple[str, ...]
) -> None:
    for product in PRODUCTS[tile]:
        ends = compare(one_product(tile, product, techniques=techniques), 60, seed=product.k)
        assert ends["completed"]
        assert len(ends) > 3


def _counted(skeletons: Skeletons, one: OneProduct, block: int) -> np.ndarray:
    run, launch = skeletons.run, one.device.launch(0)
    run.begin(launch, block)
    while True:
        try:
            run.go(skeletons.running, no_fault(), PLENTY, resume=False, counts=True)
        except RepeatError:
            continue
        return run.counted.copy()


@pytest.mark.slow
@pytest.mark.parametrize("techniques", TWICE, ids="+".join)
@pytest.mark.parametrize("tile", PRODUCTS)
def test_a_skeleton_takes_the_way_of_a_program_that_checks(
    tile: Tile, techniques: tuple[str, ...]
) -> None:
    """What is compared behind the last barrier is equal, whatever the data are."""
    one = one_product(tile, PRODUCTS[tile][1], techniques=techniques)
    skeletons = skeletons_of(one.device.launch(0))
    assert skeletons is not None
    for block, way in enumerate(one.profile.class_of_unit):
        found = _counted(skeletons, one, block)
        assert np.array_equal(found, one.profile.classes[way]), block
    skeletons.release()


def _reported(struck: Strike) -> dict[int, int]:
    """Return the words of the report that a strike has left, by index."""
    if REPORT not in struck.changed:
        return {}
    indexes, values = struck.changed[REPORT]
    return dict(zip(indexes.tolist(), values.tolist(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("technique", REPORTING)
@pytest.mark.parametrize("tile", PRODUCTS)
def test_wrong_sums_are_reported(tile: Tile, technique: str) -> None:
    """A sum that is wrong in one pass is detected, or corrected; none is stored in silence."""
    one = one_product(tile, PRODUCTS[tile][0], techniques=(technique,))
    instructions = program(one.device.plan.launches[0].kernel).function.instructions
    rows = [row for row, line in enumerate(instructions) if line.opcode == "FFMA"]
    ends: Counter[str] = Counter()
    for site in sites(one, 40, 3, rows=rows, faults=[("iov", "random-value")]):
        struck = one.strike(site)
        assert struck.finished, site
        report = _reported(struck)
        wrong = struck.changed.keys() - {REPORT}
        if technique == "duplication":
            assert not wrong or report.keys() == {0}, site
        else:
            assert not wrong, site
            assert 0 not in report, site
        ends["reported" if report else "silent"] += 1
    assert ends["reported"] > 10
