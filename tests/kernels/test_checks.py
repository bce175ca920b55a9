"""Checks of products leave the bits of their twins, and compute again what the product computes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from support.architectures import on_all
from support.engines import engine
from support.twins import EDGES, Bench

from softbeam.emulator.execution import LaunchShape
from softbeam.kernels.checks import RUN, THREADS, check_words, grid_of, share_of
from softbeam.kernels.families import compute
from softbeam.kernels.families.checks import columns_of, different_columns
from softbeam.kernels.native.matrix import gemm
from softbeam.kernels.native.windows import Windows, window_pixels
from softbeam.network.hardening.tolerance import check_contents

#: Sizes of a product, M, N, K, and its SHARE: rows and steps that fill runs and that do not, one
#: column and many, lanes of a column that have nothing to do.
PRODUCTS = [
    (16, 5, 32, 0), (37, 21, 53, 0), (1, 33, 3, 0), (130, 1, 70, 5), (50, 9, 100, 3),
    (33, 40, 64, 2), (5, 3, 1, 1), (20, 17, 15, 5),
]  # fmt: skip

#: Convolutions: M, channels, image, window, padding, steps and gaps (each of two sides), SHARE.
CONVOLUTIONS = [
    (10, 3, (9, 8), (3, 3), (1, 1), (1, 1), (1, 1), 0),
    (7, 20, (6, 5), (3, 3), (1, 1), (2, 2), (1, 1), 1),
    (18, 3, (11, 12), (7, 7), (3, 3), (2, 2), (1, 1), 0),
    (5, 4, (8, 9), (1, 3), (0, 1), (2, 1), (1, 2), 0),
    (33, 33, (4, 4), (1, 1), (0, 0), (1, 1), (1, 1), 2),
    (6, 2, (3, 3), (5, 5), (4, 4), (1, 1), (2, 2), 0),
]


@pytest.fixture(autouse=True)
def _interpreted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Interpret all code: to translate it takes seconds."""
    with engine("interpreter"):
        yield


def floats(words: np.ndarray) -> np.ndarray:
    """Return words as floats."""
    return words.view(np.float32)


def spoil(bench: Bench, c: np.ndarray, n: int, kind: str) -> None:
    """Put wrong words into C: none, one, some of a column, a column, a row, or anywhere."""
    rng, words = bench.rng, c.reshape(-1, n)
    m = words.shape[0]
    row, column = rng.integers(m), rng.integers(n)
    if kind == "one":
        words[row, column] ^= np.uint32(1 << 30)
    elif kind == "some":
        words[rng.random(m) < 0.5, column] ^= np.uint32(1 << 29)
    elif kind == "column":
        words[:, column] = rng.integers(0, 1 << 32, m, dtype=np.uint32)
    elif kind == "row":
        words[row] = rng.choice(EDGES, n)
    elif kind == "anywhere":
        wrong = rng.random(words.shape) < 0.1
        words[wrong] = rng.choice(EDGES, int(wrong.sum()))


KINDS = ("none", "one", "some", "column", "row", "anywhere")


def product(bench: Bench, m: int, n: int, k: int, kind: str) -> tuple[list, int]:
    """Return buffers of a product, C with wrong words, and of its check; and C as it was."""
    a, b, c = bench.buffer(m * k), bench.buffer(k * n), bench.buffer(m * n)
    c[:] = 0
    gemm(m, n, k, floats(a), floats(b), floats(c))
    right = c.copy()
    spoil(bench, c, n, kind)
    check, report = bench.buffer(check_words(k)), bench.buffer(2)
    check[:] = check_contents(floats(a).reshape(m, k), k).view(np.uint32)
    report[:] = 3, 5
    return [a, b, c, check, report], right


@on_all
@pytest.mark.parametrize("edges", [0.0, 0.01])
@pytest.mark.parametrize(("m", "n", "k", "share"), PRODUCTS)
def test_a_product(m: int, n: int, k: int, share: int, edges: float, architecture: str) -> None:
    for number, kind in enumerate(KINDS):
        bench = Bench(number + m + n, edges)
        (a, b, c, check, report), right = product(bench, m, n, k, kind)
        wrong = c != right
        shape = LaunchShape(grid_of(n, share), (THREADS, 1, 1))
        given = [m, n, k, a, b, c, check, 8.0, share, report]
        bench.check("check_product", architecture, shape, given)
        assert report[0] == 3
        if not edges and kind != "anywhere":
            # What the kinds but the last put there is far from what belongs there.
            assert np.array_equal(c, right)
            assert report[1] - 5 == wrong.reshape(m, n).any(axis=0).sum()


def convolution(bench: Bench, case: tuple, kind: str) -> tuple[list, np.ndarray, tuple[int, int]]:
    """Return arguments of a check, C as it was, and where C and the report are among them."""
    m, channels, (height, width), kernel, pad, stride, dilation, share = case
    out = tuple(
        (side + 2 * before - gap * (length - 1) - 1) // step + 1
        for side, before, gap, length, step in zip(
            (height, width), pad, dilation, kernel, stride, strict=True
        )
    )
    n, pixels = out[0] * out[1], kernel[0] * kernel[1]
    k = channels * pixels
    a, im, c = bench.buffer(m * k), bench.buffer(channels * height * width), bench.buffer(m * n)
    col = np.zeros(k * n, np.float32)
    sides = [one for pair in (kernel, pad, stride, dilation) for one in pair]
    compute("im2col_ext", [channels * n, floats(im), height, width, *sides, *out, col])
    c[:] = 0
    gemm(m, n, k, floats(a), col, floats(c))
    right = c.copy()
    spoil(bench, c, n, kind)
    check, report = bench.buffer(check_words(channels, pixels)), bench.buffer(2)
    check[:] = check_contents(floats(a).reshape(m, k), channels, pixels).view(np.uint32)
    report[:] = 0, 0
    given = [m, n, channels, a, im, c, height, width, *sides, out[1], check, 8.0, share, report]
    return given, right, (5, len(given) - 1)


@on_all
@pytest.mark.parametrize("edges", [0.0, 0.01])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_convolution(case: tuple, edges: float, architecture: str) -> None:
    for number, kind in enumerate(KINDS):
        bench = Bench(number + 7, edges)
        given, right, (of_c, of_report) = convolution(bench, case, kind)
        m, n, share = given[0], given[1], case[-1]
        c, report = given[of_c], given[of_report]
        wrong = c != right
        shape = LaunchShape(grid_of(n, share), (THREADS, 1, 1))
        bench.check("check_convolution", architecture, shape, given)
        if not edges and kind != "anywhere":
            assert np.array_equal(c, right)
            assert report.tolist() == [0, wrong.reshape(m, n).any(axis=0).sum()]


def test_sums_are_those_of_exact_arithmetic() -> None:
    """On small integers nothing is rounded, so sums agree exactly and any change is found."""
    rng = np.random.default_rng(5)
    m, n, k = 45, 30, 77
    a, b = (rng.integers(-8, 9, size).astype(np.float32) for size in ((m, k), (k, n)))
    c = a @ b
    check = np.zeros(check_words(k), np.float32)
    check[4 : 4 + k] = a.sum(axis=0)
    numbers = np.arange(n, dtype=np.int32)[:, None]
    columns = np.ascontiguousarray(b.T)
    for share in range(6):
        rows = np.ascontiguousarray(c.T)
        assert not different_columns(columns, numbers, rows, check, 0.0, share).any()
        rows[7, 44] += 1
        found = different_columns(columns, numbers, rows, check, 0.0, share)
        assert np.flatnonzero(found).tolist() == [7]


def test_columns_are_laid_out_as_im2col_does() -> None:
    rng = np.random.default_rng(6)
    channels, height, width, out = 3, 5, 6, (3, 6)
    image = rng.normal(size=(channels, height * width)).astype(np.float32)
    windows = Windows(height, width, (3, 2), (1, 1), (2, 1), (1, 2), out)
    k, n = channels * 6, out[0] * out[1]
    col = np.zeros(k * n, np.float32)
    sides = [3, 2, 1, 1, 2, 1, 1, 2]
    compute("im2col_ext", [channels * n, image.reshape(-1), height, width, *sides, *out, col])
    laid = columns_of(np.ascontiguousarray(image.T), window_pixels(windows))
    assert np.array_equal(laid, col.reshape(k, n).T)


def test_a_launch_has_threads_for_all_columns() -> None:
    for n, m, channels, pixels in ((12_544, 64, 3, 49), (49, 1024, 512, 9), (1, 4096, 4096, 1)):
        share = share_of(n, m, channels, pixels)
        assert grid_of(n, share)[0] * THREADS >= n << share
        assert 1 << share <= max(1, channels // RUN)
