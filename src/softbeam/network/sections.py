"""What each section of a ``.cfg`` file may say, with Darknet's defaults, and the layer it makes.

Keys that only training uses are known and ignored; whatever else softbeam does not know is an
error, as it might change the network.  How a file is cut into sections is
:mod:`softbeam.network.cfg`'s work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from softbeam.network import layers as kinds
from softbeam.network.layers import Activation, Layer, Shape

INT32_MAX = 2**31 - 1
"""Darknet counts elements in 32-bit integers."""

#: No whole number has as many digits; Python refuses to read very long ones.
_DIGITS = 20


class Invalid(Exception):  # noqa: N818  (what the value is, without the place)
    """A value that does not do; the caller knows the place."""


class Key(NamedTuple):
    """How a key is read, and its value where it is left out (None: derived from others)."""

    read: Callable[[str], Any]
    default: Any


def _whole(least: int, most: int = INT32_MAX) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.removeprefix("-") if least < 0 else text
        written = digits.isascii() and digits.isdecimal() and len(digits) < _DIGITS
        if not (written and least <= int(text) <= most):
            raise Invalid(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise Invalid("must be a number")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise Invalid("must be a number above 0")
    return value


def _list(read: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    def read_list(text: str) -> tuple[Any, ...]:
        # Darknet's lists may end with a comma.
        return tuple(read(part) for part in text.rstrip(",").split(","))

    return read_list


def _activation(text: str) -> Activation:
    known = {activation.name.lower(): activation for activation in Activation}
    if text not in known:
        raise Invalid(f"must be one of {', '.join(sorted(known))}")
    return known[text]


def _only(number: int) -> Key:
    """Return a key of which softbeam knows one value alone, Darknet's default."""

    def read(text: str) -> int:
        if text != str(number):
            raise Invalid(f"must be {number}, as softbeam knows nothing else")
        return number

    return Key(read, number)


def _never(reason: str) -> Key:
    def read(text: str) -> str:
        raise Invalid(reason)

    return Key(read, None)


ALIASES = {
    "network": "net",
    "conv": "convolutional",
    "conn": "connected",
    "max": "maxpool",
    "avg": "avgpool",
    "soft": "softmax",
    "lrn": "normalization",
}
"""Darknet's second names of sections."""

_FLAG, _COUNT = Key(_whole(0, 1), 0), _whole(1)
_TREE = _never("must be left out, as softbeam does not know hierarchical classes")
_INDEX = _whole(-INT32_MAX)

KEYS: dict[str, dict[str, Key]] = {
    "net": {name: Key(_COUNT, None) for name in ("width", "height", "channels")},
    "convolutional": {
        "batch_normalize": _FLAG,
        "filters": Key(_COUNT, 1),
        "size": Key(_COUNT, 1),
        "stride": Key(_COUNT, 1),
        "pad": _FLAG,
        "padding": Key(_whole(0), 0),
        "activation": Key(_activation, Activation.LOGISTIC),
        "groups": Key(_COUNT, 1),
        "flipped": _only(0),
        "binary": _only(0),
        "xnor": _only(0),
    },
    "connected": {
        "output": Key(_COUNT, 1),
        "activation": Key(_activation, Activation.LOGISTIC),
        "batch_normalize": _FLAG,
    },
    "local": {
        "filters": Key(_COUNT, 1),
        "size": Key(_COUNT, 1),
        "stride": Key(_COUNT, 1),
        "pad": _FLAG,
        "activation": Key(_activation, Activation.LOGISTIC),
    },
    "maxpool": {
        "stride": Key(_COUNT, 1),
        "size": Key(_COUNT, None),
        "padding": Key(_whole(0), None),
    },
    "avgpool": {},
    "softmax": {
        "groups": Key(_COUNT, 1),
        "temperature": Key(_positive, 1.0),
        "spatial": _only(0),
        "tree": _TREE,
    },
    "activation": {"activation": Key(_activation, Activation.LINEAR)},
    "batchnorm": {},
    "normalization": {
        "size": Key(_COUNT, 5),
        "alpha": Key(_number, 0.0001),
        "beta": Key(_number, 0.75),
        "kappa": Key(_number, 1.0),
    },
    "route": {"layers": Key(_list(_INDEX), None)},
    "shortcut": {
        "from": Key(_INDEX, None),
        "activation": Key(_activation, Activation.LINEAR),
        "alpha": Key(_number, 1.0),
        "beta": Key(_number, 1.0),
    },
    "upsample": {"stride": Key(_COUNT, 2), "scale": Key(_number, 1.0)},
    "reorg": {
        "stride": Key(_COUNT, 1),
        "reverse": _FLAG,
        "flatten": _FLAG,
        "extra": Key(_whole(0), 0),
    },
    "crop": {
        "crop_height": Key(_COUNT, 1),
        "crop_width": Key(_COUNT, 1),
        "noadjust": _FLAG,
    },
    "dropout": {},
    "cost": {},
    "detection": {
        "coords": Key(_COUNT, 1),
        "classes": Key(_COUNT, 1),
        "num": Key(_COUNT, 1),
        "side": Key(_COUNT, 7),
        "sqrt": _FLAG,
        "softmax": _only(0),
    },
    "region": {
        "coords": Key(_whole(4), 4),
        "classes": Key(_COUNT, 20),
        "num": Key(_COUNT, 1),
        "softmax": _FLAG,
        "background": _FLAG,
        "anchors": Key(_list(_number), None),
        "tree": _TREE,
    },
    "yolo": {
        "classes": Key(_COUNT, 20),
        "num": Key(_COUNT, 1),
        "mask": Key(_list(_whole(0)), None),
        "anchors": Key(_list(_number), None),
    },
}
"""Keys that inference depends on, by section."""

_EVERY_LAYER = ("clip", "dontsave", "learning_rate", "onlyforward", "stopbackward")
IGNORED: dict[str, frozenset[str]] = {kind: frozenset(_EVERY_LAYER) for kind in KEYS} | {
    kind: frozenset((*_EVERY_LAYER, *names.split()))
    for kind, names in {
        "net": """adam angle aspect B1 B2 batch burn_in center cutout decay eps exposure gamma
            hue inputs letterbox max_batches max_chart_loss max_crop min_crop momentum mosaic
            mixup notruth policy power random saturation scale scales seen seq_scales step steps
            subdivisions time_steps track""",
        "softmax": "noloss",
        "dropout": "probability",
        "cost": "noobj noloss ratio scale smooth thresh type",
        # Flips, turns and changes of colour are training's.
        "crop": "angle exposure flip saturation shift",
        "detection": """class_scale coord_scale forced jitter max noobject_scale object_scale
            random reorg rescore""",
        "region": """absolute bias_match class_scale classfix coord_scale jitter log map
            mask_scale max noobject_scale object_scale random rescore sqrt thresh""",
        "yolo": "ignore_thresh jitter map max random truth_thresh",
    }.items()
}
"""Keys that only training, or the drawing of boxes, uses."""

Values = Mapping[str, Any]


def make_layer(kind: str, values: Values, shape: Shape, before: Sequence[Layer]) -> Layer:
    """Return the layer that a section describes.

    Parameters
    ----------
    kind
        The section's name, not an alias; neither ``net`` nor ``cost``.
    values
        By key of :data:`KEYS`.
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
