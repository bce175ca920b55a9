"""The records of a folder of hardware recordings, and the checks that they are well-formed.

One model a kind of record, read strictly from JSON: a scenario, a trace, a fault.  Which files hold
them is in :mod:`softbeam.conformance.recordings`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from softbeam.errors import RecordingError
from softbeam.reasons import reason_of

#: Far more than any recording counts to; what is beyond does not fit the emulator's numbers.
_MOST = 1 << 60

Word = Annotated[int, Field(ge=0, lt=1 << 32)]
Size = Annotated[int, Field(ge=0, le=_MOST)]
Index = tuple[Size, Size, Size]
Extent = Annotated[int, Field(ge=1, le=_MOST)]
Model = TypeVar("Model", bound="Record")


class Record(BaseModel):
    """What all records share: fields that softbeam does not know are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Buffer(Record):
    """A buffer of the arena: byte offset, length in words, file of its initial contents."""

    offset: Annotated[int, Field(ge=0, le=_MOST, multiple_of=4)]
    words: Size
    initial: str | None = None


class Arena(Record):
    """The one allocation that holds all buffers: address (hexadecimal) and length in bytes."""

    address: Annotated[str, Field(pattern=r"^(0x)?[0-9a-fA-F]{1,16}$")]
    bytes: Annotated[int, Field(gt=0, multiple_of=4, le=1 << 32)]


class ScenarioRecord(Record):
    """One launch of ``scenarios.json``; fields as the README of the recordings names them."""

    kernel: str
    cubin: str = "kernels"
    registers: Annotated[int, Field(ge=1, le=256)] | None = None
    shared_bytes: Size | None = None
    grid: tuple[Extent, Extent, Extent]
    block: tuple[Extent, Extent, Extent]
    arguments: tuple[str, ...]
    buffers: dict[str, Buffer]
    arena: Arena


class TraceRecord(Record):
    """One recorded thread: its pc and, where they were read, registers before each instruction."""

    block: Index
    thread: Index
    registers: Annotated[int, Field(ge=0, le=256)]
    steps: tuple[tuple[Size, tuple[Word, ...] | None], ...]
    complete: bool = False

    @model_validator(mode="after")
    def _registers_fit(self) -> TraceRecord:
        if any(values is not None and len(values) > self.registers for _, values in self.steps):
            raise ValueError("a step has more registers than the trace")
        return self


class FaultRecord(Record):
    """One recorded fault and what the GPU did with it.

    Attributes
    ----------
    target : str
        A register ``R5``, a predicate ``P0``, ``destination_index`` or ``store_address``.
    after : int or None
        The value that the target got (modes RF, IOV, PR).
    bit : int or None
        The bit that was flipped (mode IOA).
    memory : tuple of (word, value, golden value) or None
        The words that differ from the golden result; a value None is "as before the launch".
    """

    id: str
    scenario: str
    mode: Literal["RF", "IOV", "IOA", "PR"]
    block: Index
    thread: Index
    pc: Annotated[int, Field(ge=0, le=_MOST, multiple_of=16)]
    occurrence: Size
    target: Annotated[str, Field(pattern=r"^(R\d{1,3}|P[0-6]|destination_index|store_address)$")]
    after: Word | None = None
    bit: Annotated[int, Field(ge=0, le=63)] | None = None
    outcome: Literal["completed", "exception"]
    exception: str | None = None
    memory: tuple[tuple[Size, Word | None, Word | None], ...] | None = None

    @model_validator(mode="after")
    def _complete(self) -> FaultRecord:
        addresses = ("destination_index", "store_address")
        letter = {"RF": "R", "IOV": "R", "PR": "P"}.get(self.mode)
        if letter is None:
            if self.target not in addresses or self.bit is None:
                raise ValueError("a fault of mode IOA names an index or address, and a bit")
        elif self.target in addresses or self.target[0] != letter or self.after is None:
            raise ValueError(f"a fault of mode {self.mode} names a target {letter}n and a value")
        if self.outcome == "completed" and self.memory is None:
            raise ValueError("a completed fault lists the memory that differs")
        if self.outcome == "exception" and self.exception is None:
            raise ValueError("an exception has a name")
        return self


def read_record(model: type[Model], text: str | bytes, *, place: str) -> Model:
    """Return a record from its JSON.

    Parameters
    ----------
    model : type
        Kind of the record.
    text : str or bytes
        One JSON object.
    place : str
        File and line, for the error message.

    Raises
    ------
    RecordingError
        If it is not JSON or lacks what the record needs.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise RecordingError(
            f"{place}: not a record that softbeam can replay "
            f"({field + ': ' if field else ''}{reason_of(first)})"
        ) from None
