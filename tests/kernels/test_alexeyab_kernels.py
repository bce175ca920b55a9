"""Twins of the kernels that AlexeyAB's Darknet adds beside their machine code: all architectures.

Those that are pointwise or channelwise are launched in ``test_families.py``.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.architectures import on_all
from support.twins import Bench, line

from softbeam.kernels import arguments
from softbeam.kernels.families import BEHAVIOURS, owner_thread
from softbeam.kernels.functions import Normalization


@pytest.mark.parametrize("edges", [0.0, 0.1])
@on_all
class TestTwins:
    """One test a kernel."""

    def test_activate_normalize_channels(self, architecture: str, edges: float) -> None:
        b = Bench(1, edges)
        x, y = b.buffer(2 * 5 * 33), b.buffer(2 * 5 * 33)
        b.check("activate_normalize_channels", architecture, line(66), [x, 66, 2, 5, 33, y])

    @pytest.mark.parametrize("largest", [0, 1])
    def test_activate_normalize_channels_softmax(
        self, architecture: str, edges: float, largest: int
    ) -> None:
        b = Bench(2, edges)
        x, y = b.buffer(2 * 5 * 33), b.buffer(2 * 5 * 33)
        kernel = "activate_normalize_channels_softmax"
        b.check(kernel, architecture, line(66), [x, 66, 2, 5, 33, y, largest])

    @pytest.mark.parametrize(
        ("layers", "each", "normalization"),
        [
            (1, 0, Normalization.NONE),
            (6, 0, Normalization.NONE),
            (3, 7, Normalization.NONE),
            (2, 1, Normalization.RELU),
            (6, 7, Normalization.RELU),
            (2, 7, Normalization.SOFTMAX),
            (6, 1, Normalization.SOFTMAX),
        ],
    )
    def test_shortcut_multilayer(
        self, architecture: str, edges: float, layers: int, each: int, normalization: Normalization
    ) -> None:
        b = Bench(3, edges)
        size = 7 * 11
        # As many channels, fewer, and more.
        reach = [size, 3 * 11, 9 * 11, size, 11, 0][:layers]
        adds = [b.buffer(max(words, 1)) for words in reach]
        given, out, weights = b.buffer(size), b.buffer(size), b.buffer(each * (layers + 1) + 1)
        sizes = [*reach, *[0] * (6 - layers)]
        pointers = [*adds, *[given] * (6 - layers)]
        values = [size, size, 1, layers, *sizes, *pointers, out, given, weights]
        values += [each * (layers + 1), int(normalization)]
        b.check("shortcut_multilayer", architecture, line(size), values)

    @pytest.mark.parametrize("pixels", [0, 1])
    def test_scale_channels(self, architecture: str, edges: float, pixels: int) -> None:
        b = Bench(4, edges)
        x, y, scales = b.buffer(600), b.buffer(600), b.buffer(100)
        values = [x, 600, 50, 300, pixels, scales, y]
        b.check("scale_channels", architecture, line(600), values)

    @pytest.mark.parametrize(("across", "down"), [(1, 2), (2, 1), (3, 2)])
    def test_maxpool_xy(self, architecture: str, edges: float, across: int, down: int) -> None:
        b = Bench(5, edges)
        high, wide = (9 + 2 - 3) // down + 1, (10 + 2 - 3) // across + 1
        count = 5 * high * wide
        x, y, where = b.buffer(450), b.buffer(count), b.buffer(count)
        values = [count, 9, 10, 5, across, down, 3, 2, x, y, where]
        b.check("maxpool_xy", architecture, line(count), values)

    @pytest.mark.parametrize("out", [1, 3])
    def test_maxpool_depth(self, architecture: str, edges: float, out: int) -> None:
        b = Bench(6, edges)
        x, y, where = b.buffer(2 * 7 * 40), b.buffer(2 * out * 40), b.buffer(2 * out * 40)
        b.check("maxpool_depth", architecture, line(80), [80, 8, 5, 7, out, 2, x, y, where])


def test_a_thread_owns_all_channels_of_its_pixel() -> None:
    pooled = arguments(
        "maxpool_depth",
        n=40,
        w=8,
        h=5,
        c=7,
        out_c=3,
        batch=1,
        input=None,
        output=None,
        indexes=None,
    )
    assert [owner_thread(pooled, word) for word in (0, 39, 40, 119)] == [0, 39, 0, 39]
    values = {"x": None, "size": 66, "batch": 2, "channels": 5, "wh_step": 33, "output": None}
    normalized = arguments("activate_normalize_channels", **values)
    assert [owner_thread(normalized, word) for word in (0, 33, 164, 165)] == [0, 0, 32, 33]


def test_the_sum_may_be_written_where_it_is_read() -> None:
    x, other = np.arange(6, dtype=np.float32), np.ones(6, dtype=np.float32)
    nothing = np.zeros(1, dtype=np.float32)
    twin = BEHAVIOURS["shortcut_multilayer"].twin
    numbers = (6, 6, 1, 2, 6, 6, 0, 0, 0, 0)
    twin(*numbers, x, other, x, x, x, x, x, x, nothing, 0, 0, np.zeros(1))
    assert x.tolist() == [1, 3, 5, 7, 9, 11]
