"""Read what NVIDIA's ``nvdisasm -json`` writes into instructions.

Here is text to facts only; the facts of the cubin (registers, symbols, parameters) come from
:mod:`softbeam.sass.cubin`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from softbeam.errors import ListingError
from softbeam.sass.instruction import (
    Guard,
    Instruction,
    Operand,
    OperandKind,
    pc_of,
)

# Numbers have as many digits as 64 bits and a float64's decimals need, ASCII ones only; no pattern
# can match one text in two ways, so that reading takes time in proportion to the text.
_INTEGER = re.compile(r"[-+]?(0x[0-9a-f]{1,16}|[0-9]{1,20})\Z")
_FLOAT = re.compile(
    r"[-+]?([0-9]{1,400}(\.[0-9]{0,400})?(e[-+]?[0-9]{1,4})?|INF|QNAN|SNAN)\Z",
    re.IGNORECASE | re.ASCII,
)
_NUMBERED = re.compile(r"(UR|R|UP|P|B|SB)([0-9]{1,3}|Z|T)((?:\.\w+)*)\Z", re.ASCII)
#: All predicates of a thread as one operand.
_ALL_PREDICATES = ("PR", "UPR")

_GUARD = re.compile(r"@(!?)(U?)P([0-6T])\Z")
_CONSTANT = re.compile(r"c(x?)\[([^\]]*)\]\[([^\]]*)\]((?:\.\w+)*)\Z", re.ASCII)
_ADDRESS = re.compile(r"(?:(?:g?desc)\[(UR[0-9]{1,3}|URZ)\])?\[([^\]]*)\]((?:\.\w+)*)\Z", re.ASCII)
_TERM = re.compile(
    r"([-+]{0,2})(U?R(?:[0-9]{1,3}|Z)|0x[0-9a-f]{1,16}|[0-9]{1,20})((?:\.\w+)*)", re.ASCII
)
_OPCODE = re.compile(r"[A-Z][A-Z0-9_]*(\.\w+)*\Z", re.ASCII)
_COMMENT = re.compile(r"/\*[0-9a-f]+\*/")
# In plain listings a register that a branch goes to and what is added to it have no comma between.
_SECOND_TARGET = re.compile(r"(?<=[A-Z0-9]) (?=-?0x|`\()")
_TWO_ADDRESSES = re.compile(r"\A(\[[^][]*\])((?:g?desc)?\[)")
_SCALE = re.compile(r"\.X([0-9]{1,2})\b")
# A symbol is what neither begins as a number nor looks like a register that does not exist.
#: One word of an address that only a linker knows, e.g. ``32@lo((kernel + 0x850))``.
_HALF_ADDRESS = re.compile(r"32@(lo|hi)\([$.\w`() +]{1,400}\)\Z", re.ASCII)
#: Or the kind of a texture.
_SYMBOL = re.compile(r"[123]D\Z|(?!\d)(?!(?:UR|R|UP|P|B)(?:\d+|Z|T)(?:\.|\Z))[$.\w`()]+\Z")

#: A set of scoreboards, e.g. ``{1,3}``.
_SCOREBOARDS = re.compile(r"\{[0-9](,[0-9]){0,7}\}\Z", re.ASCII)
#: What may be an operand that softbeam has not met: printable, and no longer than any symbol.
_PLAUSIBLE = re.compile(r"[!-~]([ -~]{0,400}[!-~])?\Z", re.ASCII)

_KINDS = {
    "R": OperandKind.REGISTER,
    "UR": OperandKind.UNIFORM_REGISTER,
    "P": OperandKind.PREDICATE,
    "UP": OperandKind.UNIFORM_PREDICATE,
    "B": OperandKind.BARRIER,
    "SB": OperandKind.SYMBOL,
}
_ZERO = {"R": 255, "UR": 255, "P": 7, "UP": 7}
_LIMIT = {"R": 254, "UR": 254, "P": 6, "UP": 6, "B": 15, "SB": 7}


def _index(prefix: str, number: str) -> int | None:
    """Return the index that a register's or predicate's name ends with; None for no such one."""
    if number in ("Z", "T"):
        fits = (number == "T") == (prefix in ("P", "UP"))
        return _ZERO.get(prefix) if fits else None
    return int(number) if int(number) <= _LIMIT[prefix] else None


def _numbered(text: str) -> Operand | None:
    match = _NUMBERED.match(text)
    if match is None:
        return None
    prefix, number, suffix = match.groups()
    index = _index(prefix, number)
    if index is None:
        return None
    parts = [part for part in suffix.split(".") if part]
    return Operand(
        _KINDS[prefix],
        text,
        index=index,
        wide="64" in parts,
        selector=".".join(part for part in parts if part != "64"),
    )


def _terms(body: str) -> dict[str, Any] | None:
    """Read the sum inside brackets: a general register, a uniform register and an offset."""
    facts: dict[str, Any] = {"index": 255, "uniform": 255, "value": 0, "wide": False, "scale": 1}
    position = 0
    while position < len(body):
        match = _TERM.match(body, position)
        if match is None or (position and not match.group(1)):
            return None
        sign, term, suffix = match.groups()
        prefix = term.rstrip("Z0123456789")
        if prefix in ("R", "UR"):
            index = _index(prefix, term[len(prefix) :])
            if index is None or "-" in sign:
                return None
            facts["uniform" if prefix == "UR" else "index"] = index
            if prefix == "R":
                facts["wide"] = ".64" in suffix
                scale = _SCALE.search(suffix)
                facts["scale"] = int(scale.group(1)) if scale else 1
        else:
            value = int(term, 16 if term.startswith("0x") else 10)
            facts["value"] += -value if "-" in sign else value
        position = match.end()
    return facts


def _memory(text: str) -> Operand | None:
    if match := _CONSTANT.match(text):
        indirect, bank, body, suffix = match.groups()
        facts = _terms(body)
        if facts is None:
            return None
        facts["selector"] = suffix.lstrip(".")
        if indirect or not _INTEGER.match(bank):
            return Operand(OperandKind.CONSTANT, text, bank=-1, **facts)
        number = int(bank, 16 if "0x" in bank else 10)
        return Operand(OperandKind.CONSTANT, text, bank=number, **facts)
    if match := _ADDRESS.match(text):
        facts = _terms(match.group(2))
        if facts is not None:
            return Operand(OperandKind.ADDRESS, text, selector=match.group(3).lstrip("."), **facts)
    return None


def _immediate(text: str) -> Operand | None:
    if _INTEGER.match(text):
        return Operand(OperandKind.INTEGER, text, value=int(text, 16 if "0x" in text else 10))
    if _FLOAT.match(text):
        plain = text.upper().replace("QNAN", "NAN").replace("SNAN", "NAN")
        return Operand(OperandKind.FLOAT, text, value=float(plain), negated=False)
    return None


def _shown(text: str) -> str:
    """Return a text as a message shows it: printable, and short enough to be read."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


def parse_operand(text: str) -> Operand:
    """Return one operand from its text in a listing.

    Raises
    ------
    ListingError
        If the text is not an operand.

    Examples
    --------
    >>> parse_operand("-R3.reuse").index
    3
    >>> parse_operand("desc[UR8][R2.64+0x4]").value
    4
    """
    plain = text.strip().replace(".reuse", "")
    if (immediate := _immediate(plain)) is not None:
        return immediate
    inner, flags = plain, {}
    if inner[:1] in ("-", "~", "!"):
        flags["negated" if inner[0] == "-" else "inverted"] = True
        inner = inner[1:]
    if inner.startswith("|"):
        end = inner.rfind("|")
        if end > 0:
            flags["absolute"] = True
            inner = inner[1:end] + inner[end + 1 :]
    operand = _numbered(inner) or _memory(inner)
    if operand is not None:
        return replace(operand, text=plain, **flags)  # type: ignore[arg-type]
    if inner.startswith("SR"):
        return Operand(OperandKind.SPECIAL, plain)
    if any(one.match(plain) for one in (_SYMBOL, _HALF_ADDRESS, _SCOREBOARDS)):
        return Operand(OperandKind.SYMBOL, plain)
    raise ListingError(
        f"{_shown(text)} is not an operand that softbeam can read; "
        "is this an nvdisasm -json listing?"
    )


def split_operands(text: str) -> list[str]:
    """Split an operand list at the commas that are not inside brackets or braces."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    last = text[start:]
    return [*parts, last] if last.strip() or parts else []


def parse_guard(text: str) -> Guard:
    """Return the guard from its text, e.g. ``@!P0``; an empty text is no guard."""
    if not text:
        return Guard()
    match = _GUARD.match(text)
    if match is None:
        raise ListingError(f"{_shown(text)} is not a guard predicate such as @!P0")
    index = 7 if match.group(3) == "T" else int(match.group(3))
    return Guard(index, match.group(1) == "!", match.group(2) == "U")


def _operand_or_text(text: str) -> Operand:
    """Return an operand, unreadable if softbeam cannot tell what it is.

    Raises
    ------
    ListingError
        If it cannot be an operand of anything.
    """
    try:
        return parse_operand(text)
    except ListingError:
        if not _PLAUSIBLE.match(text.strip()):
            raise
        return Operand(OperandKind.UNREADABLE, text.strip())


def parse_instruction(pc: int, entry: Mapping[str, Any], *, strict: bool = True) -> Instruction:
    """Return one instruction from its entry in the listing.

    Parameters
    ----------
    pc : int
        Byte offset of the instruction.
    entry : mapping
        The disassembler's object: ``opcode``, ``operands`` and, if guarded, ``predicate``.
    strict : bool
        Whether operands that cannot be read are an error; otherwise the instruction is one that
        is not known.

    Raises
    ------
    ListingError
        If the entry is not an instruction, naming the pc.
    """
    try:
        name, operands = entry["opcode"], entry.get("operands", "")
        guard = entry.get("predicate", "")
        if not (isinstance(name, str) and isinstance(operands, str) and isinstance(guard, str)):
            raise ListingError("opcode, operands or predicate are not text")
        if not _OPCODE.match(name):
            raise ListingError(f"{_shown(name)} is not an opcode")
        if name.startswith("LDGSTS"):
            # Before sm_90 the two addresses have no comma between them.
            operands = _TWO_ADDRESSES.sub(r"\1,\2", operands)
        parts = split_operands(operands)
        if guard in _ALL_PREDICATES:
            # nvdisasm takes P2R's and R2P's operand PR for a guard when it writes JSON.
            parts.insert(0 if name.startswith(("R2P", "UR2UP")) else 1, guard)
            guard = ""
        parse = parse_operand if strict else _operand_or_text
        found = tuple(parse(part) for part in parts)
        known = all(one.kind is not OperandKind.UNREADABLE for one in found)
        return Instruction(pc, parse_guard(guard), name, found, known)
    except KeyError as error:
        raise ListingError(f"the instruction at pc {pc:#x} has no field {error}") from None
    except (TypeError, AttributeError):
        raise ListingError(f"the instruction at pc {pc:#x} is not an object with fields") from None
    except ListingError as error:
        raise ListingError(f"the instruction at pc {pc:#x} cannot be read: {error}") from None


def parse_line(text: str, pc: int = 0) -> Instruction:
    """Return one instruction from its line in a plain listing (``nvdisasm -c``).

    Parameters
    ----------
    text : str
        The instruction as the disassembler writes it, with or without its pc and semicolon.
    pc : int
        Byte offset of the instruction.

    Raises
    ------
    ListingError
        If the line is not an instruction.

    Examples
    --------
    >>> print(parse_line("/*0270*/  @!P0 FFMA R2, R3, -1.5, R8.reuse ;"))
    @!P0 FFMA R2, R3, -1.5, R8
    """
    words = _COMMENT.sub("", text).strip().removesuffix(";").split(maxsplit=1)
    guard = words[0] if words and words[0].startswith("@") else ""
    if guard:
        words = words[1].split(maxsplit=1) if len(words) > 1 else []
    if not words:
        raise ListingError(f"{_shown(text)} is not an instruction")
    operands = _SECOND_TARGET.sub(",", words[1]) if len(words) > 1 else ""
    return parse_instruction(pc, {"opcode": words[0], "operands": operands, "predicate": guard})


def parse_listing(document: Any) -> dict[str, tuple[Instruction, ...]]:
    """Return the instructions of every function of a parsed ``nvdisasm -json`` document.

    An instruction with an operand that cannot be read is one that is not known.

    Raises
    ------
    ListingError
        If the document is not such a listing.
    """
    shape = "a listing by nvdisasm -json is a list of a header and a list of functions"
    if not (isinstance(document, list) and len(document) > 1 and isinstance(document[1], list)):
        raise ListingError(f"this is not a machine-code listing: {shape}")
    functions = {}
    for function in document[1]:
        if not isinstance(function, dict):
            raise ListingError(f"this is not a machine-code listing: {shape}")
        entries = function.get("sass-instructions")
        name = function.get("function-name")
        if not (isinstance(entries, list) and isinstance(name, str)):
            raise ListingError(f"a function without name or instructions: {shape}")
        if name in functions:
            raise ListingError(f"two functions have the name {_shown(name)}")
        functions[name] = tuple(
            parse_instruction(pc_of(number), entry, strict=False)
            for number, entry in enumerate(entries)
        )
    return functions


def read_listing(text: str | bytes, *, origin: str) -> dict[str, tuple[Instruction, ...]]:
    """Return the instructions of every function of a listing's text.

    Parameters
    ----------
    text : str or bytes
        What ``nvdisasm -json`` wrote.
    origin : str
        Where the text came from, for the error message.

    Raises
    ------
    ListingError
        If it is not JSON or not such a listing.
    """
    try:
        return parse_listing(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ListingError(f"{origin}: not the JSON of a listing ({error})") from None
    except ListingError as error:
        raise ListingError(f"{origin}: {error}") from None
