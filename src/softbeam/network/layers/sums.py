"""Layers of ONNX's that sum over an axis: reductions, products, norms, softmax along any axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from softbeam.kernels.functions import Function, Operation, Reduction
from softbeam.kernels.products import Product
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers.tensors import OWN, Steps, TensorLayer, apply, combine
from softbeam.network.plan import Span


@dataclass(frozen=True, slots=True)
class Reduce(TensorLayer):
    """A number of the elements along an axis.

    Parameters
    ----------
    reduction
        Which.
    count, inner
        Elements along the axis, and how far apart they are.
    """

    reduction: Reduction
    count: int
    inner: int

    type: ClassVar[str] = "reduce"

    @property
    def summary(self) -> str:
        """What it is and over how many elements."""
        return f"{self.reduction.name.lower()} {self.count}"

    @property
    def fan_in(self) -> int:
        """Elements along the axis."""
        return self.count

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch the reduction."""
        reduce(maker, self.reduction, self.count, self.inner, source, self.result(maker))


def reduce(
    maker: LaunchMaker, reduction: Reduction, count: int, inner: int, source: Span, output: Span
) -> None:
    """Launch a reduction."""
    n = output.words
    maker.launch(
        "reduce",
        n,
        (source,),
        (output,),
        n=n,
        reduction=int(reduction),
        count=count,
        inner=inner,
        x=source,
        y=output,
    )


@dataclass(frozen=True, slots=True)
class AxisSoftmax(TensorLayer):
    """A softmax along an axis.

    Parameters
    ----------
    count, inner
        Elements along the axis, and how far apart they are.
    """

    count: int
    inner: int

    type: ClassVar[str] = "softmax"

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a softmax over each line along the axis."""
        output = self.result(maker)
        outer = self.outputs // (self.count * self.inner)
        maker.launch(
            "softmax",
            outer * self.inner,
            (source,),
            (output,),
            input=source,
            n=self.count,
            batch=outer,
            batch_offset=self.count * self.inner,
            groups=self.inner,
            group_offset=1,
            stride=self.inner,
            temp=1.0,
            output=output,
        )


@dataclass(frozen=True, slots=True)
class MatMul(TensorLayer):
    """Products of matrices: so many, each of m x k and k x n.

    Parameters
    ----------
    operands
        Two layers' numbers, -1 for the network's input, :data:`OWN` for the layer's constant.
    count, m, n, k
        How many products, and their sizes.
    """

    operands: tuple[int, int]
    count: int
    m: int
    n: int
    k: int

    type: ClassVar[str] = "matmul"

    @property
    def summary(self) -> str:
        """Type and sizes."""
        return f"matmul {self.m}x{self.k}x{self.n}"

    @property
    def trained(self) -> dict[str, int]:
        """The constant operand."""
        words = (self.count * self.m * self.k, self.count * self.k * self.n)
        own = [one for one, number in zip(words, self.operands, strict=True) if number == OWN]
        return {"weights": own[0]} if own else {}

    @property
    def fan_in(self) -> int:
        """Words that one output word is a sum over."""
        return self.k

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a fill and the products."""
        output = self.result(maker)
        maker.fill(output)
        a, b = (
            maker.own("weights", words) if number == OWN else maker.output_of(number)
            for number, words in zip(
                self.operands,
                (self.count * self.m * self.k, self.count * self.k * self.n),
                strict=True,
            )
        )
        maker.product(Product.dense(self.m, self.n, self.k, a, b, output, self.count))


@dataclass(frozen=True, slots=True)
class Standardize(TensorLayer):
    """Rows of elements less their mean, divided by their deviation, scaled and shifted.

    LayerNormalization, InstanceNormalization and GroupNormalization are such.

    Parameters
    ----------
    rows, count
        How many rows, and elements of each.
    sizes, steps
        The output's axes, and the steps of scales and shifts along them.
    words
        How many scales and shifts.
    """

    rows: int
    count: int
    sizes: tuple[int, ...]
    steps: Steps
    words: int

    type: ClassVar[str] = "norm"

    @property
    def summary(self) -> str:
        """Type, rows and elements."""
        return f"norm {self.rows}x{self.count}"

    @property
    def trained(self) -> dict[str, int]:
        """Scales, shifts, and the number that is added to each variance."""
        return {"scales": self.words, "biases": self.words, "epsilon": 1}

    @property
    def buffers(self) -> dict[str, int]:
        """Constants, output, and what is computed between."""
        between = {"mean": self.rows, "squares": self.outputs, "deviation": self.rows}
        return {**self.trained, "output": self.outputs, **between}

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch mean, difference, squares, their mean, root and quotient, scales and shifts."""
        output, squares = self.result(maker), maker.own("squares", self.outputs)
        mean, deviation = maker.own("mean", self.rows), maker.own("deviation", self.rows)
        rows, dense = (self.rows, self.count), (self.count, 1)

        def each(operation: Operation, first: Span, second: Span, to: Span, own: Steps) -> None:
            combine(maker, operation, first, second, to, rows, (dense, own))

        reduce(maker, Reduction.MEAN, self.count, 1, source, mean)
        each(Operation.SUBTRACT, source, mean, output, (1, 0))
        each(Operation.MULTIPLY, output, output, squares, dense)
        reduce(maker, Reduction.MEAN, self.count, 1, squares, deviation)
        epsilon = maker.own("epsilon", 1)
        one = (self.rows,)
        combine(maker, Operation.ADD, deviation, epsilon, deviation, one, ((1,), (0,)))
        apply(maker, Function.SQUARE_ROOT, deviation, deviation)
        each(Operation.DIVIDE, output, deviation, output, (1, 0))
        whole = tuple(prod(self.sizes[axis + 1 :]) for axis in range(len(self.sizes)))
        for operation, name in ((Operation.MULTIPLY, "scales"), (Operation.ADD, "biases")):
            own = maker.own(name, self.words)
            combine(maker, operation, output, own, output, self.sizes, (whole, self.steps))
