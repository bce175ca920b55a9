"""The global variables of a cubin, and the pointers that a loader has to fill in.

``__device__`` variables and tables of the compiler's own functions (sinf of a large argument) lie
in ``.nv.global.init`` and ``.nv.global``; kernels find them through constant bank 4, which holds
their addresses.  Where they are in memory is decided by whoever loads the cubin
(:class:`softbeam.emulator.machine.Machine`); here is only what the file says.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from elftools.elf.elffile import ELFFile

from softbeam.errors import ListingError
from softbeam.sass.cubin import contents, reading
from softbeam.sass.instruction import Function

#: The relocation that puts a symbol's 64-bit address in place (R_CUDA_64).
_ADDRESS_64 = 2

#: Every global variable begins at a multiple of this; what a GPU's loader does is not recorded.
_ALIGNMENT = 256

#: Where the functions that a driver provides (``vprintf``, ``malloc``) are taken to be, 16 bytes
#: each: no GPU has memory there.  Code may compare such a pointer, or pass it on; a call of it is
#: an instruction that is not executed.
_DRIVERS_FUNCTIONS = 0xFFFF_0000_0000_0000

_BANK = re.compile(r"\.nv\.constant([34])\Z")


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place that must hold an address: of a global variable, or of a function of the driver's.

    Attributes
    ----------
    bank : int
        The constant bank that holds it; 0 for the image of the global variables itself.
    offset : int
        Byte offset of the place.
    target : int
        Byte offset in the image of what it points to.
    absolute : bool
        Whether `target` is the address itself.
    """

    bank: int
    offset: int
    target: int
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of a cubin.

    Attributes
    ----------
    image : bytes
        Initial contents of the global variables.
    globals : mapping of str to (int, int)
        Offset in the image and size in bytes of each.
    constants : mapping of str to (int, int)
        The same of ``__constant__`` variables, in constant bank 3.
    pointers : tuple of Pointer
        What a loader has to fill in.
    """

    image: bytes
    globals: Mapping[str, tuple[int, int]]
    constants: Mapping[str, tuple[int, int]]
    pointers: tuple[Pointer, ...]

    def loaded(self, address: int) -> bytes:
        """Return the image with its own pointers, for memory at this address."""
        return _with_pointers(self.image, self.pointers, 0, address)

    def linked(self, function: Function, address: int) -> Function:
        """Return a function whose constant banks point to the variables at this address."""
        constants = {
            bank: _with_pointers(content, self.pointers, bank, address)
            for bank, content in function.constants.items()
        }
        return replace(function, constants=constants)


def _with_pointers(content: bytes, pointers: tuple[Pointer, ...], bank: int, address: int) -> bytes:
    filled = bytearray(content)
    for pointer in pointers:
        if pointer.bank == bank:
            base = 0 if pointer.absolute else address
            value = (base + pointer.target) & ((1 << 64) - 1)
            filled[pointer.offset : pointer.offset + 8] = value.to_bytes(8, "little")
    return bytes(filled)


def _places(elf: Any) -> tuple[bytes, dict[int, int]]:
    """Return the image and where each section of global variables begins in it, by number."""
    image, starts = b"", {}
    for number, section in enumerate(elf.iter_sections()):
        if section.name in (".nv.global.init", ".nv.global"):
            image += bytes(-len(image) % _ALIGNMENT)
            starts[number] = len(image)
            image += contents(section)
    return image, starts


def _target(symbol: Any, starts: Mapping[int, int], functions: dict[str, int]) -> int | None:
    """Return where a symbol is: in the image, or a function of the driver's, which is noted."""
    section = symbol["st_shndx"]
    if section in starts:
        return int(starts[section] + symbol["st_value"])
    if section != "SHN_UNDEF" or symbol["st_info"]["type"] != "STT_FUNC":
        return None
    return functions.setdefault(symbol.name, _DRIVERS_FUNCTIONS + 16 * len(functions))


def _pointers(elf: Any, symbols: Any, starts: Mapping[int, int]) -> tuple[Pointer, ...]:
    pointers: list[Pointer] = []
    functions: dict[str, int] = {}
    for section in elf.iter_sections():
        if section["sh_type"] not in ("SHT_REL", "SHT_RELA"):
            continue
        held = elf.get_section(section["sh_info"])
        match = _BANK.match(held.name)
        if match is None and held.name != ".nv.global.init":
            continue
        base = 0 if match else starts[section["sh_info"]]
        content = contents(held)
        for relocation in section.iter_relocations():
            symbol = symbols.get_symbol(relocation["r_info_sym"])
            start = _target(symbol, starts, functions)
            if relocation["r_info_type"] != _ADDRESS_64 or start is None:
                raise ListingError(
                    f"a pointer to {symbol.name!a}, relocation {relocation['r_info_type']}"
                )
            place = relocation["r_offset"]
            if not 0 <= place <= len(content) - 8:
                raise ListingError(f"a pointer at {place:#x}, beyond the end of {held.name}")
            # REL keeps in the place itself what RELA keeps beside it.
            added = (
                relocation["r_addend"]
                if relocation.is_RELA()
                else int.from_bytes(content[place : place + 8], "little")
            )
            pointers.append(
                Pointer(
                    int(match.group(1)) if match else 0,
                    base + place,
                    start + added,
                    absolute=symbol.name in functions,
                )
            )
    return tuple(pointers)


def read_variables(data: bytes, *, origin: str) -> Variables:
    """Return the variables of a cubin.

    Parameters
    ----------
    data : bytes
        The cubin.
    origin : str
        Where it came from, for the error message.

    Raises
    ------
    ListingError
        If it is not a cubin, or holds a pointer to something that is not a global variable.
    """
    with reading(origin):
        elf = ELFFile(io.BytesIO(data))
        symbols: Any = elf.get_section_by_name(".symtab")
        image, starts = _places(elf)
        found: tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]] = ({}, {})
        for symbol in symbols.iter_symbols():
            section = symbol["st_shndx"]
            if symbol["st_info"]["type"] != "STT_OBJECT" or not isinstance(section, int):
                continue
            size = int(symbol["st_size"])
            if section in starts:
                found[0][symbol.name] = (starts[section] + symbol["st_value"], size)
            elif elf.get_section(section).name == ".nv.constant3":
                found[1][symbol.name] = (int(symbol["st_value"]), size)
        return Variables(image, *found, _pointers(elf, symbols, starts))
