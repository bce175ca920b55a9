"""What all layers have, and the words that their parameters use."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from math import prod
from typing import ClassVar, TypeAlias

Shape: TypeAlias = tuple[int, int, int]
"""Channels, height, width."""

MOST_ELEMENTS = 2**31 - 1
"""Elements of a buffer: Darknet counts them in 32-bit integers."""


class Activation(IntEnum):
    """Darknet's codes of activation functions (its enumeration ``ACTIVATION``).

    Mish is not Darknet's own; it has a kernel to itself, and its number is softbeam's.
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


@dataclass(frozen=True, slots=True)
class BaseLayer:
    """A layer: its number, from 0, and the shape of the input; each kind says what it adds.

    Parameters
    ----------
    index
        Darknet's number of the layer; of layers that Darknet lacks, counted alike.
    input_shape
        Channels, height and width of the input.
    label
        Its name in the model that it comes from, where that has names.
    takes
        The layer whose output it takes, -1 for the network's input; the layer before if None.
    """

    index: int
    input_shape: Shape
    label: str = field(default="", kw_only=True, repr=False)
    takes: int | None = field(default=None, kw_only=True, repr=False)

    type: ClassVar[str]

    @property
    def name(self) -> str:
        """The number and label; without one the type and what tells it apart.

        Such as ``0 conv 64 7x7/2``.
        """
        return f"{self.index} {self.title}"

    @property
    def title(self) -> str:
        """The label; without one the type and what tells it apart."""
        return self.label or self.summary

    @property
    def summary(self) -> str:
        """The type, then what tells it apart."""
        return self.type

    @property
    def output_shape(self) -> Shape:
        """Channels, height and width of the output."""
        return self.input_shape

    @property
    def inputs(self) -> int:
        """Elements of the input."""
        return prod(self.input_shape)

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return prod(self.output_shape)

    @property
    def trained(self) -> dict[str, int]:
        """The trained buffers and their words, in the order of a ``.weights`` file."""
        return {}

    @property
    def parameters(self) -> int:
        """Trained numbers, rolling means and variances among them."""
        return sum(self.trained.values())

    @property
    def workspace(self) -> int:
        """Words of the network's workspace that the layer needs."""
        return 0

    @property
    def largest(self) -> int:
        """The most elements that anything of it has, which Darknet counts in 32-bit integers."""
        return max(self.inputs, self.outputs, self.workspace, *self.trained.values())

    @property
    def buffers(self) -> dict[str, int]:
        """What Darknet allocates for the layer, and its words, in its order."""
        return {"output": self.outputs, "delta": self.outputs}
