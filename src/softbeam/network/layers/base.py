"""What all layers have."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import ClassVar, TypeAlias

from softbeam.network.activation import Activation
from softbeam.network.darknet.keys import Invalid
from softbeam.network.launches import LaunchMaker
from softbeam.network.plan import Span

Shape: TypeAlias = tuple[int, int, int]
"""Channels, height, width."""

_UPDATES = ("weight_updates", "bias_updates", "scale_updates", "mean_delta", "variance_delta")

TRAINING = frozenset(("delta", "mean", "variance", "x", "x_norm", *_UPDATES))
"""Buffers of layers that Darknet has which only training reads and writes."""


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
    alexeyab
        Whether it runs as AlexeyAB's Darknet runs it.
    """

    index: int
    input_shape: Shape
    label: str = field(default="", kw_only=True, repr=False)
    takes: int | None = field(default=None, kw_only=True, repr=False)
    alexeyab: bool = field(default=False, kw_only=True, repr=False)

    type: ClassVar[str]

    #: Whether its output is the buffer of the layer before.
    passes_on: ClassVar[bool] = False

    #: Whether its activation is zero in AlexeyAB's Darknet if it is mish, for want of a case.
    mish_is_zero: ClassVar[bool] = False

    #: Whether it is the head of a detector, whose output is part of the network's answer.
    is_head: ClassVar[bool] = False

    #: Whether its output is a map of channels, rows and columns.
    has_map: ClassVar[bool] = True

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

    @property
    def allocated(self) -> dict[str, int]:
        """Its buffers; AlexeyAB's Darknet allocates none for training where it does not train."""
        if not self.alexeyab:
            return self.buffers
        return {name: words for name, words in self.buffers.items() if name not in TRAINING}

    @property
    def shrunk(self) -> bool:
        """Whether a blur makes its output smaller than Darknet tells layers that name it."""
        return False

    @property
    def constants(self) -> dict[str, tuple[float, ...]]:
        """Buffers that hold the same numbers again and again, in no file, and these numbers."""
        return {}

    def for_alexeyab(self) -> BaseLayer:
        """Return the layer as AlexeyAB's Darknet runs it.

        Raises
        ------
        Invalid
            If it says what that Darknet does not know.
        """
        if self.mish_is_zero and getattr(self, "activation", None) == Activation.MISH:
            raise Invalid(
                "has activation=mish, which gives zeros here in AlexeyAB's Darknet; it is for a "
                "[convolutional] or a [shortcut]"
            )
        return replace(self, alexeyab=True)

    @property
    def fan_in(self) -> int:
        """Words that one output word is a sum over, where the layer multiplies by weights."""
        return self.inputs

    @property
    def told_apart(self) -> int:
        """Classes that the layer's output tells apart, 0 if it is no vector of scores."""
        channels, height, width = self.output_shape
        return channels if height == width == 1 else 0

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Append what Darknet launches for the layer in inference, in its order.

        Every word of a written span must be written; liveness and propagation rely on it.

        Parameters
        ----------
        maker : LaunchMaker
            What they are appended to.
        source : Span
            The input.
        """
        raise NotImplementedError
