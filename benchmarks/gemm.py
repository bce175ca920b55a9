"""Measure softbeam's GEMM beside NumPy's sgemm, one thread each, on Extraction's convolutions.

    python benchmarks/gemm.py

Both run in turns in this process and the best of several turns counts, in processor time, so that
other work on the machine moves both alike.  Look at the ratios; rates are the machine's.
"""

from __future__ import annotations

import os

# Read when NumPy is loaded.
for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "BLIS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import argparse
from collections.abc import Callable
from time import thread_time

import numpy as np

from softbeam.injection.native.columns import multiply_packed, pack_gathered
from softbeam.kernels.native.matrix import gemm_packed, pack_rows, padded_rows
from softbeam.network.catalogue import load_network
from softbeam.network.layers import Convolution


def best(turns: int, *functions: Callable[[], object]) -> list[float]:
    """Return the shortest processor time in seconds of each function, called in turns."""
    times = [[] for _ in functions]
    for _ in range(turns):
        for function, taken in zip(functions, times, strict=True):
            start = thread_time()
            function()
            taken.append(thread_time() - start)
    return [min(taken) for taken in times]


def whole(m: int, n: int, k: int, turns: int) -> tuple[float, float]:
    """Return the times of C += A B for whole matrices: NumPy's, ours."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(m, k)).astype(np.float32), rng.normal(size=(k, n)).astype(np.float32)
    c = np.zeros((m, n), dtype=np.float32)
    packed = np.empty(padded_rows(m) * k, dtype=np.float32)
    pack_rows(m, k, a.ravel(), packed)

    def numpy() -> None:
        nonlocal c
        c += a @ b

    return tuple(best(turns, numpy, lambda: gemm_packed(m, n, k, packed, b.ravel(), c.reshape(-1))))


def columns(m: int, n: int, k: int, turns: int) -> tuple[float, float]:
    """Return the times for `n` columns that lie one after the other: NumPy's, ours."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(m, k)).astype(np.float32), rng.normal(size=(n, k)).astype(np.float32)
    packed = np.empty(padded_rows(m) * k, dtype=np.float32)
    pack_rows(m, k, a.ravel(), packed)
    out = np.zeros((n, m), dtype=np.float32)

    def numpy() -> None:
        nonlocal out
        out += b @ a.T

    def ours() -> None:
        multiply_packed(packed, k, out, lambda *chunk: pack_gathered(b, *chunk))

    return tuple(best(turns, numpy, ours))


def line(name: str, m: int, n: int, k: int, times: tuple[float, float]) -> str:
    """Return a line of the table."""
    rates = [2e-9 * m * n * k / time for time in times]
    return (
        f"{name:>9} {m:>5} {n:>6} {k:>5} {rates[0]:>9.1f} {rates[1]:>9.1f} "
        f"{times[0] / times[1]:>7.2f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="extraction")
    parser.add_argument("--turns", type=int, default=9)
    options = parser.parse_args()
    layers = [
        layer for layer in load_network(options.network).layers if isinstance(layer, Convolution)
    ]
    print("one thread; rates in 1e9 floating-point operations a second; ratio: ours / NumPy's")
    print(f"{'layer':>9} {'m':>5} {'n':>6} {'k':>5} {'NumPy':>9} {'softbeam':>9} {'ratio':>7}")
    totals = np.zeros(2)
    known: dict[tuple[int, int, int], tuple[float, float]] = {}
    for layer in layers:
        shape = (layer.filters, layer.spatial, layer.column_height)
        if shape not in known:
            known[shape] = whole(*shape, options.turns)
            print(line(str(layer.index), *shape, known[shape]))
        totals += known[shape]
    print(f"all convolutions of {options.network}: ratio {totals[0] / totals[1]:.2f}")
    print("few columns:")
    for layer in layers[-6:-4]:
        for count in (1, 4, 9, 16, 25, 36):
            shape = (layer.filters, count, layer.column_height)
            print(line(str(layer.index), *shape, columns(*shape, options.turns)))


if __name__ == "__main__":
    main()
