"""Darknet's activation functions by number and by name."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Activation(IntEnum):
    """Darknet's codes of activation functions (its enumeration ``ACTIVATION``).

    Those from 90 on are AlexeyAB's Darknet's alone, each with a kernel to itself; their numbers are
    softbeam's.  So is that of RECTIFIER, ONNX's Relu, which makes 0 of minus infinity where
    Darknet's makes a NaN.
    """

    LOGISTIC = 0
    RELU = 1
    RELIE = 2
    LINEAR = 3
    RAMP = 4
    TANH = 5
    PLSE = 6
    LEAKY = 7
    ELU = 8
    LOGGY = 9
    STAIR = 10
    HARDTAN = 11
    LHTAN = 12
    SELU = 13
    NORMALIZE_CHANNELS = 93
    NORMALIZE_CHANNELS_SOFTMAX = 94
    NORMALIZE_CHANNELS_SOFTMAX_MAXVAL = 95
    HARD_MISH = 96
    SWISH = 97
    RELU6 = 98
    MISH = 99
    RECTIFIER = 100

    @property
    def across_channels(self) -> bool:
        """Whether an element depends on the others of its pixel."""
        return self.name.startswith("NORMALIZE_CHANNELS")

    def kept(self, words: int) -> dict[str, int]:
        """Return the buffers, and their words, in which training keeps what the function takes."""
        keeps = (Activation.MISH, Activation.HARD_MISH, Activation.SWISH)
        return {"activation_input": words} if self in keeps else {}
