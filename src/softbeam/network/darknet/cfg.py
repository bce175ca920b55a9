"""Reads Darknet's ``.cfg`` files into layers; all errors of a file are said at once.

What a section may say is in :mod:`softbeam.network.darknet.sections`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from softbeam.errors import NetworkError
from softbeam.files import read_file
from softbeam.network.darknet.dialect import spoken
from softbeam.network.darknet.keys import MOST_ELEMENTS, Invalid
from softbeam.network.darknet.sections import ALIASES, IGNORED, KEYS, LAYER_SECTIONS, REFUSED
from softbeam.network.layers import Layer, Shape

_LOG = logging.getLogger(__name__)

#: Characters of a wrong line that an error shows.
_SHOWN = 60

#: Wrong things that an error says of one file, and lines of each.
_MOST_SAID, _MOST_LINES = 20, 5

#: Where a comment begins.
_COMMENT = re.compile("[#;]")

#: Bytes of a ``.cfg`` file; Darknet's own have 40,000 at most.
_MOST = 1 << 20


@dataclass(slots=True)
class _Section:
    """A section as it is written: kind, line, per key its line and text, and what was read.

    `passed` are the keys that only training uses.
    """

    kind: str
    line: int
    entries: dict[str, tuple[int, str]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)


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
    problems = _Problems(place)
    sections = _sections(text, problems)
    if not sections or sections[0].kind != "net":
        problems.add(sections[0].line if sections else 1, "the first section must be [net]")
        raise problems.error()
    for section in sections:
        _read_values(section, problems)
    _check_order(sections, problems)
    if problems:
        # Without all values no shapes are known behind the first wrong one.
        raise problems.error()
    passed = {key for section in sections for key in section.passed}
    if passed:
        listed = ", ".join(sorted(passed))
        _LOG.info("%s: passed over, as only training uses them: %s", place, listed)
    return _layers(sections, problems)


def _layers(sections: Sequence[_Section], problems: _Problems) -> tuple[Layer, ...]:
    """Return the layers of sections whose values are read, each taking the shape before it."""
    net, *others = sections
    shape: Shape = net.values["channels"], net.values["height"], net.values["width"]
    layers: list[Layer] = []
    alexeyab = any(_is_alexeyabs(section) for section in others)
    for section in others:
        if section.kind == "cost":
            break
        try:
            layer = LAYER_SECTIONS[section.kind].make(section.values, shape, layers)
            if alexeyab:
                layer = layer.for_alexeyab()
        except Invalid as error:
            problems.add(section.line, f"[{section.kind}] {error}")
            raise problems.error() from error
        _check(layer, section, problems)
        layers.append(layer)
        shape = layer.output_shape
    if not layers:
        problems.add(net.line, "there are no layers after [net]; give at least one")
        raise problems.error()
    return tuple(layers)


def _is_alexeyabs(section: _Section) -> bool:
    """Return whether a section says what only AlexeyAB's Darknet knows."""
    kind = section.kind
    own = kind in LAYER_SECTIONS and LAYER_SECTIONS[kind].alexeyab
    return own or spoken(KEYS[kind], section.values)


def _sections(text: str, problems: _Problems) -> list[_Section]:
    sections: list[_Section] = []
    known = True
    for number, raw in enumerate(text.splitlines(), start=1):
        # Darknet takes all blanks out of a line before it looks at it, and reads numbers up to
        # what is none: a comment behind a value does no harm.
        line = _COMMENT.split("".join(raw.split()), maxsplit=1)[0]
        if not line:
            continue
        if line[0] == "[":
            kind = ALIASES.get(line[1:-1], line[1:-1])
            known = line[-1] == "]" and kind in KEYS
            if known:
                sections.append(_Section(kind, number))
            elif kind in REFUSED:
                problems.add(number, f"[{kind}] {REFUSED[kind]}, which softbeam does not run")
            else:
                listed = ", ".join(f"[{name}]" for name in KEYS)
                problems.add(number, f"unknown section {line[:_SHOWN]!r}", f"known are {listed}")
            continue
        key, equals, value = line.partition("=")
        if not (key and equals and value):
            problems.add(number, f"{line[:_SHOWN]!r} is neither a [section] nor a key=value")
        elif not sections:
            if known:
                problems.add(number, "the first section must be [net]")
                raise problems.error()
        elif known:
            _enter(sections[-1], key, value, number, problems)
    return sections


def _enter(section: _Section, key: str, value: str, line: int, problems: _Problems) -> None:
    """Note what a section says of a key that it can have."""
    keys, where = KEYS[section.kind], f"in [{section.kind}]"
    if key in IGNORED[section.kind]:
        # Darknet's own files give keys of training twice.
        section.passed.add(key)
    elif key not in keys:
        listed = ", ".join(keys) or "none"
        problems.add(line, f"unknown key {key[:_SHOWN]!r} {where}", f"known are {listed}")
    elif key in section.entries:
        before = section.entries[key][0]
        problems.add(line, f"{key!r} was given in line {before} already; give it once")
    else:
        section.entries[key] = (line, value)


def _read_values(section: _Section, problems: _Problems) -> None:
    """Fill in the values of a section, Darknet's defaults for what it leaves out."""
    for name, key in KEYS[section.kind].items():
        line, text = section.entries.get(name, (section.line, None))
        try:
            section.values[name] = key.default if text is None else key.read(text)
        except Invalid as error:
            shown = str(text)[:_SHOWN]
            problems.add(line, f"{name}={shown} in [{section.kind}]: it {error}")
    missing = [name for name, value in section.values.items() if value is None]
    if section.kind == "net" and missing:
        problems.add(section.line, f"[net] needs {' and '.join(missing)}")


def _check_order(sections: Sequence[_Section], problems: _Problems) -> None:
    """Note sections that stand where they must not."""
    for number, section in enumerate(sections[1:], start=1):
        if section.kind == "net":
            problems.add(section.line, "[net] is given twice; give it once, first")
        if section.kind == "cost" and number != len(sections) - 1:
            problems.add(section.line, "[cost] must be the last section")
        if section.kind in ("dropout", "empty") and number == 1:
            reason = f"[{section.kind}] cannot be the first layer; put one before it"
            problems.add(section.line, reason)


def _check(layer: Layer, section: _Section, problems: _Problems) -> None:
    """Refuse a layer without an output, or one whose elements 32 bits cannot count."""
    _, height, width = layer.input_shape
    if min(layer.output_shape) < 1:
        reason = f"layer {layer.name} is too large for its {width}x{height} input"
    elif layer.largest > MOST_ELEMENTS:
        reason = f"layer {layer.name} needs more than 2^31 - 1 elements"
    else:
        return
    problems.add(section.line, reason)
    raise problems.error()


class _Problems:
    """What is wrong in a file, to be said at once.

    Parameters
    ----------
    place : str
        The file's name.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        #: By reason its lines.
        self._lines: dict[str, list[int]] = {}
        #: By reason what is said behind it, once where several reasons share it.
        self._advice: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, line: int, reason: str, advice: str = "") -> None:
        """Note what is wrong in a line, and what else to say of it."""
        self._lines.setdefault(reason, []).append(line)
        if advice and advice not in self._advice.values():
            self._advice[reason] = advice

    def error(self) -> NetworkError:
        """Return the error that says everything, in the order of the lines."""
        ordered = sorted(self._lines.items(), key=lambda one: one[1])
        said = []
        for reason, lines in ordered[:_MOST_SAID]:
            shown = ", ".join(map(str, lines[:_MOST_LINES]))
            more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
            place = f"line{'s' if len(lines) > 1 else ''} {shown}{more}: {reason}"
            said.append("; ".join(filter(None, (place, self._advice.get(reason)))))
        if len(ordered) > _MOST_SAID:
            said.append(f"and {len(ordered) - _MOST_SAID} more")
        return NetworkError(f"{self._place}, " + "; ".join(said))
