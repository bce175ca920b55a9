"""A small network of all the layers that ONNX has and Darknet lacks."""

from __future__ import annotations

from softbeam.kernels.functions import Function, Operation, Reduction, Rounding
from softbeam.network import layers as kinds
from softbeam.network.layers import OWN, Activation, Layer, Piece, Window


def tensor_layers() -> tuple[Layer, ...]:
    """Return the layers; each takes what the one before leaves, or what its numbers say."""
    window = Window((1, 3), (1, 2), (1, 1), (0, 1), (4, 3))
    pool = Window((2, 3), (1, 2), (1, 2), (1, 0), (4, 3))
    most = Window((2, 2), (1, 1), (1, 1), (0, 0), (3, 5))
    linear = Activation.LINEAR
    wide, few = (4, 4, 3), (4, 1, 1)
    # Rows of two maps side by side, and of the second again.
    row, places = (2, 4, 3), (24, 6, 1)
    joined = tuple(Piece(12, row, 0, (12, 3, 1), to, places) for to in (0, 3))
    return (
        kinds.Convolution(0, (3, 4, 5), 4, 3, 1, 1, False, linear, 1, False, window),
        kinds.Elementwise(1, wide, wide, Function.HARD_SWISH, 0.2, 0.5),
        kinds.Reduce(2, wide, few, Reduction.MEAN, 12, 1),
        kinds.Elementwise(3, few, few, Function.SIGMOID),
        kinds.Broadcast(
            4, few, wide, Operation.MULTIPLY, (1, 3), (48, 4), (4, 12), ((12, 1), (1, 0))
        ),
        kinds.Broadcast(
            5, wide, wide, Operation.ADD, (4, OWN), (48, 4), (4, 12), ((12, 1), (1, 0))
        ),
        kinds.Move(6, wide, (12, 1, 4), (Piece(5, (12, 4), 0, (1, 12), 0, (4, 1)),)),
        kinds.Standardize(7, (12, 1, 4), (12, 1, 4), 12, 4, (12, 4), (0, 1), 4),
        kinds.MatMul(8, (12, 1, 4), (12, 1, 5), (7, OWN), 1, 12, 5, 4),
        kinds.MatMul(9, (12, 1, 5), (2, 6, 6), (8, 8), 2, 6, 6, 5),
        kinds.AxisSoftmax(10, (2, 6, 6), (2, 6, 6), 6, 6),
        kinds.Resize(11, (2, 6, 6), (2, 4, 9), Rounding.LINEAR, (4 / 6, 1.5), 0.5),
        kinds.WindowPool(12, (2, 4, 9), True, pool, (0, 0), (4, 9)),
        kinds.Move(13, (2, 4, 3), (2, 4, 6), joined, 0.25),
        kinds.WindowPool(14, (2, 4, 6), False, most),
        kinds.Power(15, (2, 3, 5), (2, 3, 5), 2.0),
        kinds.Constant(16, (2, 3, 5), (2, 3, 5)),
        kinds.Broadcast(
            17, (2, 3, 5), (2, 3, 5), Operation.LARGER, (15, 16), (30, 30), (30,), ((1,), (1,))
        ),
        kinds.Connected(18, (2, 3, 5), 7, False, linear),
        kinds.Softmax(19, (7, 1, 1)),
    )
