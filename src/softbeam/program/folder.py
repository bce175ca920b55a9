"""Programs on disk: a folder with ``program.toml``, ``.npy`` files and cubins.

A script of any language can write one.  Nothing in a folder is executed but its machine code, in
the emulator: contents are read as plain arrays, names must be those of files in the folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from softbeam.emulator.arguments import launch_shape, shared_memory_request
from softbeam.errors import LaunchError, ProgramError
from softbeam.files import array_of, read_file, whole_file
from softbeam.program.checking import check
from softbeam.program.description import (
    Address,
    Argument,
    Buffer,
    Check,
    Code,
    Copy,
    Description,
    Launch,
    Step,
    Struct,
)
from softbeam.program.names import is_name
from softbeam.reasons import reason_of
from softbeam.sass.toolchain import disassemble, find_tool

#: The file that says what a program is, and the version of what it says.
FILE, FORMAT = "program.toml", 1

_HEX = re.compile(r"([0-9a-fA-F]{2})+")

#: Bytes of that file, of a cubin or listing, and of a buffer's contents.
_MOST_TOML, _MOST_CODE, _MOST_BUFFER = 64 << 20, 512 << 20, 1 << 30


def _name(value: Any) -> Any:
    if not isinstance(value, str) or not is_name(value):
        raise ValueError(f"{value!r} is no name: letters, digits and _ . + - make one, up to 100")
    return value


Name = Annotated[str, BeforeValidator(_name)]


class _Table(BaseModel):
    """Base of the tables of the file: nothing is taken that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Code(_Table):
    cubin: Name
    listing: Name | None = None


class _Buffer(_Table):
    file: Name | None = None
    dtype: str | None = None
    shape: list[Annotated[int, Field(ge=1)]] | None = None

    @model_validator(mode="after")
    def _says_how_large(self) -> _Buffer:
        declared = self.dtype is not None and self.shape is not None
        if (self.file is None) != declared or (self.dtype is None) != (self.shape is None):
            raise ValueError("a buffer has a file, or else dtype and shape")
        if self.dtype is not None:
            _dtype(self.dtype)
        return self


class _Place(_Table):
    buffer: Name
    offset: Annotated[int, Field(ge=0)] = 0


def _argument(value: Any) -> Argument:
    """Return an argument as it is written, read."""
    if isinstance(value, list):
        return Struct(tuple(_argument(one) for one in value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    match value:
        case {"buffer": str(), **others} if others.keys() <= {"offset"}:
            return _address(_Place.model_validate(value))
        case {"type": str(kind), "value": int() | float() as number, **others} if not others:
            return _scalar(kind, number)
        case {"bytes": str(text), **others} if not others and _HEX.fullmatch(text):
            return bytes.fromhex(text)
    raise ValueError(
        f"{value!r} is no argument: a number, {{buffer=…, offset=…}}, {{type=…, value=…}}, "
        "{bytes=…}, or a list of these for a structure"
    )


def _arguments(values: Any) -> Any:
    """Return a launch's arguments as they are written, read."""
    if not isinstance(values, list):
        raise ValueError("arguments are a list")
    return [_argument(one) for one in values]


class _Step(_Table):
    launch: str | None = None
    copy_: _Place | None = Field(None, alias="copy")
    check: Name | None = None
    to: _Place | None = None
    nbytes: int | None = None
    equals: int | float | None = None
    name: Name | None = None
    grid: list[int] | None = None
    block: list[int] | None = None
    arguments: Annotated[list[Any], BeforeValidator(_arguments)] | None = None
    shared_bytes: int = 0
    stage: str = ""

    @model_validator(mode="after")
    def _is_one_thing(self) -> _Step:
        kinds = {
            "launch": {"launch", "grid", "block", "arguments", "shared_bytes", "stage"},
            "copy": {"copy_", "to", "nbytes", "stage"},
            "check": {"check", "equals", "name"},
        }
        given = self.model_fields_set
        kind = [one for one in kinds if ("copy_" if one == "copy" else one) in given]
        if len(kind) != 1:
            raise ValueError("a step has one of launch, copy and check")
        others = sorted(given - kinds[kind[0]])
        if others:
            raise ValueError(f"a {kind[0]} has no {others[0].rstrip('_')}")
        needed = {
            "launch": {"grid", "block", "arguments"},
            "copy": {"to", "nbytes"},
            "check": set(),
        }
        missing = sorted(needed[kind[0]] - given)
        if missing:
            raise ValueError(f"the {kind[0]} has no {missing[0]}")
        return self


class _Program(_Table):
    format: Literal[1]
    name: Name
    code: Annotated[list[_Code], Field(min_length=1)]
    buffers: dict[Name, _Buffer]
    constants: dict[str, Name] = {}
    steps: Annotated[list[_Step], Field(min_length=1)]
    outputs: Annotated[list[Name], Field(min_length=1)]


def is_program(name: str) -> bool:
    """Return whether a user's word names a program's folder, and no network."""
    path = Path(name)
    return (path / FILE).is_file() or (path.is_dir() and not path.suffix)


def read_program(folder: Path) -> Description:
    """Read the program that a folder holds.

    Raises
    ------
    ProgramError
        If it holds none, naming everything that is wrong, a line each.
    """
    path = folder / FILE
    try:
        values = tomllib.loads(read_file(path, _MOST_TOML).decode())
    except OSError as error:
        raise ProgramError(f"cannot read the program {path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProgramError(f"{path} is no TOML: {error}") from None
    try:
        table = _Program.model_validate(values)
    except ValidationError as error:
        raise ProgramError("\n".join(f"{path}: {one}" for one in _wrong(error))) from None
    wrong: list[str] = []
    program = Description(
        name=table.name,
        codes=tuple(
            Code(
                one.cubin,
                _read(folder, one.cubin, _MOST_CODE, wrong),
                None if one.listing is None else _read(folder, one.listing, _MOST_CODE, wrong),
            )
            for one in table.code
        ),
        buffers={name: _buffer(folder, name, one, wrong) for name, one in table.buffers.items()},
        constants={name: _array(folder, file, wrong) for name, file in table.constants.items()},
        steps=tuple(_step(number, one, wrong) for number, one in enumerate(table.steps)),
        outputs=tuple(table.outputs),
    )
    if wrong:
        raise ProgramError("\n".join(f"{path}: {one}" for one in wrong))
    check(program)
    return program


def _wrong(error: ValidationError) -> list[str]:
    """Return what is wrong with a file's values, one line a place."""
    seen: dict[str, str] = {}
    for one in error.errors():
        where = ".".join(map(str, one["loc"])).replace("copy_", "copy")
        seen.setdefault(where, reason_of(one))
    return [f"{where}: {reason}" if where else reason for where, reason in seen.items()]


def _read(folder: Path, name: str, most: int, wrong: list[str]) -> bytes:
    try:
        return read_file(folder / name, most)
    except OSError as error:
        wrong.append(f"cannot read {name}: {error.strerror}")
        return b""


def _array(folder: Path, name: str, wrong: list[str]) -> NDArray[np.generic]:
    data = _read(folder, name, _MOST_BUFFER, wrong)
    try:
        if data:
            array: NDArray[np.generic] = np.ascontiguousarray(array_of(data))
            if array.size:
                return array.astype(array.dtype.newbyteorder("<"))
            wrong.append(f"{name} is empty")
    except ValueError as error:
        wrong.append(f"{name} is no .npy file ({error})")
    return np.zeros(1, dtype=np.uint8)


def _buffer(folder: Path, name: str, table: _Buffer, wrong: list[str]) -> Buffer:
    if table.file is not None:
        array = _array(folder, table.file, wrong)
        return Buffer(name, array.dtype, array.shape, array)
    return Buffer(name, _dtype(str(table.dtype)), tuple(table.shape or ()))


def _dtype(name: str) -> np.dtype[np.generic]:
    try:
        found = np.dtype(name)
    except TypeError:
        found = np.dtype(object)
    if found.hasobject or found.itemsize < 1 or found.names is not None:
        raise ValueError(f"{name!r} is no type of elements, such as float32 or uint8")
    return found.newbyteorder("<")


def _scalar(kind: str, value: float) -> np.generic:
    dtype = _dtype(kind)
    if dtype.kind not in "iufb" or (dtype.kind in "iub" and not isinstance(value, int)):
        raise ValueError(f"{value!r} is no {kind}")
    try:
        # Writing beyond a type's range into an array raises.
        scalar: np.generic = np.array([value], dtype=dtype)[0]
    except OverflowError:
        raise ValueError(f"{value} does not fit {kind}") from None
    return scalar


def _step(number: int, table: _Step, wrong: list[str]) -> Step:
    if table.check is not None:
        return Check(table.name or table.check, table.check, table.equals)
    if table.copy_ is not None and table.to is not None:
        return Copy(_address(table.copy_), _address(table.to), table.nbytes or 0, table.stage)
    try:
        shape = launch_shape(table.grid or (), table.block or ())
        shared = shared_memory_request(table.shared_bytes)
    except LaunchError as error:
        wrong.append(f"steps.{number}: {error}")
        return Check("", "")
    arguments = tuple(table.arguments or ())
    return Launch(str(table.launch), shape.grid, shape.block, arguments, shared, table.stage)


def _address(place: _Place) -> Address:
    return Address(place.buffer, place.offset)


def write_program(program: Description, folder: Path) -> None:
    """Write a program to a folder.

    Parameters
    ----------
    program : Description
        The program.
    folder : Path
        Made where it does not exist; else it must be empty.

    Raises
    ------
    ProgramError
        If something is wrong with the program, or something is in the folder.
    OSError
        If it cannot be written.
    """
    import tomli_w

    check(program)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ProgramError(f"{folder} is not empty; name a new folder for the program")
    taken: set[str] = set()
    table: dict[str, Any] = {"format": FORMAT, "name": program.name, "outputs": [*program.outputs]}
    table["code"] = [_write_code(folder, one, taken) for one in program.codes]
    table["buffers"] = {
        one.name: _write_buffer(folder, one, taken) for one in program.buffers.values()
    }
    if program.constants:
        table["constants"] = {
            name: _write_array(folder, f"constant{number}", content, taken)
            for number, (name, content) in enumerate(program.constants.items())
        }
    table["steps"] = [_step_table(one) for one in program.steps]
    # Last: a folder without it is no program.
    with whole_file(folder / FILE) as file:
        file.write(tomli_w.dumps(table).encode())


def _free_name(stem: str, suffix: str, taken: set[str]) -> str:
    stem = stem if is_name(stem + suffix) else "file"
    name, number = stem + suffix, 1
    # Some file systems know no case.
    while name.lower() in taken:
        name, number = f"{stem}-{number}{suffix}", number + 1
    taken.add(name.lower())
    return name


def _write_bytes(folder: Path, name: str, write: Callable[[Any], object]) -> str:
    with whole_file(folder / name) as file:
        write(file)
    return name


def _write_code(folder: Path, code: Code, taken: set[str]) -> dict[str, str]:
    stem = code.origin.removesuffix(".cubin")
    cubin = _free_name(stem, ".cubin", taken)
    table = {"cubin": _write_bytes(folder, cubin, lambda file: file.write(code.cubin))}
    found = code.listing
    if found is None and find_tool("nvdisasm") is not None:
        # So that the program also runs where NVIDIA's tools are not installed.
        found = disassemble(code.cubin, origin=code.origin).encode()
    if found is not None:
        listing, text = _free_name(stem, ".json", taken), found
        table["listing"] = _write_bytes(folder, listing, lambda file: file.write(text))
    return table


def _write_array(folder: Path, stem: str, content: NDArray[np.generic], taken: set[str]) -> str:
    name = _free_name(stem, ".npy", taken)
    return _write_bytes(folder, name, lambda file: np.save(file, content, allow_pickle=False))


def _write_buffer(folder: Path, buffer: Buffer, taken: set[str]) -> dict[str, Any]:
    if buffer.content is not None:
        return {"file": _write_array(folder, buffer.name, buffer.content, taken)}
    return {"dtype": buffer.dtype.name, "shape": [*buffer.shape]}


def _step_table(step: Step) -> dict[str, Any]:
    stage = {} if isinstance(step, Check) or not step.stage else {"stage": step.stage}
    if isinstance(step, Launch):
        shared = {"shared_bytes": step.shared_bytes} if step.shared_bytes else {}
        return {
            "launch": step.kernel,
            **stage,
            "grid": [*step.grid],
            "block": [*step.block],
            **shared,
            "arguments": _argument_tables(step.arguments),
        }
    if isinstance(step, Copy):
        places = {"copy": _place_table(step.source), "to": _place_table(step.target)}
        return {**places, "nbytes": step.nbytes, **stage}
    equals = {} if step.equals is None else {"equals": step.equals}
    return {"check": step.buffer, "name": step.name, **equals}


def _place_table(address: Address) -> dict[str, Any]:
    return {"buffer": address.buffer, **({"offset": address.offset} if address.offset else {})}


def _argument_tables(arguments: Sequence[Argument]) -> list[Any]:
    found: list[Any] = []
    for one in arguments:
        if isinstance(one, Address):
            found.append(_place_table(one))
        elif isinstance(one, Struct):
            found.append(_argument_tables(one.fields))
        elif isinstance(one, np.generic):
            found.append({"type": one.dtype.name, "value": one.item()})
        elif isinstance(one, bytes):
            found.append({"bytes": one.hex()})
        else:
            found.append(one)
    return found
