"""Facts of a cubin that a listing does not hold: symbols, registers, parameters, memory, constants.

A cubin is an ELF file; pyelftools reads it.  The attributes of section ``.nv.info.KERNEL`` are
those that ``cuobjdump -elf`` prints; their numbers here were read from the shipped and the
recorded cubins and are checked against the recorded parameters and register counts.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from softbeam.errors import ListingError
from softbeam.sass.instruction import Function, Instruction

# Attributes of .nv.info.KERNEL (format byte, attribute byte, then a value or a sized payload).
_SIZED_PAYLOAD = 0x04
_REGISTER_COUNT = 0x2F  # in .nv.info; payload: symbol index (u32), registers (u32)
_PARAMETER_BANK = 0x0A  # payload: symbol index, base offset (u16), size in bytes (u16)
_KERNEL_PARAMETER = 0x17  # payload: index (u32), ordinal (u16), offset (u16), flags with size >> 18


@dataclass(frozen=True, slots=True)
class CubinFacts:
    """What a cubin says of one kernel; fields as in :class:`softbeam.sass.Function`."""

    registers: int
    shared_bytes: int
    parameter_base: int
    parameters: tuple[tuple[int, int], ...]
    symbols: dict[str, int]
    constants: dict[int, bytes]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(data):
        form, attribute, value = struct.unpack_from("<BBH", data, position)
        position += 4
        if form == _SIZED_PAYLOAD:
            yield attribute, data[position : position + value]
            position += value
        else:
            yield attribute, struct.pack("<H", value)


def _register_counts(elf: Any) -> dict[str, int]:
    info, symbols = elf.get_section_by_name(".nv.info"), elf.get_section_by_name(".symtab")
    counts = {}
    for attribute, payload in _attributes(info.data() if info else b""):
        if attribute == _REGISTER_COUNT:
            symbol, count = struct.unpack_from("<II", payload)
            counts[symbols.get_symbol(symbol).name] = count
    return counts


def _kernel_facts(elf: Any, name: str, number: int, registers: int) -> CubinFacts:
    symbols = {
        symbol.name: int(symbol["st_value"])
        for symbol in elf.get_section_by_name(".symtab").iter_symbols()
        if symbol["st_shndx"] == number and symbol.name and symbol["st_info"]["type"] == "STT_FUNC"
    }
    base, parameters = 0, {}
    info = elf.get_section_by_name(f".nv.info.{name}")
    for attribute, payload in _attributes(info.data() if info else b""):
        if attribute == _PARAMETER_BANK:
            base = struct.unpack_from("<IHH", payload)[1]
        elif attribute == _KERNEL_PARAMETER:
            _, ordinal, offset, flags = struct.unpack_from("<IHHI", payload)
            parameters[ordinal] = (offset, flags >> 18)
    shared = elf.get_section_by_name(f".nv.shared.{name}")
    constants = {}
    for bank in (2, 3, 4):
        own = elf.get_section_by_name(f".nv.constant{bank}.{name}")
        common = own or elf.get_section_by_name(f".nv.constant{bank}")
        if common is not None:
            constants[bank] = common.data()
    return CubinFacts(
        registers=registers,
        shared_bytes=int(shared["sh_size"]) if shared else 0,
        parameter_base=base,
        parameters=tuple(parameters[ordinal] for ordinal in sorted(parameters)),
        symbols=symbols,
        constants=constants,
    )


def read_cubin(data: bytes, *, origin: str) -> tuple[str, dict[str, CubinFacts]]:
    """Return the architecture and the facts of every kernel of a cubin.

    Parameters
    ----------
    data : bytes
        The cubin.
    origin : str
        Where it came from, for the error message.

    Returns
    -------
    architecture : str
        E.g. ``sm_90``.
    kernels : dict of str to CubinFacts
        By the kernel's symbol.

    Raises
    ------
    ListingError
        If it is not a cubin.
    """
    try:
        elf = ELFFile(io.BytesIO(data))
        flags = elf["e_flags"]
        # Up to ABI 7 the low byte is the SM; ABI 8 (CUDA 13) keeps it in the second byte.
        abi = elf["e_ident"]["EI_ABIVERSION"]
        sm = (flags >> 8) & 0xFF if abi >= 8 else flags & 0xFF
        kernels, registers = {}, _register_counts(elf)
        for number, section in enumerate(elf.iter_sections()):
            if section.name.startswith(".text."):
                name = section.name[len(".text.") :]
                kernels[name] = _kernel_facts(
                    elf, name, number, registers.get(name, section["sh_info"] >> 24)
                )
    except (ELFError, struct.error, KeyError, AttributeError, UnicodeDecodeError) as error:
        raise ListingError(f"{origin}: not a cubin ({error})") from None
    if not kernels:
        raise ListingError(f"{origin}: a cubin without kernels")
    return f"sm_{sm}", kernels


def link(
    listing: Mapping[str, tuple[Instruction, ...]],
    cubin: tuple[str, Mapping[str, CubinFacts]],
    *,
    origin: str,
) -> dict[str, Function]:
    """Join a listing with the facts of its cubin into functions.

    Raises
    ------
    ListingError
        If the listing has a function that the cubin lacks.
    """
    architecture, kernels = cubin
    functions = {}
    for name, instructions in listing.items():
        if name not in kernels:
            raise ListingError(f"{origin}: the listing has '{name}', which the cubin lacks")
        facts = kernels[name]
        functions[name] = Function(
            name=name,
            architecture=architecture,
            instructions=instructions,
            registers=facts.registers,
            shared_bytes=facts.shared_bytes,
            parameter_base=facts.parameter_base,
            parameters=facts.parameters,
            symbols=dict(facts.symbols),
            constants=dict(facts.constants),
        )
    return functions
