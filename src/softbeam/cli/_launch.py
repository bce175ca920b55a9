"""How a launch is written on the command line: dimensions, buffers, arguments, a fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from softbeam.files import array_of, read_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from softbeam.emulator import Fault

#: Bytes of a buffer: all that the emulated GPU has.
MOST_BUFFER = 1 << 30

_TARGETS = {"index": "destination index", "address": "store address"}


def parse_dimensions(option: str, text: str) -> tuple[int, ...]:
    """Return ``X[,Y[,Z]]`` as numbers."""
    try:
        return tuple(int(part, 0) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not one to three numbers with commas between", param_hint=option
        ) from None


def parse_named(option: str, texts: Iterable[str]) -> dict[str, str]:
    """Return ``NAME=TEXT`` options by name."""
    named: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"'{text}' is not NAME=VALUE", param_hint=option)
        if name in named:
            raise typer.BadParameter(f"'{name}' is given twice", param_hint=option)
        named[name] = value
    return named


def parse_buffer(text: str) -> NDArray[Any]:
    """Return a buffer's contents: ``zeros:BYTES``, a ``.npy`` file or any file's bytes."""
    import numpy as np

    if text.startswith("zeros:"):
        size = _number("--buffer", text, text[len("zeros:") :])
        if not 0 < size <= MOST_BUFFER:
            raise typer.BadParameter(f"{text}: from 1 byte to 1 GiB", param_hint="--buffer")
        return np.zeros(size, dtype=np.uint8)
    path = Path(text)
    # No more is read than the emulated GPU can hold.
    content = read_file(path, MOST_BUFFER)
    if path.suffix != ".npy":
        array: NDArray[Any] = np.frombuffer(content, dtype=np.uint8)
    else:
        try:
            array = array_of(content)
        except ValueError as error:
            raise typer.BadParameter(
                f"{path} is not a .npy file ({error})", param_hint="--buffer"
            ) from None
    if not array.size:
        raise typer.BadParameter(f"{path} is empty", param_hint="--buffer")
    return array


def parse_argument(text: str, places: Mapping[str, int]) -> int | float | bytes:
    """Return a kernel's argument; `places` are the addresses of the buffers."""
    kind, _, value = text.partition(":")
    if kind == "buffer":
        if value not in places:
            raise typer.BadParameter(f"there is no --buffer {value}", param_hint="--arg")
        return places[value]
    try:
        if kind == "int":
            return int(value, 0)
        if kind == "float":
            return float(value)
        if kind == "bytes":
            return bytes.fromhex(value)
    except ValueError:
        pass
    raise typer.BadParameter(
        f"'{text}' is not int:N, float:X, buffer:NAME or bytes:HEX", param_hint="--arg"
    )


def parse_fault(text: str) -> Fault:
    """Return a fault from ``KEY=VALUE,…``."""
    from softbeam.emulator import Fault

    fields: dict[str, Any] = {}
    given: set[str] = set()
    for part in text.split(","):
        key, equals, value = (word.strip() for word in part.partition("="))
        if key in given or (key in ("bit", "flip") and given & {"bit", "flip"}):
            raise typer.BadParameter(
                f"'{text}' says {key} twice, or bit and flip; several bits are one flip=MASK",
                param_hint="--fault",
            )
        given.add(key)
        if key in ("after", "warp-wide") and not equals:
            fields[key.replace("-", "_")] = True
        elif key == "target":
            fields[key] = _TARGETS.get(value, value)
        elif key in ("thread", "block"):
            numbers = [_number("--fault", part, one) for one in value.split(":")]
            fields[key] = numbers[0] if len(numbers) == 1 else tuple(numbers)
        elif key == "bit" and 0 <= (bit := _number("--fault", part, value)) < 64:
            fields["flip"] = 1 << bit
        elif key in ("pc", "occurrence", "flip", "value"):
            fields[key] = _number("--fault", part, value)
        else:
            raise typer.BadParameter(
                f"'{part}' is no part of a fault such as pc=0xa0,target=R4,bit=30,thread=3",
                param_hint="--fault",
            )
    for needed in ("pc", "target"):
        if needed not in fields:
            raise typer.BadParameter(f"'{text}' has no {needed}=", param_hint="--fault")
    return Fault(**fields)


def _number(option: str, text: str, number: str) -> int:
    try:
        return int(number, 0)
    except ValueError:
        raise typer.BadParameter(f"'{text}': {number!r} is no number", param_hint=option) from None
