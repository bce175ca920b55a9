"""Reads Darknet's ``.cfg`` files into layers.

Defaults and the meaning of keys are Darknet's.  Keys that only training uses are known and ignored;
a section or a key that softbeam does not know is an error, as it might change the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from softbeam.errors import NetworkError
from softbeam.network.layers import (
    Activation,
    AveragePool,
    Convolution,
    Dropout,
    Layer,
    MaxPool,
    Shape,
    Softmax,
)

INT32_MAX = 2**31 - 1
"""Darknet counts elements in 32-bit integers."""


class _Invalid(Exception):  # noqa: N818  (what the value is, without the place)
    """A value that does not do; the caller knows the place."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section as it is written: kind, line, and per key its line and text."""

    kind: str
    line: int
    entries: Mapping[str, tuple[int, str]]


class _Key(NamedTuple):
    """How a key is read, and its value where it is left out (None: derived from others)."""

    read: Callable[[str], Any]
    default: Any


def _whole(least: int, most: int = INT32_MAX) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise _Invalid(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise _Invalid("must be a number above 0")
    return value


def _activation(text: str) -> Activation:
    known = ("linear", "leaky", "logistic", "relu")
    if text not in known:
        raise _Invalid(f"must be one of {', '.join(known)}")
    return Activation[text.upper()]


def _only(number: int) -> _Key:
    """Return a key of which softbeam knows one value alone, Darknet's default."""

    def read(text: str) -> int:
        if text != str(number):
            raise _Invalid(f"must be {number}, as softbeam knows nothing else")
        return number

    return _Key(read, number)


_ALIASES = {
    "network": "net",
    "conv": "convolutional",
    "max": "maxpool",
    "avg": "avgpool",
    "soft": "softmax",
}

_KEYS: dict[str, dict[str, _Key]] = {
    "net": {name: _Key(_whole(1), None) for name in ("width", "height", "channels")},
    "convolutional": {
        "batch_normalize": _Key(_whole(0, 1), 0),
        "filters": _Key(_whole(1), 1),
        "size": _Key(_whole(1), 1),
        "stride": _Key(_whole(1), 1),
        "pad": _Key(_whole(0, 1), 0),
        "padding": _Key(_whole(0), 0),
        "activation": _Key(_activation, Activation.LOGISTIC),
        "groups": _only(1),
        "flipped": _only(0),
        "binary": _only(0),
        "xnor": _only(0),
    },
    "maxpool": {
        "stride": _Key(_whole(1), 1),
        "size": _Key(_whole(1), None),
        "padding": _Key(_whole(0), None),
    },
    "avgpool": {},
    "softmax": {
        "groups": _only(1),
        "temperature": _Key(_positive, 1.0),
        "spatial": _only(0),
    },
    "dropout": {},
    "cost": {},
}

_EVERY_LAYER = ("clip", "dontsave", "learning_rate", "stopbackward")
_IGNORED: dict[str, frozenset[str]] = {
    kind: frozenset((*_EVERY_LAYER, *names.split()))
    for kind, names in {
        "net": """adam angle aspect B1 B2 batch burn_in center cutout decay eps exposure gamma
            hue inputs letterbox max_batches max_chart_loss max_crop min_crop momentum mosaic
            mixup notruth policy power random saturation scale scales seq_scales step steps
            subdivisions time_steps track""",
        "convolutional": "",
        "maxpool": "",
        "avgpool": "",
        "softmax": "noloss",
        "dropout": "probability",
        "cost": "noobj noloss ratio scale smooth thresh type",
    }.items()
}


def read_cfg(path: Path) -> tuple[Layer, ...]:
    """Read a network from a ``.cfg`` file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple of Layer
        The layers, numbered as Darknet numbers them.  ``[cost]``, which only training needs, is
        left out.

    Raises
    ------
    NetworkError
        If the file cannot be read or says something that softbeam does not know.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NetworkError(f"cannot read the network {path}: {error}; give a .cfg file") from error
    return parse_cfg(text, str(path))


def parse_cfg(text: str, place: str) -> tuple[Layer, ...]:
    """Read a network from the text of a ``.cfg`` file.

    Parameters
    ----------
    text
        What the file says.
    place
        The file's name, for errors.

    Returns
    -------
    tuple of Layer
        As of :func:`read_cfg`.

    Raises
    ------
    NetworkError
        If the text says something that softbeam does not know.

    Examples
    --------
    >>> lines = ["[net]", "width=8", "height=8", "channels=3", "[maxpool]", "stride=2"]
    >>> layers = parse_cfg(chr(10).join(lines), "a.cfg")
    >>> layers[0].name, layers[0].output_shape
    ('0 max 2x2/2', (3, 4, 4))
    """
    sections = _sections(text, place)
    if not sections or sections[0].kind != "net":
        _fail(place, sections[0].line if sections else 1, "the first section must be [net]")
    shape = _input_shape(sections[0], place)
    layers: list[Layer] = []
    for number, section in enumerate(sections[1:]):
        if section.kind == "net":
            _fail(place, section.line, "[net] is given twice; give it once, first")
        if section.kind == "cost":
            if number != len(sections) - 2:
                _fail(place, section.line, "[cost] must be the last section")
            _values(section, place)
            break
        if section.kind == "dropout" and not layers:
            _fail(place, section.line, "[dropout] cannot be the first layer; put one before it")
        layer = _layer(section, number, shape, _values(section, place))
        _check(layer, section, place)
        layers.append(layer)
        shape = layer.output_shape
    if not layers:
        _fail(place, sections[0].line, "there are no layers after [net]; give at least one")
    return tuple(layers)


def _sections(text: str, place: str) -> list[_Section]:
    sections: list[_Section] = []
    entries: dict[str, tuple[int, str]] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        # Darknet takes all blanks out of a line before it looks at it.
        line = "".join(raw.split())
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            kind = _ALIASES.get(line[1:-1], line[1:-1])
            if line[-1] != "]" or kind not in _KEYS:
                known = ", ".join(f"[{name}]" for name in _KEYS)
                _fail(place, number, f"unknown section {line}; known are {known}")
            entries = {}
            sections.append(_Section(kind, number, entries))
            continue
        key, equals, value = line.partition("=")
        if not (key and equals and value):
            _fail(place, number, f"{line!r} is neither a [section] nor a key=value")
        if not sections:
            _fail(place, number, "the first section must be [net]")
        _check_key(sections[-1], key, place, number)
        entries[key] = (number, value)
    return sections


def _check_key(section: _Section, key: str, place: str, line: int) -> None:
    keys = _KEYS[section.kind]
    if key not in keys and key not in _IGNORED[section.kind]:
        known = ", ".join(keys) or "none"
        _fail(place, line, f"unknown key {key!r} in [{section.kind}]; known are {known}")
    if key in section.entries:
        before = section.entries[key][0]
        _fail(place, line, f"{key!r} was given in line {before} already; give it once")


def _values(section: _Section, place: str) -> dict[str, Any]:
    values = {name: key.default for name, key in _KEYS[section.kind].items()}
    for name, (line, text) in section.entries.items():
        key = _KEYS[section.kind].get(name)
        if key is None:
            continue
        try:
            values[name] = key.read(text)
        except _Invalid as error:
            _fail(place, line, f"{name}={text} in [{section.kind}]: it {error}")
    return values


def _input_shape(section: _Section, place: str) -> Shape:
    values = _values(section, place)
    missing = [name for name, value in values.items() if value is None]
    if missing:
        _fail(place, section.line, f"[net] needs {' and '.join(missing)}")
    return values["channels"], values["height"], values["width"]


def _layer(section: _Section, index: int, shape: Shape, values: dict[str, Any]) -> Layer:
    match section.kind:
        case "convolutional":
            size = values["size"]
            return Convolution(
                index,
                shape,
                filters=values["filters"],
                size=size,
                stride=values["stride"],
                padding=size // 2 if values["pad"] else values["padding"],
                batch_normalize=bool(values["batch_normalize"]),
                activation=values["activation"],
            )
        case "maxpool":
            stride = values["stride"]
            size = stride if values["size"] is None else values["size"]
            padding = size - 1 if values["padding"] is None else values["padding"]
            return MaxPool(index, shape, size, stride, padding)
        case "avgpool":
            return AveragePool(index, shape)
        case "softmax":
            return Softmax(index, shape, values["temperature"])
        case _:
            return Dropout(index, shape)


def _check(layer: Layer, section: _Section, place: str) -> None:
    """Refuse a layer without an output, or one whose elements 32 bits cannot count."""
    if min(layer.output_shape) < 1:
        _, height, width = layer.input_shape
        _fail(
            place, section.line, f"layer {layer.name} is too large for its {width}x{height} input"
        )
    words = [layer.inputs, layer.outputs]
    if isinstance(layer, Convolution):
        words += [layer.workspace, layer.weights]
    if max(words) > INT32_MAX:
        _fail(place, section.line, f"layer {layer.name} needs more than 2^31 - 1 elements")


def _fail(place: str, line: int, reason: str) -> NoReturn:
    raise NetworkError(f"{place}, line {line}: {reason}")
