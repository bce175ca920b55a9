"""Darknet's activation functions by number and by name."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Activation(IntEnum):
    """Darknet's codes of activation functions (its enumeration ``ACTIVATION``).

    Mish is not Darknet's own; it has a kernel to itself, and its number is softbeam's.  So has
    RECTIFIER, ONNX's Relu: minus infinity becomes 0, of which Darknet's makes a NaN.
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
    MISH = 99
    RECTIFIER = 100

    def kept(self, words: int) -> dict[str, int]:
        """Return the buffers, and their words, in which training keeps what the function takes."""
        return {"activation_input": words} if self is Activation.MISH else {}
