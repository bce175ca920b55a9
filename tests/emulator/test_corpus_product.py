"""The corpus' matrix product, whose sums of whole numbers are exact, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from support.corpus import covered, kernels, on_architectures, own_machine
from support.engines import ENGINES, engine


@pytest.mark.parametrize("name", ENGINES)
@on_architectures("product")
def test_a_product_is_numpys(architecture: str, name: str) -> None:
    rng = np.random.default_rng(3)
    rows, columns, depth = 128, 256, 24
    a = rng.integers(-8, 9, (rows, depth)).astype(np.float32)
    b = rng.integers(-8, 9, (depth, columns)).astype(np.float32)
    machine = own_machine("product", architecture)
    left, right = machine.allocate(a), machine.allocate(b)
    out = machine.allocate(4 * rows * columns)
    with engine(name):
        outcome = machine.launch(
            "sgemm_k", (columns // 128, rows // 128), 256, out, left, right, columns, depth
        )
    assert outcome.completed, outcome
    found = machine.read(out, rows * columns, np.float32).reshape(rows, columns)
    np.testing.assert_array_equal(found, a @ b)


def test_every_kernel_of_the_source_is_tested() -> None:
    covered("product", ["sgemm"])
    assert kernels("product")
