"""ONNX's kernels: native twins beside the machine code, bit for bit, and who stores each word."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from support.twins import EDGES, Bench, line

from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.kernels import ARCHITECTURES, arguments
from softbeam.kernels.families import NOBODY, owner_thread
from softbeam.kernels.functions import Function, Operation, Reduction, Rounding


@pytest.mark.parametrize("edges", [0.0, 0.3])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
class TestTwins:
    """One test a kernel."""

    @pytest.mark.parametrize("function", [*Function, 99])
    def test_elementwise(self, architecture: str, edges: float, function: int) -> None:
        b = Bench(31, edges)
        x, y = b.buffer(600), b.buffer(600)
        x[:200] = b.rng.normal(0, 40, 200).astype(np.float32).view(np.uint32)
        x[200 : 200 + EDGES.size] = EDGES
        b.check("elementwise", architecture, line(600), [600, int(function), 0.2, 0.5, x, y])

    @pytest.mark.parametrize("operation", [*Operation, 99])
    @pytest.mark.parametrize(
        ("xs", "ys"), [((60, 20, 5, 1), (0, 20, 0, 1)), ((0, 0, 1, 0), (60, 20, 5, 1))]
    )
    def test_broadcast(
        self, architecture: str, edges: float, operation: int, xs: tuple, ys: tuple
    ) -> None:
        b = Bench(32, edges)
        x, y, out = b.buffer(120), b.buffer(120), b.buffer(120)
        given = [120, int(operation), 3, 4, 5, x, *xs, y, *ys, out]
        b.check("broadcast", architecture, line(120), given)

    @pytest.mark.parametrize(
        ("sizes", "xs", "ys"),
        [
            ((2, 1, 1, 3, 4, 5), (1, 0, 0, 20, 5, -1), (60, 60, 60, 20, 5, 1)),
            ((2, 3, 2, 2, 2, 3), (9, 2, 0, 1, 30, 7), (1, 2, 6, 12, 24, 48)),
        ],
    )
    def test_move(
        self, architecture: str, edges: float, sizes: tuple, xs: tuple, ys: tuple
    ) -> None:
        b = Bench(33, edges)
        n = prod(sizes)
        x, y = b.buffer(200), b.buffer(200)
        start = x[100:]
        b.buffers[0] = x
        del start
        back = [abs(step) for step in xs]
        b.check("move", architecture, line(n), [n, *sizes[1:], x, *back, y, *ys])

    @pytest.mark.parametrize(
        ("window", "pads", "strides", "gaps"),
        [((1, 7), (0, 3), (1, 1), (1, 1)), ((3, 2), (1, 0), (2, 3), (2, 1))],
    )
    def test_im2col_ext(
        self, architecture: str, edges: float, window: tuple, pads: tuple, strides: tuple,
        gaps: tuple,
    ) -> None:  # fmt: skip
        b = Bench(34, edges)
        c, h, w, rows, columns = 2, 9, 11, 4, 5
        im, col = b.buffer(c * h * w), b.buffer(c * prod(window) * rows * columns)
        n = c * rows * columns
        given = [n, im, h, w, *window, *pads, *strides, *gaps, rows, columns, col]
        b.check("im2col_ext", architecture, line(n), given)

    @pytest.mark.parametrize("average", [0, 1])
    @pytest.mark.parametrize(
        ("window", "pads", "strides", "gaps", "counted"),
        [
            ((3, 2), (1, 0), (2, 2), (1, 1), (0, 9, 0, 11)),
            ((2, 3), (1, 2), (3, 2), (2, 1), (-1, 10, -2, 13)),
        ],
    )
    def test_pool_window(
        self, architecture: str, edges: float, average: int, window: tuple, pads: tuple,
        strides: tuple, gaps: tuple, counted: tuple,
    ) -> None:  # fmt: skip
        b = Bench(35, edges / 3)
        c, h, w, rows, columns = 3, 9, 11, 3, 5
        x, y = b.buffer(c * h * w), b.buffer(c * rows * columns)
        n = c * rows * columns
        given = [n, average, h, w, *window, *pads, *strides, *gaps, rows, columns, *counted, x, y]
        b.check("pool_window", architecture, line(n), given)

    @pytest.mark.parametrize("reduction", Reduction)
    @pytest.mark.parametrize(
        ("outer", "count", "inner"), [(4, 9, 5), (20, 1, 1), (1, 50, 2), (2, 300, 2)]
    )
    def test_reduce(
        self, architecture: str, edges: float, reduction: int, outer: int, count: int, inner: int
    ) -> None:
        b = Bench(36, edges / 5)
        x, y = b.buffer(outer * count * inner), b.buffer(outer * inner)
        n = outer * inner
        b.check("reduce", architecture, line(n), [n, int(reduction), count, inner, x, y])

    @pytest.mark.parametrize("rounding", Rounding)
    @pytest.mark.parametrize("shift", [0.0, 0.5])
    @pytest.mark.parametrize(("height", "width"), [(10, 6), (3, 11)])
    def test_resize(
        self, architecture: str, edges: float, rounding: int, shift: float, height: int, width: int
    ) -> None:
        b = Bench(37, edges)
        x, y = b.buffer(2 * 5 * 6), b.buffer(2 * height * width)
        n = 2 * height * width
        scales = [float(np.float32(height / 5)), float(np.float32(width / 6))]
        given = [n, int(rounding), 5, 6, height, width, *scales, shift, -0.75, x, y]
        b.check("resize", architecture, line(n), given)


@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [
        ("broadcast", {"n": 60, "c": 3, "h": 4, "w": 5, "operation": 0}),
        ("reduce", {"n": 60, "reduction": 0, "count": 2, "inner": 3}),
        # The places of y: every third of a row, and rows in another order.
        ("move", {"n": 60, "d1": 1, "d2": 3, "d3": 1, "d4": 4, "d5": 5, "ys0": 600, "ys1": 0}
         | {"ys2": 15, "ys3": 0, "ys4": 45, "ys5": 3}),
        ("im2col_ext", {"n": 40, "height": 9, "width": 9, "kernel_h": 2, "kernel_w": 3}
         | {"height_col": 4, "width_col": 5}),
    ],
)  # fmt: skip
def test_words_belong_to_the_threads_that_store_them(kernel: str, sizes: dict[str, int]) -> None:
    from softbeam.emulator.execution import LaunchShape
    from softbeam.kernels import KERNELS

    bench = Bench(38, 0.0)
    values: dict[str, object] = {
        one.name: bench.buffer(1000) if one.kind == "pointer" else sizes.get(one.name, 1)
        for one in KERNELS[kernel].parameters
    }
    target = [name for name, one in values.items() if isinstance(one, np.ndarray)][-1]
    shape = LaunchShape((1, 1, 1), (512, 1, 1))
    launch, starts = bench.launch(kernel, "sm_90", shape, list(values.values()))
    written = [id(words) for words in bench.buffers].index(id(values[target]))
    runner, stored = Runner(), set()
    for block, warp in runner.units(launch):
        ending = runner.run(launch, block, warp, budget=10**6, fault=no_fault())
        here = [int(word) - int(starts[written]) for word in ending.words]
        named = arguments(kernel, **values)
        assert {owner_thread(named, word) // 32 for word in here} <= {warp}
        stored.update(here)
    if kernel == "move":
        owned = {word for word in range(1000) if owner_thread(named, word) != NOBODY}
        assert owned == stored
    assert len(stored) == sizes["n"] * (6 if kernel == "im2col_ext" else 1)
