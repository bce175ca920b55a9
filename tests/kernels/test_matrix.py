"""The matrix product: its definition, and that an element depends on a row and a column alone."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softbeam.kernels.native.matrix import (
    CHUNK,
    DEPTH,
    gemm,
    gemm_packed,
    multiply,
    pack_columns,
    pack_rows,
    padded_rows,
)
from softbeam.kernels.native.tile import PANEL, WIDEST

NAN = 0x7FFFFFFF
ODD = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-40, -1e-45, 0.0, -0.0], dtype=np.float32)

#: Hashes one product of odd shape; runs in a process that generates code for another processor.
SCRIPT = """
import hashlib
import numpy as np
from softbeam.kernels.native.matrix import gemm
from softbeam.kernels.native.tile import WIDEST
rng = np.random.default_rng(5)
a, b = rng.normal(size=70 * 600).astype("f4"), rng.normal(size=600 * 101).astype("f4")
c = rng.normal(size=70 * 101).astype("f4")
gemm(70, 101, 600, a, b, c)
result = hashlib.sha256(c.tobytes()).hexdigest()
"""


def operands(seed: int, m: int, n: int, k: int, odd: float) -> tuple[np.ndarray, ...]:
    """Return random A, B and C, a share of their elements NaN, infinite, huge or subnormal."""
    rng = np.random.default_rng(seed)
    made = []
    for size in (m * k, k * n, m * n):
        values = rng.normal(size=size).astype(np.float32)
        strange = rng.random(size) < odd
        values[strange] = rng.choice(ODD, size)[strange]
        made.append(values)
    return tuple(made)


def product(m: int, n: int, k: int, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the bits of C + A B as gemm leaves them."""
    result = c.copy()
    gemm(m, n, k, a, b, result)
    return result.view(np.uint32).reshape(m, n)


class TestDefinition:
    """Every element is one chain of fused multiply-adds, added to C once."""

    @pytest.mark.parametrize(
        ("m", "n", "k"), [(1, 1, 1), (3, 5, 7), (33, 13, 4), (2, 3, DEPTH + 9)]
    )
    @pytest.mark.parametrize("odd", [0.0, 0.02])
    def test_chain(self, m: int, n: int, k: int, odd: float) -> None:
        fma = ctypes.CDLL(ctypes.util.find_library("m")).fmaf
        fma.restype, fma.argtypes = ctypes.c_float, [ctypes.c_float] * 3
        a, b, c = operands(1, m, n, k, odd)
        found = product(m, n, k, a, b, c)
        for row in range(m):
            for column in range(n):
                total = 0.0
                for step in range(k):
                    total = fma(a[row * k + step], b[step * n + column], total)
                with np.errstate(all="ignore"):
                    wanted = np.float32(c[row * n + column] + np.float32(total))
                bits = NAN if np.isnan(wanted) else int(wanted.view(np.uint32))
                assert found[row, column] == bits

    def test_negative_zero_meets_positive_zero(self) -> None:
        zeros, ones = np.zeros(1, np.float32), np.ones(1, np.float32)
        assert product(1, 1, 1, -zeros, ones, zeros)[0, 0] == 0
        assert product(1, 1, 1, -zeros, ones, -zeros)[0, 0] == 0

    @pytest.mark.slow
    def test_another_processor_computes_the_same_bits(self, tmp_path: Path) -> None:
        here: dict[str, str] = {}
        exec(SCRIPT, here)
        # A processor without any extension: narrow tiles, no vectors beyond the processor's base,
        # no fused multiply-add.
        plain = "from llvmlite import binding\nbinding.get_host_cpu_features = dict\n"
        elsewhere = subprocess.run(
            [sys.executable, "-c", plain + SCRIPT + "print(WIDEST, result)"],
            env={
                **os.environ,
                "NUMBA_CPU_NAME": "generic",
                "NUMBA_CPU_FEATURES": "",
                "SOFTBEAM_CACHE_DIR": str(tmp_path),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert elsewhere.stdout.split() == ["6", here["result"]]


class TestIndependence:
    """Which other rows and columns are computed changes no bit."""

    @settings(max_examples=60)
    @given(
        seed=st.integers(0, 2**32),
        m=st.integers(1, 3 * PANEL + 1),
        n=st.integers(1, 2 * CHUNK + 7),
        k=st.one_of(st.integers(1, 40), st.sampled_from([DEPTH - 1, DEPTH, DEPTH + 1])),
        odd=st.sampled_from([0.0, 0.001, 0.1]),
    )
    def test_subsets(self, seed: int, m: int, n: int, k: int, odd: float) -> None:
        a, b, c = operands(seed, m, n, k, odd)
        whole = product(m, n, k, a, b, c)
        rng = np.random.default_rng(seed)
        columns = rng.permutation(n)[: rng.integers(1, n + 1)]
        rows = rng.permutation(m)[: rng.integers(1, m + 1)]
        some = product(
            rows.size,
            columns.size,
            k,
            np.ascontiguousarray(a.reshape(m, k)[rows]).ravel(),
            np.ascontiguousarray(b.reshape(k, n)[:, columns]).ravel(),
            np.ascontiguousarray(c.reshape(m, n)[rows][:, columns]).ravel(),
        )
        assert np.array_equal(some, whole[rows][:, columns])

    @given(
        seed=st.integers(0, 2**32),
        m=st.integers(1, 2 * PANEL),
        n=st.integers(1, 4 * WIDEST),
        k=st.integers(1, 20),
    )
    def test_packed_parts_are_the_product(self, seed: int, m: int, n: int, k: int) -> None:
        a, b, c = operands(seed, m, n, k, 0.0)
        rows = padded_rows(m)
        left, right = np.full(rows * k, 9, np.float32), np.full(n * k, 9, np.float32)
        out = np.full(n * rows, 9, np.float32)
        pack_rows(m, k, a, left)
        pack_columns(n, k, b, 0, n, right)
        multiply(m, k, left, n, right, out)
        by_column = out.reshape(n, rows)
        assert not by_column[:, m:].any()
        assert np.array_equal(
            c.reshape(m, n) + by_column[:, :m].T, product(m, n, k, a, b, c).view("f4")
        )
        again = c.copy()
        gemm_packed(m, n, k, left, b, again)
        assert np.array_equal(again.view(np.uint32).reshape(m, n), product(m, n, k, a, b, c))
