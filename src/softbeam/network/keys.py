"""What each section of a ``.cfg`` file may say, with Darknet's defaults.

Keys that only training uses are known and ignored; whatever else softbeam does not know is an
error, as it might change the network.  How a file is cut into sections is
:mod:`softbeam.network.cfg`'s work, what layer a section makes :mod:`softbeam.network.sections`'.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

from softbeam.network.layers import Activation

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

#: Anchors that a head can have; Darknet's own have 9 at most.
_ANCHORS = 1024

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
        "num": Key(_whole(1, _ANCHORS), 1),
        "side": Key(_COUNT, 7),
        "sqrt": _FLAG,
        "softmax": _only(0),
    },
    "region": {
        "coords": Key(_whole(4), 4),
        "classes": Key(_COUNT, 20),
        "num": Key(_whole(1, _ANCHORS), 1),
        "softmax": _FLAG,
        "background": _FLAG,
        "anchors": Key(_list(_number), None),
        "tree": _TREE,
    },
    "yolo": {
        "classes": Key(_COUNT, 20),
        "num": Key(_whole(1, _ANCHORS), 1),
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
