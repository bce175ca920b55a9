"""Layers of ONNX's that Darknet lacks: functions of tensors' elements, and moves of them.

They take tensors of any shape; a layer knows them by steps.  None has buffers that only training
needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, TypeAlias

from softbeam.kernels.functions import Function, Operation, Rounding
from softbeam.network.launches import LaunchMaker, Value, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span

Steps: TypeAlias = tuple[int, ...]
"""Words from an element to the next along each axis; 0 where one element stands for all."""

OWN = -2
"""In place of a layer's number: the operand is the layer's own constant."""


@dataclass(frozen=True, slots=True)
class TensorLayer(BaseLayer):
    """A layer whose output has a shape of its own.

    Parameters
    ----------
    shape
        Channels, height and width of the output, or what comes nearest for another tensor.
    """

    shape: Shape

    type: ClassVar[str] = "tensor"

    @property
    def output_shape(self) -> Shape:
        """The shape of the output."""
        return self.shape

    @property
    def buffers(self) -> dict[str, int]:
        """Its constants and its output."""
        return {**self.trained, "output": self.outputs}

    def result(self, maker: LaunchMaker) -> Span:
        """Return the output; nothing of training's is cleared."""
        return maker.own("output", self.outputs)


@dataclass(frozen=True, slots=True)
class Constant(TensorLayer):
    """A constant of the model, copied to where a layer's output lies."""

    type: ClassVar[str] = "constant"

    @property
    def trained(self) -> dict[str, int]:
        """The constant."""
        return {"weights": self.outputs}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a copy."""
        maker.copy(maker.own("weights", self.outputs), self.result(maker))


@dataclass(frozen=True, slots=True)
class Elementwise(TensorLayer):
    """A function of each element.

    Parameters
    ----------
    function
        The function.
    alpha, beta
        Its numbers, where it has any.
    """

    function: Function
    alpha: float = 0.0
    beta: float = 0.0

    type: ClassVar[str] = "elementwise"

    @property
    def summary(self) -> str:
        """The function."""
        return self.function.name.lower().replace("_", " ")

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the function."""
        output = self.result(maker)
        apply(maker, self.function, source, output, self.alpha, self.beta)


def apply(
    maker: LaunchMaker,
    function: Function,
    source: Span,
    output: Span,
    alpha: float = 0.0,
    beta: float = 0.0,
) -> None:
    """Launch a function of each element."""
    n = output.words
    vectors: dict[str, Value] = {"X": source, "Y": output}
    maker.launch(
        "elementwise",
        n,
        (source,),
        (output,),
        N=n,
        FUNCTION=int(function),
        ALPHA=alpha,
        BETA=beta,
        **vectors,
    )


@dataclass(frozen=True, slots=True)
class Power(TensorLayer):
    """Each element to the same power.

    Parameters
    ----------
    exponent
        The power.
    """

    exponent: float

    type: ClassVar[str] = "power"

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the power."""
        output = self.result(maker)
        n = output.words
        vectors: dict[str, Value] = {"X": source, "INCX": 1, "Y": output, "INCY": 1}
        maker.launch("pow", n, (source,), (output,), N=n, ALPHA=self.exponent, **vectors)


@dataclass(frozen=True, slots=True)
class Broadcast(TensorLayer):
    """Two tensors laid on one another and combined, element by element.

    Parameters
    ----------
    operation
        How two elements are combined.
    operands
        Two layers' numbers, -1 for the network's input, :data:`OWN` for the layer's constant.
    words
        Elements of each operand.
    sizes
        Elements of the output along four axes.
    steps
        Steps of each operand along them.
    """

    operation: Operation
    operands: tuple[int, int]
    words: tuple[int, int]
    sizes: tuple[int, ...]
    steps: tuple[Steps, Steps]

    type: ClassVar[str] = "broadcast"

    @property
    def summary(self) -> str:
        """The operation and the other layers' numbers."""
        others = " ".join(str(one) for one in self.operands if one != OWN)
        return f"{self.operation.name.lower()} {others}"

    @property
    def trained(self) -> dict[str, int]:
        """The constant operand."""
        own = [one for one, number in zip(self.words, self.operands, strict=True) if number == OWN]
        return {"weights": own[0]} if own else {}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the operation."""
        first, second = (
            maker.own("weights", words) if number == OWN else maker.output_of(number)
            for number, words in zip(self.operands, self.words, strict=True)
        )
        combine(maker, self.operation, first, second, self.result(maker), self.sizes, self.steps)


def combine(
    maker: LaunchMaker,
    operation: Operation,
    first: Span,
    second: Span,
    output: Span,
    sizes: tuple[int, ...],
    steps: tuple[Steps, Steps],
) -> None:
    """Launch an operation on two tensors; sizes and steps have up to four axes."""
    missing = 4 - len(sizes)
    _, c, h, w = (1,) * missing + sizes
    along = {
        f"{name}s{axis}": step
        for name, own in zip("xy", steps, strict=True)
        for axis, step in enumerate((0,) * missing + own)
    }
    values: dict[str, Value] = {"x": first, "y": second, "out": output, **along}
    n = output.words
    maker.launch(
        "broadcast",
        n,
        (first, second),
        (output,),
        n=n,
        operation=int(operation),
        c=c,
        h=h,
        w=w,
        **values,
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Elements of another layer's output, and where they go.

    Parameters
    ----------
    source
        The layer's number, -1 for the network's input.
    sizes
        Elements along up to six axes.
    start, steps
        The first word of the source, and the steps in it.
    to, places
        The first word of the output, and the steps in it, above 0.
    """

    source: int
    sizes: tuple[int, ...]
    start: int
    steps: Steps
    to: int
    places: Steps

    @property
    def words(self) -> int:
        """How many elements."""
        return prod(self.sizes)

    @property
    def dense(self) -> bool:
        """Whether the words of the output are neighbours."""
        wanted = 1
        for size, place in zip(reversed(self.sizes), reversed(self.places), strict=True):
            if size > 1 and place != wanted:
                return False
            wanted *= size
        return True


@dataclass(frozen=True, slots=True)
class Move(TensorLayer):
    """Elements of other layers at other places: transposed, cut, joined, repeated or spread.

    Parameters
    ----------
    pieces
        What goes where; no word is written twice.
    filled
        What words have that no piece goes to, None if there are none.
    """

    pieces: tuple[Piece, ...]
    filled: float | None = None

    type: ClassVar[str] = "move"

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a fill, where words are left or a piece is scattered, and a copy of each piece."""
        output = self.result(maker)
        scattered = not all(one.dense for one in self.pieces)
        if self.filled is not None or (scattered and len(self.pieces) > 1):
            n, value = output.words, self.filled or 0.0
            maker.launch("fill", n, (), (output,), N=n, ALPHA=value, X=output, INCX=1)
        for piece in self.pieces:
            self._launch(maker, piece, output)

    def _launch(self, maker: LaunchMaker, piece: Piece, output: Span) -> None:
        whole = maker.output_of(piece.source)
        n = piece.words
        if piece.dense:
            written = part(output, piece.to, n)
            reads: tuple[Span, ...] = (whole,)
        else:
            # Words between those of the piece keep their values, unless there are none.
            written = output
            reads = (whole,) if n == output.words else (whole, output)
        missing = 6 - len(piece.sizes)
        sizes = (1,) * missing + piece.sizes
        along = {
            f"{name}s{axis}": step
            for name, own in (("x", piece.steps), ("y", piece.places))
            for axis, step in enumerate((0,) * missing + own)
        }
        along |= {f"d{axis}": size for axis, size in enumerate(sizes) if axis}
        ends: dict[str, Value] = {
            "x": part(whole, piece.start, 1),
            "y": part(output, piece.to, 1),
            **along,
        }
        maker.launch("move", n, reads, (written,), n=n, **ends)


@dataclass(frozen=True, slots=True)
class Resize(TensorLayer):
    """Each channel with other numbers of pixels.

    Parameters
    ----------
    rounding
        Which pixel is taken for a place between two.
    scales
        Of height and width.
    shift
        0.5 where places are those of pixels' middles.
    curve
        The number of the cubic curve.
    """

    rounding: Rounding
    scales: tuple[float, float]
    shift: float
    curve: float = 0.0

    type: ClassVar[str] = "resize"

    @property
    def summary(self) -> str:
        """Type and size."""
        return f"resize {self.shape[2]}x{self.shape[1]}"

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the resizing."""
        output = self.result(maker)
        n = output.words
        maker.launch(
            "resize",
            n,
            (source,),
            (output,),
            n=n,
            rounding=int(self.rounding),
            height=self.input_shape[1],
            width=self.input_shape[2],
            height_out=self.shape[1],
            width_out=self.shape[2],
            scale_h=self.scales[0],
            scale_w=self.scales[1],
            shift=self.shift,
            curve=self.curve,
            x=source,
            y=output,
        )
