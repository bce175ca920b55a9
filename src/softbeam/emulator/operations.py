"""How each opcode of the table is lowered: operation, operands and flags of its row."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from softbeam.emulator.core import layout as k
from softbeam.emulator.rows import Row
from softbeam.sass.effects import Roles, wide_address
from softbeam.sass.instruction import Function, Instruction, Operand, OperandKind

Sources = Callable[[tuple[Operand, ...]], list[tuple[int, int, int]]]
Lowering = Callable[[Row, Instruction, Function, Roles, Sources, dict[int, int]], None]


class Unsupported(Exception):  # noqa: N818  (never leaves this package)
    """A form of a known opcode that softbeam does not execute."""


_ROUNDINGS = {"RN": 0, "RM": 1, "RP": 2, "RZ": 3, "FLOOR": 1, "CEIL": 2, "TRUNC": 3}
_COMPARISONS = {"F": 0, "LT": 1, "EQ": 2, "LE": 3, "GT": 4, "NE": 5, "GE": 6, "T": 7}
_COMBINES = {"AND": k.AND, "OR": k.OR, "XOR": k.XOR}
_SPECIAL_REGISTERS = {
    "SR_TID.X": k.SR_TID_X,
    "SR_TID.Y": k.SR_TID_Y,
    "SR_TID.Z": k.SR_TID_Z,
    "SR_CTAID.X": k.SR_CTAID_X,
    "SR_CTAID.Y": k.SR_CTAID_Y,
    "SR_CTAID.Z": k.SR_CTAID_Z,
    "SR_LANEID": k.SR_LANEID,
    "SR_CgaCtaId": k.SR_ZERO,
    "SRZ": k.SR_ZERO,
}


def _predicate(operand: Operand) -> int:
    uniform = operand.kind is OperandKind.UNIFORM_PREDICATE
    return operand.index | (8 if operand.inverted else 0) | (16 if uniform else 0)


def _destinations(row: Row, roles: Roles, words: int = 1) -> None:
    target = roles.destination
    if target is not None:
        row[k.UNIFORM] = int(target.kind is OperandKind.UNIFORM_REGISTER)
        row[k.DESTINATION] = target.index
        row[k.DESTINATIONS] = words
    for column, operand in zip(
        (k.PREDICATE_0, k.PREDICATE_1), roles.destination_predicates, strict=False
    ):
        if operand.kind is OperandKind.UNIFORM_PREDICATE:
            row[k.UNIFORM] = 1
        row[column] = operand.index


def _source_predicates(row: Row, roles: Roles) -> None:
    columns = (k.SOURCE_PREDICATE_0, k.SOURCE_PREDICATE_1, k.SOURCE_PREDICATE_2)
    if len(roles.source_predicates) > len(columns):
        raise Unsupported("more than three source predicates")
    for column, operand in zip(columns, roles.source_predicates, strict=False):
        row[column] = _predicate(operand)


def _flags(instruction: Instruction) -> int:
    names = {
        "FTZ": k.FLUSH,
        "SAT": k.SATURATE,
        "X": k.EXTENDED,
        "EX": k.EXTENDED,
        "HI": k.HIGH,
        "W": k.WRAP,
        "SH": k.WRAP,
        "BF": k.BOOLEAN_FLOAT,
        "NAN": k.UNORDERED,
        "SX32": k.SIGN_EXTEND_A,
    }
    flags = 0
    for modifier in instruction.modifiers:
        flags |= names.get(modifier, 0)
    return flags


def _signed(instruction: Instruction) -> int:
    return 0 if {"U32", "U64", "U8", "U16"} & set(instruction.modifiers) else k.SIGNED


def _rounding(instruction: Instruction) -> int:
    for modifier in instruction.modifiers:
        if modifier in _ROUNDINGS:
            return _ROUNDINGS[modifier]
    return 0


def _plain(operation: int, *columns: int, signed: bool = False) -> Lowering:
    """Make the lowering of an opcode whose sources go to `columns` in order."""

    def lowering(
        row: Row,
        instruction: Instruction,
        function: Function,
        roles: Roles,
        sources: Sources,
        starts: dict[int, int],
    ) -> None:
        found = sources(roles.sources)
        if len(found) != len(columns):
            raise Unsupported(f"{len(found)} sources")
        row[k.OP] = operation
        for column, source in zip(columns, found, strict=True):
            row.set_source(column, source)
        _destinations(row, roles)
        _source_predicates(row, roles)
        row[k.FLAGS] = _flags(instruction) | (_signed(instruction) if signed else 0)
        row[k.ROUNDING] = _rounding(instruction)

    return lowering


def _move(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    # MOV may end with a lane mask that the compiler always sets to all lanes.
    row[k.OP] = k.MOV
    row.set_source(k.A, sources(roles.sources[:1])[0])
    if len(roles.sources) > 1 and roles.sources[1].value != 0xF:
        raise Unsupported("a MOV with a mask")
    _destinations(row, roles)


def _special(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    name = roles.sources[0].text
    if name not in _SPECIAL_REGISTERS:
        raise Unsupported(f"special register {name}")
    which = _SPECIAL_REGISTERS[name]
    words = 1
    if instruction.opcode == "CS2R":
        if which != k.SR_ZERO:
            raise Unsupported(f"CS2R of {name}")
        words = 1 if "32" in instruction.modifiers else 2
    if words == 2:
        # A pair of zeros: IMAD.WIDE of zeros.
        row[k.OP] = k.IMAD_WIDE
        for column in (k.A, k.B, k.C):
            row.set_source(column, (k.IMMEDIATE, 0, k.AS_IS))
    else:
        row[k.OP] = k.S2R
        row[k.DETAIL] = which
    _destinations(row, roles, words)


def _inverted(source: tuple[int, int, int]) -> tuple[tuple[int, int, int], int]:
    """Turn a negated source into an inverted one and the one to add."""
    kind, value, how = source
    if how != k.NEGATE:
        return source, 0
    return (kind, value, k.INVERT), 1


def _add3(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    found = sources(roles.sources)
    if instruction.opcode == "VIADD":
        found.append((k.IMMEDIATE, 0, k.AS_IS))
    if len(found) != 3:
        raise Unsupported(f"{len(found)} sources")
    row[k.OP] = k.IADD3
    ones = 0
    for column, source in zip((k.A, k.B, k.C), found, strict=True):
        # RZ negated is zero, not a borrow: only a value that can be subtracted is inverted.
        plain = source[:2] == (k.IMMEDIATE, 0)
        adjusted, one = (
            ((*source[:2], k.AS_IS), 0) if plain and source[2] == k.NEGATE else (_inverted(source))
        )
        row.set_source(column, adjusted)
        ones += one
    row[k.DETAIL] = ones
    row[k.FLAGS] = _flags(instruction)
    _destinations(row, roles)
    # Without .X, and where no predicate is written, no carry comes in.
    if row[k.FLAGS] & k.EXTENDED:
        row[k.SOURCE_PREDICATE_0] = row[k.SOURCE_PREDICATE_1] = 7 | 8
        _source_predicates(row, roles)


def _multiply(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    found = sources(roles.sources)
    if len(found) != 3:
        raise Unsupported(f"{len(found)} sources")
    modifiers = set(instruction.modifiers)
    wide = "WIDE" in modifiers
    row[k.OP] = k.IMAD_WIDE if wide else (k.IMAD_HI if "HI" in modifiers else k.IMAD)
    for column, source in zip((k.A, k.B, k.C), found, strict=True):
        if row[k.OP] != k.IMAD and source[2] != k.AS_IS:
            raise Unsupported("a negated operand of a wide product")
        row.set_source(column, source)
    row[k.FLAGS] = (_flags(instruction) & k.EXTENDED) | _signed(instruction)
    _destinations(row, roles, 2 if wide else 1)
    if row[k.FLAGS] & k.EXTENDED:
        _source_predicates(row, roles)


def _shifted_add(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    found = sources(roles.sources)
    high = "HI" in instruction.modifiers
    extends = "SX32" in instruction.modifiers
    if len(found) != (4 if high and not extends else 3) or found[-1][0] != k.IMMEDIATE:
        raise Unsupported("this form of LEA")
    row[k.OP] = k.LEA_HI if high else k.LEA
    if found[0][2] != k.AS_IS:
        if high:
            raise Unsupported("a negated LEA.HI")
        raise Unsupported("a negated LEA")
    row.set_source(k.A, found[0])
    addend, one = _inverted(found[1])
    row.set_source(k.B, addend)
    if high and not extends:
        row.set_source(k.C, found[2])
    row[k.DETAIL] = one
    row[k.SIZE] = found[-1][1]
    row[k.FLAGS] = _flags(instruction)
    _destinations(row, roles)
    if row[k.FLAGS] & k.EXTENDED:
        _source_predicates(row, roles)


def _logic(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    found = sources(roles.sources)
    if len(found) != 4 or found[3][0] != k.IMMEDIATE:
        raise Unsupported("this form of LOP3")
    row[k.OP] = k.LOP3
    for column, source in zip((k.A, k.B, k.C), found, strict=False):
        row.set_source(column, source)
    row[k.DETAIL] = found[3][1]
    row[k.FLAGS] = 0 if "PAND" in instruction.modifiers else k.OR_PREDICATE
    _destinations(row, roles)
    _source_predicates(row, roles)


def _shift(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    found = sources(roles.sources)
    if len(found) != 3:
        raise Unsupported(f"{len(found)} sources")
    row[k.OP] = k.SHF
    for column, source in zip((k.A, k.B, k.C), found, strict=True):
        row.set_source(column, source)
    row[k.DETAIL] = int("L" in instruction.modifiers)
    wide = {"U64", "S64"} & set(instruction.modifiers)
    row[k.FLAGS] = _flags(instruction) | (k.WIDE_SHIFT if wide else 0) | _signed(instruction)
    _destinations(row, roles)


def _compare(operation: int, *, floating: bool) -> Lowering:
    def lowering(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
        found = sources(roles.sources)
        if len(found) != 2:
            raise Unsupported(f"{len(found)} sources")
        row[k.OP] = operation
        row.set_source(k.A, found[0])
        row.set_source(k.B, found[1])
        flags = _flags(instruction) | (0 if floating else _signed(instruction))
        for name in instruction.modifiers:
            if name in _COMPARISONS:
                row[k.DETAIL] = _COMPARISONS[name]
                # NE of floats holds for numbers only; so does every comparison without U.
            elif floating and name in ("NUM", "NAN"):
                row[k.DETAIL] = 7 if name == "NUM" else 0
            elif floating and name.endswith("U") and name[:-1] in _COMPARISONS:
                row[k.DETAIL] = _COMPARISONS[name[:-1]]
                flags |= k.UNORDERED
            elif name in _COMBINES:
                row[k.COMBINE] = _COMBINES[name]
        if floating and "T" in instruction.modifiers:
            flags |= k.UNORDERED
        row[k.FLAGS] = flags
        _destinations(row, roles)
        _source_predicates(row, roles)

    return lowering


def _predicate_logic(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    tables = sources(roles.sources)
    if len(roles.source_predicates) != 3 or len(tables) != 2:
        raise Unsupported("this form of PLOP3")
    row[k.OP] = k.PLOP3
    row[k.DETAIL] = tables[0][1]
    row[k.OFFSET] = tables[1][1]
    _destinations(row, roles)
    _source_predicates(row, roles)


def _mufu(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    functions = {"RCP": k.MUFU_RCP, "RSQ": k.MUFU_RSQ, "EX2": k.MUFU_EX2}
    row[k.OP] = functions[instruction.modifiers[0]]
    row.set_source(k.A, sources(roles.sources)[0])
    _destinations(row, roles)


def _constant_load(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    operand = roles.sources[0]
    if operand.kind is not OperandKind.CONSTANT or operand.bank not in starts:
        raise Unsupported(f"constant {operand.text}")
    if operand.uniform != 63 or {"S8", "S16"} & set(instruction.modifiers):
        raise Unsupported(f"constant {operand.text}")
    row[k.OP] = k.LDC
    row[k.OFFSET] = starts[operand.bank]
    row[k.B_VALUE] = int(operand.value)
    if operand.index != 255:
        row.set_source(k.A, (k.REGISTER, operand.index, k.AS_IS))
    row[k.SIZE] = _bytes(instruction)
    _destinations(row, roles, max(1, row[k.SIZE] // 4))


def _bytes(instruction: Instruction) -> int:
    sizes = {"U8": 1, "S8": 1, "U16": 2, "S16": 2, "64": 8, "128": 16}
    for modifier in instruction.modifiers:
        if modifier in sizes:
            return sizes[modifier]
    return 4


def _access(operation: int, space: int) -> Lowering:
    def lowering(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
        address = roles.sources[0]
        if address.kind is not OperandKind.ADDRESS or address.scale != 1:
            raise Unsupported(f"address {address.text}")
        row[k.OP] = operation
        row[k.SPACE] = space
        row[k.SIZE] = _bytes(instruction)
        row[k.OFFSET] = int(address.value)
        row[k.UNIFORM_BASE] = address.uniform
        if address.index != 255:
            row.set_source(k.A, (k.REGISTER, address.index, k.AS_IS))
            row[k.WIDE_ADDRESS] = int(wide_address(instruction, address))
        signed = {"S8", "S16"} & set(instruction.modifiers)
        row[k.FLAGS] = k.SIGNED if signed else 0
        if operation == k.STORE:
            row.set_source(k.B, sources(roles.sources[1:2])[0])
        _destinations(row, roles, max(1, row[k.SIZE] // 4))

    return lowering


def _target(instruction: Instruction, function: Function) -> int:
    operand = instruction.operands[-1]
    if operand.kind is OperandKind.SYMBOL:
        if operand.text not in function.symbols:
            raise Unsupported(f"target {operand.text}")
        return function.symbols[operand.text] // 16
    if operand.kind is not OperandKind.INTEGER:
        raise Unsupported(f"target {operand.text}")
    return int(operand.value) // 16


def _branch(operation: int) -> Lowering:
    def lowering(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
        row[k.OP] = operation
        row[k.TARGET] = _target(instruction, function)
        _source_predicates(row, roles)

    return lowering


def _call(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    if roles.sources[0].kind is OperandKind.REGISTER:
        raise Unsupported("an indirect call")
    row[k.OP] = k.CALL
    row[k.TARGET] = _target(instruction, function)
    _source_predicates(row, roles)


def _indirect(operation: int) -> Lowering:
    def lowering(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
        register = roles.sources[0]
        if register.kind is not OperandKind.REGISTER or roles.source_predicates:
            raise Unsupported(f"target {register.text}")
        row[k.OP] = operation
        row.set_source(k.A, (k.REGISTER, register.index, k.AS_IS))
        row[k.WIDE_ADDRESS] = 1
        # RET.REL jumps to the pair's value (recorded); BRX adds it to the next pc and the operand.
        if operation == k.BRX:
            offset = roles.sources[1].value if len(roles.sources) > 1 else 0
            row[k.OFFSET] = instruction.pc + 16 + int(offset)

    return lowering


def _barrier(operation: int) -> Lowering:
    def lowering(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
        row[k.OP] = operation
        row[k.BARRIER] = instruction.operands[0].index

    return lowering


def _clear_barrier(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    destination, barrier = instruction.operands
    if destination.index != 255 or barrier.kind is not OperandKind.BARRIER:
        raise Unsupported("a BMOV that keeps the barrier's mask")
    row[k.OP] = k.CLEAR_BARRIER
    row[k.BARRIER] = barrier.index


def _block_barrier(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
    if len(instruction.operands) != 1 or instruction.operands[0].value != 0:
        raise Unsupported("a named barrier")
    row[k.OP] = k.BAR


def _bare(operation: int) -> Lowering:
    def lowering(row, instruction, function, roles, sources, starts) -> None:  # type: ignore[no-untyped-def]
        row[k.OP] = operation

    return lowering


_BASE: dict[str, Lowering] = {
    "MOV": _move,
    "SEL": _plain(k.SEL, k.A, k.B),
    "PRMT": _plain(k.PRMT, k.A, k.B, k.C),
    "IADD3": _add3,
    "IMAD": _multiply,
    "LEA": _shifted_add,
    "LOP3": _logic,
    "SHF": _shift,
    "POPC": _plain(k.POPC, k.A),
    "FLO": _plain(k.FLO, k.A, signed=True),
    "ISETP": _compare(k.ISETP, floating=False),
    "PLOP3": _predicate_logic,
}

#: The lowering of every opcode that the emulator executes.
LOWERINGS = MappingProxyType(
    {
        **_BASE,
        **{f"U{name}": lowering for name, lowering in _BASE.items()},
        "CS2R": _special,
        "S2R": _special,
        "S2UR": _special,
        "VIADD": _add3,
        "IABS": _plain(k.IABS, k.A),
        "IMNMX": _plain(k.IMNMX, k.A, k.B, signed=True),
        "VIMNMX": _plain(k.IMNMX, k.A, k.B, signed=True),
        "VIADDMNMX": _plain(k.ADD_MINMAX, k.A, k.B, k.C, signed=True),
        "FADD": _plain(k.FADD, k.A, k.B),
        "FMUL": _plain(k.FMUL, k.A, k.B),
        "FFMA": _plain(k.FFMA, k.A, k.B, k.C),
        "FMNMX": _plain(k.FMNMX, k.A, k.B),
        "FSEL": _plain(k.SEL, k.A, k.B),
        "FSET": _compare(k.FSET, floating=True),
        "FSETP": _compare(k.FSETP, floating=True),
        "FCHK": _plain(k.FCHK, k.A, k.B),
        "MUFU": _mufu,
        "HFMA2": _plain(k.HFMA2, k.A, k.B, k.C),
        "I2F": _plain(k.I2F, k.A, signed=True),
        "I2FP": _plain(k.I2F, k.A, signed=True),
        "F2I": _plain(k.F2I, k.A, signed=True),
        "FRND": _plain(k.FRND, k.A),
        "LDC": _constant_load,
        "ULDC": _constant_load,
        "LDG": _access(k.LOAD, k.GLOBAL),
        "LDS": _access(k.LOAD, k.SHARED),
        "STG": _access(k.STORE, k.GLOBAL),
        "STS": _access(k.STORE, k.SHARED),
        "BRA": _branch(k.BRA),
        "CALL": _call,
        "RET": _indirect(k.RET),
        "BRX": _indirect(k.BRX),
        "BSSY": _barrier(k.BSSY),
        "BSYNC": _barrier(k.BSYNC),
        "EXIT": _bare(k.EXIT),
        "BMOV": _clear_barrier,
        "BAR": _block_barrier,
        "NOP": _bare(k.NOP),
    }
)
