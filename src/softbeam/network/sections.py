"""The layer that each section of a ``.cfg`` file makes, and which values do not go together.

What a section may say, key by key, is in :mod:`softbeam.network.keys`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from softbeam.network import layers as kinds
from softbeam.network.keys import Invalid
from softbeam.network.layers import Layer, Shape

Values = Mapping[str, Any]


def make_layer(kind: str, values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    """Return the layer that a section describes.

    Parameters
    ----------
    kind
        The section's name, not an alias; neither ``net`` nor ``cost``.
    values
        By key of :data:`softbeam.network.keys.KEYS`.
    shape
        Channels, height and width of the input.
    before
        The layers before it.

    Raises
    ------
    Invalid
        If the values do not fit one another or the layers before.
    """
    return _MAKERS[kind](values, shape, before)


def _convolution(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    size, groups = values["size"], values["groups"]
    if shape[0] % groups or values["filters"] % groups:
        raise Invalid(
            f"groups={groups} must divide the {shape[0]} channels and {values['filters']} filters"
        )
    return kinds.Convolution(
        len(before),
        shape,
        filters=values["filters"],
        size=size,
        stride=values["stride"],
        padding=size // 2 if values["pad"] else values["padding"],
        batch_normalize=bool(values["batch_normalize"]),
        activation=values["activation"],
        groups=groups,
    )


def _connected(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    norm = bool(values["batch_normalize"])
    return kinds.Connected(len(before), shape, values["output"], norm, values["activation"])


def _local(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    filters, size, stride = values["filters"], values["size"], values["stride"]
    layer = kinds.Local(
        len(before), shape, filters, size, stride, values["pad"], values["activation"]
    )
    _, height, width = shape
    windows = [(side + 2 * layer.padding - size) // stride + 1 for side in (height, width)]
    if layer.output_shape[1:] != tuple(windows):
        raise Invalid(
            f"with pad=1, size={size} and stride={stride} Darknet's own formulas disagree about "
            f"the windows over {width}x{height} pixels; with size=3 they agree"
        )
    return layer


def _max_pool(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    stride = values["stride"]
    size = stride if values["size"] is None else values["size"]
    padding = size - 1 if values["padding"] is None else values["padding"]
    return kinds.MaxPool(len(before), shape, size, stride, padding)


def _softmax(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    layer = kinds.Softmax(len(before), shape, values["temperature"], values["groups"])
    if layer.inputs % layer.groups:
        raise Invalid(f"groups={layer.groups} must divide the {layer.inputs} inputs")
    return layer


def _normalization(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    size = values["size"]
    if size // 2 > shape[0]:
        raise Invalid(f"size={size} must be no more than twice the {shape[0]} channels")
    numbers = (values["alpha"], values["beta"], values["kappa"])
    return kinds.Normalization(len(before), shape, size, *numbers)


def _index(written: int, before: Sequence[Layer]) -> int:
    index = len(before) + written if written < 0 else written
    if not 0 <= index < len(before):
        raise Invalid(
            f"{written} names layer {index}; it must be one of those before layer {len(before)}"
        )
    return index


def _route(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    if values["layers"] is None:
        raise Invalid("needs layers=, the layers that it joins")
    sources = [before[_index(written, before)] for written in values["layers"]]
    _, height, width = sources[0].output_shape
    for source in sources:
        if source.output_shape[1:] != (height, width):
            raise Invalid(
                f"joins layer {sources[0].name} of {width}x{height} pixels with layer "
                f"{source.name} of {source.output_shape[2]}x{source.output_shape[1]}; "
                "they must have the same"
            )
    channels = sum(source.output_shape[0] for source in sources)
    joined = tuple((source.index, source.outputs) for source in sources)
    return kinds.Route(len(before), (channels, height, width), joined)


def _shortcut(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    if values["from"] is None:
        raise Invalid("needs from=, the layer that it adds")
    source = before[_index(values["from"], before)]
    (_, h1, w1), (_, h2, w2) = source.output_shape, shape
    if w1 // w2 != h1 // h2 or w2 // w1 != h2 // h1:
        raise Invalid(
            f"adds layer {source.name} of {w1}x{h1} pixels to {w2}x{h2}; "
            "both sides must shrink or grow alike"
        )
    return kinds.Shortcut(
        len(before),
        shape,
        source.index,
        source.output_shape,
        values["activation"],
        values["alpha"],
        values["beta"],
    )


def _upsample(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    return kinds.Upsample(len(before), shape, values["stride"], values["scale"])


def _reorg(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    stride, reverse = values["stride"], bool(values["reverse"])
    layer = kinds.Reorg(
        len(before), shape, stride, reverse, bool(values["flatten"]), values["extra"]
    )
    channels, height, width = shape
    moved = not (layer.extra or layer.flatten)
    # Darknet divides the channels by stride x stride in both directions.
    if moved and (channels % stride**2 or (not reverse and (height % stride or width % stride))):
        raise Invalid(
            f"stride={stride} must divide the {width}x{height} pixels, and its square the "
            f"{channels} channels"
        )
    if layer.flatten and layer.outputs < layer.inputs:
        raise Invalid(f"flatten=1 with stride={stride} leaves elements out")
    return layer


def _crop(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    channels, height, width = shape
    layer = kinds.Crop(
        len(before), shape, values["crop_height"], values["crop_width"], not values["noadjust"]
    )
    if channels != 3 or layer.height > height or layer.width > width:
        raise Invalid(
            f"crops {layer.width}x{layer.height} pixels of 3 channels out of {width}x{height} of "
            f"{channels}"
        )
    return layer


def _anchors(values: Values, count: int) -> tuple[tuple[float, float], ...]:
    numbers = values["anchors"]
    if numbers is None:
        # Darknet's default.
        return ((0.5, 0.5),) * count
    if len(numbers) != 2 * count:
        raise Invalid(f"num={count} needs {2 * count} numbers in anchors=, not {len(numbers)}")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _detection(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    sizes = (values["side"], values["num"], values["classes"], values["coords"])
    return _fits(kinds.Detection(len(before), shape, *sizes, bool(values["sqrt"])))


def _region(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    anchors = _anchors(values, values["num"])
    flags = (bool(values["softmax"]), bool(values["background"]))
    return _fits(
        kinds.Region(len(before), shape, anchors, values["classes"], values["coords"], *flags)
    )


def _yolo(values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    anchors = _anchors(values, values["num"])
    mask = values["mask"] or range(len(anchors))
    if max(mask) >= len(anchors):
        raise Invalid(f"mask={','.join(map(str, mask))} names more than the {len(anchors)} anchors")
    return _fits(
        kinds.Yolo(len(before), shape, tuple(anchors[at] for at in mask), values["classes"])
    )


def _fits(layer: kinds.Detection | kinds.Region | kinds.Yolo) -> Layer:
    if layer.inputs != layer.wanted:
        raise Invalid(f"takes {layer.wanted} elements; the layer before has {layer.inputs}")
    return layer


_MAKERS: dict[str, Callable[[Values, Shape, Sequence[Layer]], Layer]] = {
    "convolutional": _convolution,
    "connected": _connected,
    "local": _local,
    "maxpool": _max_pool,
    "avgpool": lambda values, shape, before: kinds.AveragePool(len(before), shape),
    "softmax": _softmax,
    "activation": lambda values, shape, before: kinds.ActivationLayer(
        len(before), shape, values["activation"]
    ),
    "batchnorm": lambda values, shape, before: kinds.BatchNorm(len(before), shape),
    "normalization": _normalization,
    "route": _route,
    "shortcut": _shortcut,
    "upsample": _upsample,
    "reorg": _reorg,
    "crop": _crop,
    "dropout": lambda values, shape, before: kinds.Dropout(len(before), shape),
    "detection": _detection,
    "region": _region,
    "yolo": _yolo,
}
