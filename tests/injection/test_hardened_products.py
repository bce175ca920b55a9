"""Strikes in hardened products, around the fault, leave what emulating the whole block leaves."""

from __future__ import annotations

from collections import Counter

import pytest
from support.products import assert_same, one_product, sites

from softbeam.injection.product_launch import product_launch
from softbeam.kernels.hardened import COMBINATIONS
from softbeam.kernels.products import COLUMN, LARGE, ROW, SMALL, Product, Tile

#: By tile a product that fills it, one that does not, and one of a single slice.
PRODUCTS = {
    LARGE: [Product.dense(64, 128, 96, 0, 0, 0), Product.dense(70, 150, 77, 0, 0, 0)],
    SMALL: [Product.dense(36, 64, 112, 0, 0, 0), Product.dense(33, 49, 133, 0, 0, 0)],
    COLUMN: [Product.dense(130, 1, 180, 0, 0, 0), Product.local(9, 3, 75, 0, 0, 0)],
    ROW: [Product.dense(1, 132, 96, 0, 0, 0), Product.dense(2, 130, 41, 0, 0, 0, 3)],
}


def compare(one, number: int, seed: int) -> Counter[str]:
    """Strike both ways, and return how the strikes ended."""
    ends: Counter[str] = Counter()
    for site in sites(one, number, seed):
        around, whole = one.strike(site), one.strike(site, whole=True)
        assert_same(around, whole, site)
        ends[around.ending] += 1
    assert product_launch(one.device, 0) is not None
    return ends


@pytest.mark.slow
@pytest.mark.parametrize("techniques", COMBINATIONS["sgemm"], ids="+".join)
@pytest.mark.parametrize("tile", PRODUCTS)
def test_strikes_around_the_fault_are_strikes_of_the_block(
    tile: Tile, techniques: tuple[str, ...]
) -> None:
    for product in PRODUCTS[tile]:
        ends = compare(one_product(tile, product, techniques=techniques), 60, seed=product.k)
        assert ends["completed"]
        assert len(ends) > 3
