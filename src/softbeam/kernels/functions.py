"""The numbers of what kernels can do, as their CUDA sources count them.

Those of Darknet's activation functions are :mod:`softbeam.network.activation`'s.
"""

from __future__ import annotations

from enum import IntEnum


class Function(IntEnum):
    """What ``elementwise`` does with an element x and the numbers a and b.

    For NEGATIVE and ABSOLUTE a is -0.0, whose only bit is the sign.
    """

    CLIP = 0
    RECTIFY = 1
    SLOPE = 2
    EXPONENTIAL = 3
    SQUARE_ROOT = 4
    NEGATIVE = 5
    ABSOLUTE = 6
    RECIPROCAL = 7
    FLOOR = 8
    CEILING = 9
    ROUND = 10
    HARD_SIGMOID = 11
    HARD_SWISH = 12
    ERROR = 13
    GELU = 14
    EXPONENTIAL_LINEAR = 15
    SOFTSIGN = 16
    SOFTPLUS = 17
    LOGARITHM = 18
    SIGMOID = 19


class Operation(IntEnum):
    """How ``broadcast`` combines two elements; RECTIFY scales a negative first by the second."""

    ADD = 0
    SUBTRACT = 1
    MULTIPLY = 2
    DIVIDE = 3
    SMALLER = 4
    LARGER = 5
    RECTIFY = 6


class Reduction(IntEnum):
    """What ``reduce`` makes of the elements along an axis."""

    SUM = 0
    MEAN = 1
    LARGEST = 2
    SMALLEST = 3
    PRODUCT = 4
    SQUARES = 5


class Rounding(IntEnum):
    """Which pixel ``resize`` takes for a place between two; LINEAR and CUBIC interpolate."""

    DOWN = 0
    UP = 1
    HALF_DOWN = 2
    HALF_UP = 3
    LINEAR = 4
    CUBIC = 5


class Normalization(IntEnum):
    """What ``shortcut_multilayer`` makes of its weights before it multiplies by them."""

    NONE = 0
    RELU = 1
    SOFTMAX = 2
