"""The one opcode table: what softbeam knows of each SASS opcode.

For each opcode: what it does, the shape of its operands, the type of its immediates, its group,
the modifiers that softbeam knows, and where that knowledge comes from.  An opcode or modifier that
is not here is unsupported; nothing is guessed.  How an opcode is executed is in
:mod:`softbeam.emulator`.

Groups are those of NVBitFI (Tsai et al., DSN 2021, doi:10.1109/DSN48987.2021.00041): ``fp32``
arithmetic, ``load``, ``predicate`` (writes predicates only), ``none`` (no destination) and
``other``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, Unpack

from softbeam.sass.instruction import Instruction


class Shape(StrEnum):
    """How the operands of an opcode are ordered."""

    COMPUTE = "destination [predicates] sources [predicates]"
    COMPARE = "predicate predicate sources predicate"
    CHECK = "predicate sources"
    LOAD = "destination address"
    STORE = "address data"
    CONTROL = "control"


class Immediate(StrEnum):
    """What an immediate operand of an opcode is."""

    INTEGER = "integer"
    FLOAT = "float32"
    HALF = "half"


#: Where the knowledge of an opcode comes from.
RECORDED = "recorded on an H100: golden launches, traces and faults"
MANUAL = "CUDA Binary Utilities, instruction set reference (name), and PTX ISA (semantics)"
RECORDED_UNIT = "recorded on an H100 for all 2^32 inputs"


@dataclass(frozen=True, slots=True)
class Opcode:
    """One opcode of the table.

    Attributes
    ----------
    name : str
        As the disassembler writes it, without modifiers.
    summary : str
        What it does.
    shape : Shape
        Order of its operands.
    group : str
        NVBitFI's group.
    immediate : Immediate
        Type of its immediates.
    modifiers : frozenset of str
        Modifiers that softbeam knows, those without effect on the result included.
    uniform : bool
        Whether it runs on the uniform datapath, once for a group of threads.
    source : str
        Where the knowledge comes from.
    """

    name: str
    summary: str
    shape: Shape
    group: str
    immediate: Immediate = Immediate.INTEGER
    modifiers: frozenset[str] = frozenset()
    uniform: bool = False
    source: str = RECORDED


_COMPARISONS = "F LT EQ LE GT NE GE T"
_FLOAT_COMPARISONS = f"{_COMPARISONS} NUM NAN LTU EQU LEU GTU NEU GEU"
_ROUNDINGS = "RN RM RP RZ"
_CACHE = (
    "E SYS STRONG WEAK CONSTANT GPU CTA SM CONSTANT EF EL LU NA EU CI LTC64B LTC128B LTC256B "
    "PRIVATE MMIO VM"
)
_WIDTHS = "U8 S8 U16 S16 32 64 128"


class _Facts(TypedDict, total=False):
    """Facts that many opcodes share."""

    shape: Shape
    group: str
    immediate: Immediate


def _table() -> dict[str, Opcode]:
    table: dict[str, Opcode] = {}

    def add(
        names: str,
        summary: str,
        modifiers: str = "",
        *,
        shape: Shape = Shape.COMPUTE,
        group: str = "other",
        immediate: Immediate = Immediate.INTEGER,
        uniform: bool = False,
        source: str = RECORDED,
    ) -> None:
        for name in names.split():
            table[name] = Opcode(
                name,
                summary,
                shape,
                group,
                immediate,
                frozenset(modifiers.split()),
                uniform,
                source,
            )

    def both(
        names: str,
        summary: str,
        modifiers: str = "",
        source: str = RECORDED,
        **facts: Unpack[_Facts],
    ) -> None:
        """Add an opcode of the general datapath and its uniform twin, whose name begins with U."""
        add(names, summary, modifiers, source=source, **facts)
        twins = " ".join(f"U{name}" for name in names.split())
        add(twins, f"{summary} (uniform)", modifiers, uniform=True, source=source, **facts)

    # Moves and selection.
    both("MOV", "copy a word", "32I")
    add("CS2R", "copy a special register, 64 bits unless .32", "32 64", source=MANUAL)
    both("SEL", "a where the predicate holds, else b")
    add("S2R", "read a special register")
    add("S2UR", "read a special register into a uniform register", uniform=True)
    both("PRMT", "pick four bytes of a pair of words", source=MANUAL)

    # Integers.
    both("IADD3", "a + b + c, with carries", "X")
    add("VIADD", "a + b")
    both(
        "IMAD",
        "a * b + c; .WIDE the 64-bit sum with a pair, .HI its high word",
        "WIDE HI U32 S32 X MOV IADD SHL",
    )
    both("LEA", "(a << s) + b; .HI the high word of the shifted pair, plus b", "HI X SX32")
    both("LOP3", "bitwise function of three words by look-up table", "LUT PAND")
    both("SHF", "funnel shift of a pair of words", "L R U32 S32 U64 S64 HI W")
    add("IABS", "absolute value")
    add("IMNMX VIMNMX", "minimum or maximum by predicate", "U32 S32", source=MANUAL)
    add("VIADDMNMX", "minimum or maximum of a + b and c", "U32 S32", source=MANUAL)
    both("POPC", "number of ones", source=MANUAL)
    both("FLO", "position of the leading one", "U32 S32 SH", source=MANUAL)
    both(
        "ISETP",
        "compare two words",
        f"{_COMPARISONS} U32 S32 AND OR XOR EX",
        shape=Shape.COMPARE,
        group="predicate",
    )
    both(
        "PLOP3",
        "logic of three predicates by look-up table",
        "LUT",
        shape=Shape.COMPARE,
        group="predicate",
    )

    # Float32.
    floating: _Facts = {"group": "fp32", "immediate": Immediate.FLOAT}
    add("FADD", "a + b", f"{_ROUNDINGS} FTZ SAT", **floating)
    add("FMUL", "a * b", f"{_ROUNDINGS} FTZ SAT", **floating)
    add("FFMA", "a * b + c with one rounding", f"{_ROUNDINGS} FTZ SAT", **floating)
    add(
        "FMNMX",
        "minimum or maximum by predicate",
        "FTZ NAN",
        group="fp32",
        immediate=Immediate.FLOAT,
        source=MANUAL,
    )
    add("FSEL", "a where the predicate holds, else b", "FTZ", **floating)
    add(
        "FSET",
        "1.0 or all ones where a comparison holds",
        f"BF {_FLOAT_COMPARISONS} FTZ AND OR XOR",
        **floating,
    )
    add(
        "FSETP",
        "compare two floats",
        f"{_FLOAT_COMPARISONS} FTZ AND OR XOR",
        shape=Shape.COMPARE,
        group="predicate",
        immediate=Immediate.FLOAT,
    )
    add(
        "FCHK",
        "whether a / b needs the slow path of a division",
        "DIVIDE",
        shape=Shape.CHECK,
        group="predicate",
        immediate=Immediate.FLOAT,
        source="inferred; agrees with every recorded FCHK",
    )
    add("MUFU", "special function", "RCP RSQ EX2", source=RECORDED_UNIT, **floating)
    add("HFMA2", "a * b + c of two halves", "MMA", group="fp32", immediate=Immediate.HALF)

    # Conversions.
    add("I2F I2FP", "integer to float32", "F32 U32 S32 RN RM RP RZ")
    add("F2I", "float32 to integer", "FTZ U32 S32 TRUNC FLOOR CEIL NTZ", immediate=Immediate.FLOAT)
    add(
        "FRND",
        "float32 to an integral float32",
        "FTZ TRUNC FLOOR CEIL",
        group="fp32",
        immediate=Immediate.FLOAT,
        source=MANUAL,
    )

    # Memory.
    add("LDC", "load from a constant bank", _WIDTHS, shape=Shape.LOAD, group="load")
    add(
        "ULDC",
        "load from a constant bank (uniform)",
        _WIDTHS,
        shape=Shape.LOAD,
        group="load",
        uniform=True,
    )
    add("LDG", "load from global memory", f"{_CACHE} {_WIDTHS}", shape=Shape.LOAD, group="load")
    add("LDS", "load from shared memory", f"{_WIDTHS} U", shape=Shape.LOAD, group="load")
    add("STG", "store to global memory", f"{_CACHE} {_WIDTHS}", shape=Shape.STORE, group="none")
    add("STS", "store to shared memory", _WIDTHS, shape=Shape.STORE, group="none")

    # Control.
    control: _Facts = {"shape": Shape.CONTROL, "group": "none"}
    add("BRA", "branch", **control)
    add("BRX", "branch to a register's value plus the next pc", source=MANUAL, **control)
    add("BSSY", "name the threads that will wait at a convergence barrier", **control)
    add("BSYNC", "wait at a convergence barrier", **control)
    add("CALL", "call a subroutine", "REL NOINC", **control)
    add("RET", "jump to the pc in a register pair", "REL NODEC", **control)
    add("BMOV", "clear a convergence barrier", "32 CLEAR", source=MANUAL, **control)
    add("EXIT", "end the thread", **control)
    add("BAR", "barrier of the block", "SYNC DEFER_BLOCKING", **control)
    add("NOP", "nothing", **control)
    return table


#: The opcode table, by name.
OPCODES = MappingProxyType(_table())


def find_opcode(instruction: Instruction) -> Opcode | None:
    """Return the table's entry for an instruction; None if opcode or a modifier is unknown."""
    opcode = OPCODES.get(instruction.opcode)
    if opcode is None or not opcode.modifiers.issuperset(instruction.modifiers):
        return None
    return opcode
