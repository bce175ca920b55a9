"""Reads Darknet's ``.cfg`` files into layers; every error names file and line.

What a section may say is in :mod:`softbeam.network.sections`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from softbeam.errors import NetworkError
from softbeam.files import read_file
from softbeam.network.keys import MOST_ELEMENTS, Invalid
from softbeam.network.layers import Layer, Shape
from softbeam.network.sections import ALIASES, IGNORED, KEYS, LAYER_SECTIONS

#: Characters of a wrong line that an error shows.
_SHOWN = 60

#: Bytes of a ``.cfg`` file; Darknet's own have 40,000 at most.
_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class _Section:
    """A section as it is written: kind, line, and per key its line and text."""

    kind: str
    line: int
    entries: Mapping[str, tuple[int, str]]


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
        written = read_file(path, _MOST)
    except OSError as error:
        reason = error.strerror or error
        raise NetworkError(f"cannot read the network {path}: {reason}; give a .cfg file") from error
    if b"\0" in written:
        raise NetworkError(f"cannot read the network {path}: it is no text; give a .cfg file")
    # Only comments hold more than ASCII, in whatever encoding; editors put a mark before the text.
    return parse_cfg(written.decode("utf-8-sig", errors="replace"), str(path))


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
        try:
            values = _values(section, place)
            layer = LAYER_SECTIONS[section.kind].make(values, shape, layers)
        except Invalid as error:
            _fail(place, section.line, f"[{section.kind}] {error}")
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
            kind = ALIASES.get(line[1:-1], line[1:-1])
            if line[-1] != "]" or kind not in KEYS:
                known = ", ".join(f"[{name}]" for name in KEYS)
                _fail(place, number, f"unknown section {line[:_SHOWN]!r}; known are {known}")
            entries = {}
            sections.append(_Section(kind, number, entries))
            continue
        key, equals, value = line.partition("=")
        if not (key and equals and value):
            _fail(place, number, f"{line[:_SHOWN]!r} is neither a [section] nor a key=value")
        if not sections:
            _fail(place, number, "the first section must be [net]")
        _check_key(sections[-1], key, place, number)
        entries[key] = (number, value)
    return sections


def _check_key(section: _Section, key: str, place: str, line: int) -> None:
    keys = KEYS[section.kind]
    if key not in keys and key not in IGNORED[section.kind]:
        known = ", ".join(keys) or "none"
        _fail(place, line, f"unknown key {key[:_SHOWN]!r} in [{section.kind}]; known are {known}")
    # Darknet's own files give keys of training twice.
    if key in section.entries and key in keys:
        before = section.entries[key][0]
        _fail(place, line, f"{key!r} was given in line {before} already; give it once")


def _values(section: _Section, place: str) -> dict[str, Any]:
    values = {name: key.default for name, key in KEYS[section.kind].items()}
    for name, (line, text) in section.entries.items():
        key = KEYS[section.kind].get(name)
        if key is None:
            continue
        try:
            values[name] = key.read(text)
        except Invalid as error:
            _fail(place, line, f"{name}={text[:_SHOWN]} in [{section.kind}]: it {error}")
    return values


def _input_shape(section: _Section, place: str) -> Shape:
    values = _values(section, place)
    missing = [name for name, value in values.items() if value is None]
    if missing:
        _fail(place, section.line, f"[net] needs {' and '.join(missing)}")
    return values["channels"], values["height"], values["width"]


def _check(layer: Layer, section: _Section, place: str) -> None:
    """Refuse a layer without an output, or one whose elements 32 bits cannot count."""
    if min(layer.output_shape) < 1:
        _, height, width = layer.input_shape
        _fail(
            place, section.line, f"layer {layer.name} is too large for its {width}x{height} input"
        )
    if layer.largest > MOST_ELEMENTS:
        _fail(place, section.line, f"layer {layer.name} needs more than 2^31 - 1 elements")


def _fail(place: str, line: int, reason: str) -> NoReturn:
    raise NetworkError(f"{place}, line {line}: {reason}")
