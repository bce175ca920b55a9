"""Facts of a cubin that a listing does not hold: symbols, registers, parameters, memory, constants.

A cubin is an ELF file; pyelftools reads it.  The attributes of section ``.nv.info.KERNEL`` are
those that ``cuobjdump -elf`` prints; their numbers here were read from the shipped and the
recorded cubins and are checked against the recorded parameters and register counts.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from elftools.elf.elffile import ELFFile

from softbeam.errors import ListingError
from softbeam.sass.encoding import disagreement, has_known_number
from softbeam.sass.instruction import (
    INSTRUCTION_BYTES,
    Function,
    Instruction,
    Operand,
    OperandKind,
)

# Attributes of .nv.info.KERNEL (format byte, attribute byte, then a value or a sized payload).
_SIZED_PAYLOAD = 0x04
_REGISTER_COUNT = 0x2F  # in .nv.info; payload: symbol index (u32), registers (u32)
_PARAMETER_BANK = 0x0A  # payload: symbol index, base offset (u16), size in bytes (u16)
_CLUSTERS = (0x3D, 0x3E)  # blocks of a cluster; that they are given
_KERNEL_PARAMETER = 0x17  # payload: index (u32), ordinal (u16), offset (u16), flags with size >> 18

# More than any GPU up to sm_120 has (CUDA C++ Programming Guide, "Technical Specifications per
# Compute Capability"): beyond it the file is broken.
_MOST_REGISTERS = 255
_MOST_SHARED_BYTES = 1 << 20
_MOST_SECTION_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class CubinFacts:
    """What a cubin says of one kernel; fields as in :class:`softbeam.sass.Function`.

    ``code`` is its machine code.
    """

    registers: int
    shared_bytes: int
    parameter_base: int
    parameters: tuple[tuple[int, int], ...]
    symbols: dict[str, int]
    constants: dict[int, bytes]
    code: bytes
    clustered: bool = False


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


def _register_counts(elf: Any, symbols: Any) -> dict[str, int]:
    info = elf.get_section_by_name(".nv.info")
    counts = {}
    for attribute, payload in _attributes(info.data() if info else b""):
        if attribute == _REGISTER_COUNT:
            symbol, count = struct.unpack_from("<II", payload)
            counts[symbols.get_symbol(symbol).name] = count
    return counts


def _functions(symbols: Any) -> dict[int, dict[str, int]]:
    """Return the offsets of all functions by the number of their section and their name."""
    functions: dict[int, dict[str, int]] = {}
    for symbol in symbols.iter_symbols():
        if symbol.name and symbol["st_info"]["type"] == "STT_FUNC":
            functions.setdefault(symbol["st_shndx"], {})[symbol.name] = int(symbol["st_value"])
    return functions


def _parameters(elf: Any, name: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    base, parameters = 0, {}
    info = elf.get_section_by_name(f".nv.info.{name}")
    for attribute, payload in _attributes(info.data() if info else b""):
        if attribute == _PARAMETER_BANK:
            base = struct.unpack_from("<IHH", payload)[1]
        elif attribute == _KERNEL_PARAMETER:
            _, ordinal, offset, flags = struct.unpack_from("<IHHI", payload)
            parameters[ordinal] = (offset, flags >> 18)
    return base, tuple(parameters[ordinal] for ordinal in sorted(parameters))


def _kernel_facts(elf: Any, code: Any, symbols: dict[str, int], registers: int) -> CubinFacts:
    name = code.name[len(".text.") :]
    base, parameters = _parameters(elf, name)
    shared = elf.get_section_by_name(f".nv.shared.{name}")
    constants = {}
    for bank in (2, 3, 4):
        own = elf.get_section_by_name(f".nv.constant{bank}.{name}")
        common = own or elf.get_section_by_name(f".nv.constant{bank}")
        if common is not None:
            constants[bank] = contents(common)
    info = elf.get_section_by_name(f".nv.info.{name}")
    attributes = {number for number, _ in _attributes(info.data() if info else b"")}
    facts = CubinFacts(
        registers=registers,
        shared_bytes=int(shared["sh_size"]) if shared else 0,
        parameter_base=base,
        parameters=parameters,
        symbols=symbols,
        constants=constants,
        code=contents(code),
        clustered=not attributes.isdisjoint(_CLUSTERS),
    )
    if registers > _MOST_REGISTERS or facts.shared_bytes > _MOST_SHARED_BYTES:
        raise ValueError(
            f"kernel {name!a} with {registers} registers and {facts.shared_bytes} bytes of "
            "shared memory"
        )
    return facts


def contents(section: Any) -> bytes:
    """Return the bytes of a section; one without bytes in the file is zeros.

    Raises
    ------
    ValueError
        If it is longer than any constant bank or any file of softbeam's.
    """
    size = int(section["sh_size"])
    if size > _MOST_SECTION_BYTES:
        raise ValueError(f"section {section.name!a} of {size} bytes")
    if section["sh_type"] == "SHT_NOBITS":
        return bytes(size)
    data: bytes = section.data()
    if len(data) != size:
        raise ValueError(f"section {section.name!a} is cut off")
    return data


@contextmanager
def reading(origin: str) -> Iterator[None]:
    """Turn whatever pyelftools raises over broken bytes into a :class:`ListingError`."""
    try:
        yield
    except ListingError:
        raise
    # Broken bytes lead pyelftools to raise nearly anything: tests mutate cubins byte by byte.
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise ListingError(f"{origin}: not a cubin that can be read ({said})") from None


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
    with reading(origin):
        elf = ELFFile(io.BytesIO(data))
        if elf["e_machine"] != "EM_CUDA":
            raise ListingError(f"{origin}: an ELF file, but not one of a GPU's machine code")
        flags = elf["e_flags"]
        # Up to ABI 7 the low byte is the SM; ABI 8 (CUDA 13) keeps it in the second byte.
        abi = elf["e_ident"]["EI_ABIVERSION"]
        sm = (flags >> 8) & 0xFF if abi >= 8 else flags & 0xFF
        symbols = elf.get_section_by_name(".symtab")
        registers, functions = _register_counts(elf, symbols), _functions(symbols)
        kernels = {}
        for number, section in enumerate(elf.iter_sections()):
            if section.name.startswith(".text."):
                name = section.name[len(".text.") :]
                count = registers.get(name, section["sh_info"] >> 24)
                kernels[name] = _kernel_facts(elf, section, functions.get(number, {}), count)
    if not kernels:
        raise ListingError(f"{origin}: a cubin without kernels")
    return f"sm_{sm}", kernels


def _with_bits(instruction: Instruction, code: bytes) -> Instruction:
    """Return an instruction whose immediates in decimals have the word of the machine code.

    What kind of instruction that is must be known too.

    Decimals do not say all: the disassembler writes every NaN as ``+QNAN`` or ``-QNAN``, though
    ``FSEL`` hands its bits on; float64 immediates have more digits than it prints; and ``1`` is a
    float32 in ``FADD``, the high word of a float64 in ``MUFU.RCP64H``.  An immediate is the second
    word of its instruction, two halves together (seen in every instruction of the corpus that has
    one).
    """
    operands = list(instruction.operands)
    for place, operand in enumerate(operands):
        decimal = operand.kind is OperandKind.FLOAT or (
            operand.kind is OperandKind.INTEGER and "0x" not in operand.text
        )
        if decimal:
            word = int.from_bytes(code[instruction.pc + 4 : instruction.pc + 8], "little")
            operands[place] = replace(operand, bits=word)
            if operand.value != operand.value and not instruction.opcode.startswith("H"):
                operands[place] = Operand(OperandKind.INTEGER, f"{word:#x}", value=word, bits=word)
    known = instruction.known and has_known_number(instruction, code)
    return replace(instruction, operands=tuple(operands), known=known)


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
        If the listing has a function that the cubin lacks or has otherwise: another number of
        instructions, or one whose guard, opcode, registers, constants or target are not those of
        the machine code (:mod:`softbeam.sass.encoding`).  An instruction whose kind of machine
        code softbeam has not met is one that is not known.
    """
    architecture, kernels = cubin
    functions = {}
    for name, instructions in listing.items():
        if name not in kernels:
            raise ListingError(f"{origin}: the listing has {name!a}, which the cubin lacks")
        facts = kernels[name]
        if len(facts.code) != INSTRUCTION_BYTES * len(instructions):
            raise ListingError(
                f"{origin}: the listing has {len(instructions)} instructions of {name!a}, "
                f"the cubin {len(facts.code) // INSTRUCTION_BYTES}: they are not of one build"
            )
        for one in instructions:
            odd = disagreement(one, facts.code, architecture)
            if odd:
                raise ListingError(
                    f"{origin}: at pc {one.pc:#x} of {name!a} the listing has '{one}', whose {odd} "
                    "is not in the cubin's machine code there: they are not of one build"
                )
        functions[name] = Function(
            name=name,
            architecture=architecture,
            instructions=tuple(_with_bits(one, facts.code) for one in instructions),
            registers=facts.registers,
            shared_bytes=facts.shared_bytes,
            parameter_base=facts.parameter_base,
            parameters=facts.parameters,
            symbols=dict(facts.symbols),
            constants=dict(facts.constants),
            clustered=facts.clustered,
        )
    return functions
