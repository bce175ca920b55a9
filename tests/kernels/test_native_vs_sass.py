"""Native twins equal the emulated machine code bit for bit: all architectures, edge values."""

from __future__ import annotations

import numpy as np
import pytest
from support.architectures import on_all
from support.twins import EDGES, Bench, line

from softbeam.emulator.execution import LaunchShape


@pytest.mark.parametrize("edges", [0.0, 0.3])
@on_all
class TestTwins:
    """One test a kernel."""

    def test_fill(self, architecture: str, edges: float) -> None:
        b = Bench(1, edges)
        x = b.buffer(300)
        b.check("fill", architecture, line(100), [100, 0.25, x, 3])

    def test_copy(self, architecture: str, edges: float) -> None:
        b = Bench(2, edges)
        x, y = b.buffer(300), b.buffer(330)
        b.check("copy", architecture, line(149), [149, x, 2, 2, y, 5, 1])

    @pytest.mark.parametrize(
        ("size", "pad", "stride"), [(1, 0, 1), (3, 1, 1), (3, 1, 2), (7, 3, 2), (2, 0, 2)]
    )
    def test_im2col(
        self, architecture: str, edges: float, size: int, pad: int, stride: int
    ) -> None:
        b = Bench(3, edges)
        channels, height, width = 3, 9, 11
        rows = (height + 2 * pad - size) // stride + 1
        columns = (width + 2 * pad - size) // stride + 1
        im, col = b.buffer(channels * height * width), b.buffer(channels * size**2 * rows * columns)
        count = channels * rows * columns
        b.check(
            "im2col",
            architecture,
            line(count),
            [count, im, height, width, size, pad, stride, rows, columns, col],
        )

    def test_normalize(self, architecture: str, edges: float) -> None:
        b = Bench(4, edges)
        x, mean, variance = b.buffer(7 * 53), b.buffer(7), b.buffer(7, positive=edges == 0)
        b.check("normalize", architecture, line(371), [371, x, mean, variance, 1, 7, 53])

    def test_scale_bias(self, architecture: str, edges: float) -> None:
        b = Bench(5, edges)
        x, scale = b.buffer(7 * 53), b.buffer(7)
        shape = LaunchShape((1, 7, 1), (64, 1, 1))
        b.check("scale_bias", architecture, shape, [x, scale, 7, 53])

    def test_add_bias(self, architecture: str, edges: float) -> None:
        b = Bench(6, edges)
        x, bias = b.buffer(2 * 7 * 53), b.buffer(7)
        b.check("add_bias", architecture, line(742), [x, bias, 2, 7, 53])

    @pytest.mark.parametrize("function", [*range(14), 99])
    def test_activate_array(self, architecture: str, edges: float, function: int) -> None:
        b = Bench(7, edges)
        x = b.buffer(500)
        b.check("activate_array", architecture, line(500), [x, 500, function])

    @pytest.mark.parametrize(
        ("size", "pad", "stride", "height", "width"),
        [(2, 1, 2, 6, 8), (2, 1, 2, 7, 5), (3, 2, 1, 6, 7), (2, 0, 2, 6, 6), (3, 3, 2, 9, 9)],
    )
    def test_maxpool(
        self,
        architecture: str,
        edges: float,
        size: int,
        pad: int,
        stride: int,
        height: int,
        width: int,
    ) -> None:
        b = Bench(8, edges)
        rows = (height + pad - size) // stride + 1
        columns = (width + pad - size) // stride + 1
        x, y, where = (
            b.buffer(5 * height * width),
            b.buffer(5 * rows * columns),
            b.buffer(5 * rows * columns),
        )
        count = 5 * rows * columns
        b.check(
            "maxpool",
            architecture,
            line(count),
            [count, height, width, 5, stride, size, pad, x, y, where],
        )

    def test_avgpool(self, architecture: str, edges: float) -> None:
        b = Bench(9, edges / 10)
        x, y = b.buffer(40 * 49), b.buffer(40)
        b.check("avgpool", architecture, line(40), [40, 7, 7, 40, x, y])

    @pytest.mark.parametrize("temperature", [1.0, 0.7])
    def test_softmax(self, architecture: str, edges: float, temperature: float) -> None:
        b = Bench(10, edges / 10)
        x, y = b.buffer(6 * 103), b.buffer(6 * 103)
        x[:103] = (b.rng.normal(0, 30, 103)).astype(np.float32).view(np.uint32)
        b.check(
            "softmax",
            architecture,
            line(6),
            [x, 103, 6, 103, 1, 103, 1, temperature, y],
        )

    def test_const(self, architecture: str, edges: float) -> None:
        b = Bench(11, edges)
        x = b.buffer(300)
        b.check("const", architecture, line(100), [100, 2.5, x, 3])

    def test_axpy(self, architecture: str, edges: float) -> None:
        b = Bench(12, edges)
        x, y = b.buffer(300), b.buffer(330)
        b.check("axpy", architecture, line(149), [149, -1e-4, x, 2, 2, y, 5, 1])

    @pytest.mark.parametrize("alpha", [0.0, -3.25])
    def test_scal(self, architecture: str, edges: float, alpha: float) -> None:
        b = Bench(13, edges)
        x = b.buffer(300)
        b.check("scal", architecture, line(100), [100, alpha, x, 3])

    def test_mul(self, architecture: str, edges: float) -> None:
        b = Bench(14, edges)
        x, y = b.buffer(300), b.buffer(300)
        b.check("mul", architecture, line(100), [100, x, 2, y, 3])

    @pytest.mark.parametrize("alpha", [2.0, -0.75, 0.5, 3.0, -5.0, 0.0, 1e30, float("inf")])
    def test_pow(self, architecture: str, edges: float, alpha: float) -> None:
        b = Bench(15, edges)
        x, y = b.buffer(700), b.buffer(700)
        x[: EDGES.size] = EDGES
        b.check("pow", architecture, line(700), [700, alpha, x, 1, y, 1])

    def test_constrain(self, architecture: str, edges: float) -> None:
        b = Bench(16, edges)
        x = b.buffer(300)
        b.check("constrain", architecture, line(100), [100, 1.5, x, 3])

    @pytest.mark.parametrize(
        ("own", "other", "scales"),
        [
            ((6, 5, 7), (6, 5, 7), (1.0, 1.0)),
            ((6, 4, 3), (4, 8, 6), (1.0, 0.5)),
            ((3, 8, 6), (5, 4, 3), (0.25, 1.0)),
        ],
    )
    def test_shortcut(
        self,
        architecture: str,
        edges: float,
        own: tuple[int, int, int],
        other: tuple[int, int, int],
        scales: tuple[float, float],
    ) -> None:
        b = Bench(17, edges)
        (c2, h2, w2), (c1, h1, w1) = own, other
        add, out = b.buffer(c1 * h1 * w1), b.buffer(c2 * h2 * w2)
        minw, minh, minc = min(w1, w2), min(h1, h2), min(c1, c2)
        stride, sample = max(w1 // w2, 1), max(w2 // w1, 1)
        size = minw * minh * minc
        sizes = [size, minw, minh, minc, stride, sample, 1]
        b.check(
            "shortcut",
            architecture,
            line(size),
            [*sizes, w1, h1, c1, add, w2, h2, c2, *scales, out],
        )

    @pytest.mark.parametrize("scale", [1.0, 0.3])
    def test_upsample(self, architecture: str, edges: float, scale: float) -> None:
        b = Bench(18, edges)
        c, h, w, stride = 3, 4, 5, 2
        count = c * h * w * stride**2
        x, out = b.buffer(c * h * w), b.buffer(count)
        b.check("upsample", architecture, line(count), [count, x, w, h, c, 1, stride, scale, out])

    @pytest.mark.parametrize("forward", [0, 1])
    def test_reorg(self, architecture: str, edges: float, forward: int) -> None:
        b = Bench(19, edges)
        c, h, w = 8, 4, 6
        x, out = b.buffer(c * h * w), b.buffer(c * h * w)
        b.check("reorg", architecture, line(c * h * w), [c * h * w, x, w, h, c, 1, 2, forward, out])

    @pytest.mark.parametrize("forward", [0, 1])
    def test_flatten(self, architecture: str, edges: float, forward: int) -> None:
        b = Bench(20, edges)
        x, out = b.buffer(2 * 5 * 21), b.buffer(2 * 5 * 21)
        b.check("flatten", architecture, line(210), [210, x, 21, 5, 2, forward, out])

    @pytest.mark.parametrize("shift", [0.0, 0.7])
    def test_levels_image(self, architecture: str, edges: float, shift: float) -> None:
        b = Bench(21, edges)
        image, rand = b.buffer(3 * 7 * 9), b.buffer(8)
        b.check("levels_image", architecture, line(63), [image, rand, 1, 9, 7, -1.0, 2.0, shift])

    @pytest.mark.parametrize(("height", "width"), [(6, 5), (5, 4), (9, 10)])
    def test_crop(self, architecture: str, edges: float, height: int, width: int) -> None:
        b = Bench(22, edges)
        c, h, w = 3, 8, 9
        size = c * height * width
        image, out = b.buffer(c * h * w), b.buffer(size)
        b.check("crop", architecture, line(size), [image, size, c, h, w, height, width, out])

    def test_activate_mish(self, architecture: str, edges: float) -> None:
        b = Bench(23, edges)
        x, inputs, output = b.buffer(500), b.buffer(500), b.buffer(500)
        x[:100] = b.rng.normal(0, 30, 100).astype(np.float32).view(np.uint32)
        b.check("activate_mish", architecture, line(500), [x, 500, inputs, output])
