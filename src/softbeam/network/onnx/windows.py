"""How ONNX's operators on windows of images become layers, where Darknet's are too narrow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.functions import Rounding
from softbeam.network import layers as kinds
from softbeam.network.layers import Activation, Shape, Window
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import Lowering, Refused
from softbeam.network.onnx.moving import move, piece
from softbeam.network.onnx.steps import dense

Pair = tuple[int, int]


def image_of(lowering: Lowering, node: Node) -> tuple[int, Shape]:
    """Return where the image lies that a node reads, and its shape; a row of pixels is one too."""
    sides = lowering.sides(node.inputs[0])
    if len(sides) not in (3, 4) or sides[0] != 1:
        raise Refused(f"its input has the shape {list(sides)}, which is not that of one image")
    return lowering.place(node)


def _pair(values: Sequence[int]) -> Pair:
    """Return a number along height and along width; a row of pixels has a height of 1."""
    if len(values) not in (1, 2):
        raise Refused(f"its window has {len(values)} axes; softbeam's kernels know 2")
    return (1, int(values[0])) if len(values) == 1 else (int(values[0]), int(values[1]))


@dataclass(frozen=True, slots=True)
class Read:
    """A window as a node says it, with the zeros behind the image."""

    window: Window
    after: Pair


def read_window(node: Node, kernel: Sequence[int], shape: Shape, more: int = 0) -> Read:
    """Return a node's window over an image, `more` zeros on each side in addition."""
    a = node.attributes
    axes = len(kernel)
    ones = [1] * axes
    size, stride = _pair(kernel), _pair(a.get("strides", ones))
    dilation = _pair(a.get("dilations", ones))
    reach = [gap * (side - 1) + 1 for gap, side in zip(dilation, size, strict=True)]
    how = a.get("auto_pad", b"NOTSET").decode()
    pads = list(a.get("pads", [0] * 2 * axes))
    first, last = [0, 0], [0, 0]
    across = [side + 2 * more for side in shape[1:]]
    if how.startswith("SAME"):
        over = [
            max((-(-side // step) - 1) * step + span - side, 0)
            for side, step, span in zip(across, stride, reach, strict=True)
        ]
        less, rest = [one // 2 for one in over], [one - one // 2 for one in over]
        first, last = (less, rest) if how == "SAME_UPPER" else (rest, less)
    elif how != "VALID":
        first, last = pads[:axes], pads[axes:]
        if axes == 1:
            first, last = [0, *first], [0, *last]
    up = int(a.get("ceil_mode", 0))
    out = []
    for side, before, after, span, step in zip(across, first, last, reach, stride, strict=True):
        over_all = side + before + after - span
        count = (-(-over_all // step) if up else over_all // step) + 1
        # A window that would begin behind the image and its zeros on the left is left out.
        count -= up and (count - 1) * step >= side + before
        out.append(count)
    if min(out) < 1 or min(first) < 0:
        raise Refused(f"its window {list(size)} does not fit into {list(shape[1:])} pixels")
    padded = (first[0] + more, first[1] + more)
    made = Window(size, stride, dilation, padded, (out[0], out[1]))
    return Read(made, (last[0] + more, last[1] + more))


def convolution(
    lowering: Lowering,
    node: Node,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    window: Window,
    tensor: str,
    groups: int,
    takes: tuple[int, Shape],
    norm: Mapping[str, NDArray[np.float32]] | None = None,
    activation: Activation = Activation.LINEAR,
) -> None:
    """Add a convolution of any window."""
    filters = weights.shape[0]
    source, shape = takes
    if shape[0] % groups or filters % groups:
        raise Refused(f"its {groups} groups do not divide {shape[0]} channels, {filters} filters")
    zeros = np.zeros(filters, dtype=np.float32)
    trained = {"biases": zeros if bias is None else bias, "weights": weights, **(norm or {})}
    layer = kinds.Convolution(
        len(lowering.layers),
        shape,
        filters,
        max(window.kernel),
        max(window.stride),
        max(window.before),
        norm is not None,
        activation,
        groups,
        groups > 1,
        window,
        label=node.name,
        takes=source,
    )
    lowering.add(layer, tensor, **trained)


def pool(lowering: Lowering, node: Node) -> None:
    """Lower a pool of any window; an average says whether it counts its zeros."""
    takes, shape = image_of(lowering, node)
    read = read_window(node, node.attributes["kernel_shape"], shape)
    average = node.op == "AveragePool"
    first, behind = (0, 0), (shape[1], shape[2])
    if average and node.attributes.get("count_include_pad", 0):
        before, after = read.window.before, read.after
        first = (-before[0], -before[1])
        behind = (shape[1] + after[0], shape[2] + after[1])
    layer = kinds.WindowPool(
        len(lowering.layers), shape, average, read.window, first, behind, label=node.name,
        takes=takes,
    )  # fmt: skip
    lowering.add(layer, node.outputs[0])


def _conv_transpose(lowering: Lowering, node: Node) -> None:
    """Lower a transposed convolution: zeros between the pixels, then a convolution."""
    source, shape = image_of(lowering, node)
    weights, bias = lowering.weight(node, 1), lowering.constant(node, 2)
    a = node.attributes
    axes, groups = weights.ndim - 2, int(a.get("group", 1))
    ones = [1] * axes
    kernel, stride = _pair(weights.shape[2:]), _pair(a.get("strides", ones))
    dilation = _pair(a.get("dilations", ones))
    reach = [gap * (side - 1) for gap, side in zip(dilation, kernel, strict=True)]
    out = lowering.shape(node.outputs[0])[1:]
    if a.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or "output_shape" in a:
        raise Refused("its padding follows from the size of its output; write it as pads")
    pads = list(a.get("pads", [0] * 2 * axes))
    first = [0, *pads[:axes]] if axes == 1 else pads[:axes]
    before = [span - zeros for span, zeros in zip(reach, first, strict=True)]
    if min(before) < 0:
        raise Refused(f"pads is {pads}, more than its window reaches")
    channels, height, width = shape
    tensor = node.inputs[0]
    if stride != (1, 1):
        spread = (1, channels, (height - 1) * stride[0] + 1, (width - 1) * stride[1] + 1)
        places = dense(spread)
        to = (places[0], places[1], places[2] * stride[0], places[3] * stride[1])
        sizes = (1, channels, height, width)
        one = piece(source, sizes, 0, dense(sizes), 0, to)
        tensor = f"{node.outputs[0]}#spread"
        move(lowering, node.name, tensor, spread, [one], 0.0)
    # [channels, filters / groups, ...] to [filters, channels / groups, ...], turned around.
    parts = weights.reshape(groups, channels // groups, -1, *kernel)
    turned = parts.transpose(0, 2, 1, 3, 4)[..., ::-1, ::-1]
    filters = np.ascontiguousarray(turned).reshape(-1, channels // groups, *kernel)
    window = Window(kernel, (1, 1), dilation, (before[0], before[1]), (out[0], out[1]))
    takes = lowering.places[tensor]
    convolution(lowering, node, filters, bias, window, node.outputs[0], groups, takes)


_NEAREST = {
    b"floor": Rounding.DOWN,
    b"ceil": Rounding.UP,
    b"round_prefer_floor": Rounding.HALF_DOWN,
    b"round_prefer_ceil": Rounding.HALF_UP,
}


def _resize(lowering: Lowering, node: Node) -> None:
    source, shape = image_of(lowering, node)
    a = node.attributes
    old = node.op == "Upsample" or lowering.graph.opset < 11
    sides, result = lowering.sides(node.inputs[0]), lowering.sides(node.outputs[0])
    out = lowering.shape(node.outputs[0])
    if result[:2] != sides[:2]:
        raise Refused(f"it makes {list(result)} of {list(sides)}; softbeam scales pixels alone")
    mode = a.get("mode", b"nearest")
    usual = b"asymmetric" if old else b"half_pixel"
    how = a.get("coordinate_transformation_mode", usual)
    if mode not in (b"nearest", b"linear", b"bilinear", b"cubic"):
        raise Refused(f"mode is {mode.decode()}; softbeam knows nearest, linear and cubic")
    for name in ("antialias", "exclude_outside"):
        if a.get(name, 0):
            raise Refused(f"{name} is 1; softbeam knows 0")
    scales = _scales(lowering, node, old, shape, out)
    if how == b"align_corners":
        scales = tuple(
            (new - 1) / (side - 1) if side > 1 and new > 1 else 1.0
            for side, new in zip(shape[1:], out[1:], strict=True)
        )
    elif how == b"pytorch_half_pixel" and 1 in out[1:]:
        raise Refused("it makes one pixel with pytorch_half_pixel")
    elif how not in (b"asymmetric", b"half_pixel", b"pytorch_half_pixel"):
        raise Refused(f"coordinate_transformation_mode is {how.decode()}")
    shift = 0.5 if how.endswith(b"half_pixel") else 0.0
    rounding = Rounding.CUBIC if mode == b"cubic" else Rounding.LINEAR
    curve = float(np.float32(a.get("cubic_coeff_a", -0.75))) if mode == b"cubic" else 0.0
    if mode == b"nearest":
        rounding = _NEAREST[a.get("nearest_mode", b"floor" if old else b"round_prefer_floor")]
    one, other = (float(np.float32(scale)) for scale in scales)
    layer = kinds.Resize(
        len(lowering.layers), shape, out, rounding, (one, other), shift, curve,
        label=node.name, takes=source,
    )  # fmt: skip
    lowering.add(layer, node.outputs[0])


def _scales(
    lowering: Lowering, node: Node, old: bool, shape: Shape, out: Shape
) -> tuple[float, ...]:
    """Return what height and width are multiplied by."""
    given: Any = node.attributes.get("scales")
    if given is None:
        given = lowering.constant(node, 1 if old else 2)
    if given is None or len(given) == 0:
        return tuple(new / side for new, side in zip(out[1:], shape[1:], strict=True))
    rank = len(lowering.sides(node.inputs[0]))
    axes = [axis % rank for axis in node.attributes.get("axes", range(rank))]
    found = {axis: float(scale) for axis, scale in zip(axes, given, strict=True)}
    return found.get(rank - 2, 1.0) if rank > 3 else 1.0, found.get(rank - 1, 1.0)


MAKERS: Mapping[str, Callable[[Lowering, Node], None]] = {
    "ConvTranspose": _conv_transpose,
    "Resize": _resize,
    "Upsample": _resize,
}
