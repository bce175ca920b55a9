"""Lowering of float32, float64, packed halves, and conversions."""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.emulator.core import layout as k
from softbeam.emulator.lowerings.form import (
    Form,
    Lowering,
    Source,
    Unsupported,
    half_bits,
    plain,
)
from softbeam.emulator.lowerings.integer import comparison
from softbeam.emulator.rows import Row
from softbeam.sass.effects import conversion_types
from softbeam.sass.instruction import Operand, OperandKind

_TYPES = {
    "F16": k.F16,
    "F32": k.F32,
    "F64": k.F64,
    "BF16": k.BF16,
    "E4M3": k.E4M3,
    "E5M2": k.E5M2,
    "U8": k.U8,
    "S8": k.S8,
    "U16": k.U16,
    "S16": k.S16,
    "U32": k.U32,
    "S32": k.S32,
    "U64": k.U64,
    "S64": k.S64,
}
_PARTS = {"": 0, "B0": 0, "B1": 1, "B2": 2, "B3": 3, "H0": 0, "H1": 2, "H0_H0": 0, "H1_H1": 2}


def _compare(operation: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        plain(operation, k.A, k.B)(row, form)
        row[k.FLAGS] &= ~k.UNORDERED
        comparison(row, form, floating=True)
        if "NAN" in form.modifiers:
            row[k.FLAGS] |= k.UNORDERED

    return lowering


#: What scales the product of FMUL.D2 and its kin, as the bits of a float32.
_SCALES = {
    "D2": 0x3F000000,
    "D4": 0x3E800000,
    "D8": 0x3E000000,
    "M2": 0x40000000,
    "M4": 0x40800000,
    "M8": 0x41000000,
}


def _multiply(row: Row, form: Form) -> None:
    plain(k.FMUL, k.A, k.B)(row, form)
    scales = [_SCALES[name] for name in form.instruction.modifiers if name in _SCALES]
    if scales:
        if len(scales) > 1 or row[k.FLAGS] & k.SATURATE or row[k.ROUNDING] != k.ROUND_NEAREST:
            raise Unsupported("this scaled product")
        row[k.OP] = k.FMUL_SCALED
        row.set_source(k.C, (k.IMMEDIATE, scales[0], k.AS_IS))


def _minimum(row: Row, form: Form) -> None:
    plain(k.FMNMX, k.A, k.B)(row, form)
    if row[k.FLAGS] & k.XOR_SIGNS:
        # The magnitudes are taken behind the signs, which PTX asks to be written too (.abs).
        if (row[k.A_CHANGE], row[k.B_CHANGE]) != (k.FLOAT_ABSOLUTE, k.FLOAT_ABSOLUTE):
            raise Unsupported("a minimum with a sign of what are not magnitudes")
        row[k.OP] = k.FMNMX_SIGNED
        row[k.A_CHANGE] = row[k.B_CHANGE] = k.AS_IS


#: Which words of a register pair are the two numbers of an operand, and whose signs change.
_BOTH_NUMBERS = {
    "F32x2.HI_LO": k.HIGH_IS_HIGH,
    "F32x2.LO_HI": k.LOW_IS_HIGH,
    "F32x2.HI_LO.NP": k.HIGH_IS_HIGH | k.HIGH_NEGATED,
    "F32": 0,
}


def _pairs(operation: int, *columns: int) -> Lowering:
    """Make the lowering of an operation on two float32; an immediate is both of them."""

    def lowering(row: Row, form: Form) -> None:
        operands = form.roles.sources
        if len(operands) != len(columns):
            raise Unsupported(f"{len(operands)} sources")
        row[k.OP] = operation
        for column, operand in zip(columns, operands, strict=True):
            source = form.source(operand, part=True)
            code = 0
            if operand.kind not in (OperandKind.INTEGER, OperandKind.FLOAT):
                if operand.selector not in _BOTH_NUMBERS:
                    raise Unsupported(f"a part of a register, {operand.text}")
                code = _BOTH_NUMBERS[operand.selector]
                if code & k.HIGH_NEGATED and operand.absolute:
                    raise Unsupported(f"a part of a register, {operand.text}")
            if source[0] == k.IMMEDIATE:
                # RZ is zero in both words.
                code &= k.HIGH_NEGATED
            row.set_source(column, source)
            row[k.DETAIL] |= code << (4 * columns.index(column))
        form.destinations(row)
        row[k.FLAGS] = form.flags()
        row[k.ROUNDING] = form.rounding()

    return lowering


_SPECIAL = {
    "RCP": k.MUFU_RCP,
    "RSQ": k.MUFU_RSQ,
    "EX2": k.MUFU_EX2,
    "RCP64H": k.MUFU_RCP64H,
    "RSQ64H": k.MUFU_RSQ64H,
    "SIN": k.MUFU_SIN,
    "COS": k.MUFU_COS,
    "LG2": k.MUFU_LG2,
    "SQRT": k.MUFU_SQRT,
    "TANH": k.MUFU_TANH,
}


#: Special functions of halves.
_HALF_SPECIAL = {"TANH": k.MUFU_TANH_HALF, "EX2": k.MUFU_EX2_HALF}


def _half_special(row: Row, form: Form) -> None:
    """MUFU.TANH and .EX2 of one half, which the operand names, to the low half."""
    name, kind = form.instruction.modifiers
    (operand,) = form.roles.sources
    if name not in _HALF_SPECIAL or kind not in ("F16", "BF16"):
        raise Unsupported("this special function of a half")
    if operand.kind is OperandKind.FLOAT or operand.kind is OperandKind.INTEGER:
        bits = half_bits(operand, operand, brain=kind == "BF16") & 0xFFFF
        source: Source = (k.IMMEDIATE, bits, k.AS_IS)
    else:
        source = _half_of(row, form, operand)
    row[k.OP] = _HALF_SPECIAL[name]
    row.set_source(k.A, source)
    row[k.DETAIL] = _TYPES[kind]
    form.destinations(row)


def _half_of(row: Row, form: Form, operand: Operand) -> Source:
    """Return the word that holds one half, and note which half it is and what changes its sign."""
    kind, value, _ = form.source(operand, part=True)
    if operand.selector not in _PARTS or operand.kind in (OperandKind.INTEGER, OperandKind.FLOAT):
        raise Unsupported(f"an operand {operand.text}")
    row[k.SIZE] = _PARTS[operand.selector]
    row[k.OFFSET] = (k.HALF_NEGATE if operand.negated else 0) | (
        k.HALF_ABSOLUTE if operand.absolute else 0
    )
    return kind, value, k.AS_IS


def _mufu(row: Row, form: Form) -> None:
    if len(form.instruction.modifiers) == 2:
        _half_special(row, form)
        return
    if len(form.instruction.modifiers) != 1:
        raise Unsupported("a special function with further modifiers")
    plain(_SPECIAL[form.instruction.modifiers[0]], k.A)(row, form)


def _double_compare(row: Row, form: Form) -> None:
    plain(k.DSETP, k.A, k.B)(row, form)
    row[k.FLAGS] &= ~k.UNORDERED
    comparison(row, form, floating=True)
    if "NAN" in form.modifiers:
        row[k.FLAGS] |= k.UNORDERED
    for name, code in (("MIN", 8), ("MAX", 9)):
        if name in form.modifiers:
            # With another source predicate nothing says what the second destination is.
            if row[k.SOURCE_PREDICATE_0] != 7 or "AND" not in form.modifiers:
                raise Unsupported("DSETP.MIN with a source predicate")
            row[k.DETAIL] = code


def _convert(row: Row, form: Form) -> None:
    """I2F, F2I, F2F, I2I: the common ones have their own operations."""
    read, written = conversion_types(form.instruction)
    if len(form.roles.sources) != 1:
        raise Unsupported(f"{len(form.roles.sources)} sources")
    operand = form.roles.sources[0]
    common = {"I2F": k.I2F, "I2FP": k.I2F, "F2I": k.F2I}
    name = form.instruction.opcode.removeprefix("U")
    words = {("S32", "F32"), ("U32", "F32"), ("F32", "S32"), ("F32", "U32")}
    if (read, written) in words and not operand.selector:
        plain(common[name], k.A, signed=True)(row, form)
        return
    if operand.selector not in _PARTS:
        raise Unsupported(f"a part of a register, {operand.text}")
    row[k.OP] = k.CONVERT
    if read in ("F16", "BF16"):
        source = _half_of(row, form, operand)
    else:
        source = form.source(operand, part=True)
        if source[2] != k.AS_IS and read != "F64" and read != "F32":
            raise Unsupported(f"a changed operand {operand.text}")
    if source[0] == k.IMMEDIATE and operand.kind is not OperandKind.REGISTER:
        source = _converted_immediate(read, source[1], operand)
    row.set_source(k.A, source)
    row[k.SIZE] = _PARTS[operand.selector]
    row[k.DETAIL] = _TYPES[read] | _TYPES[written] << 4
    row[k.FLAGS] = form.flags()
    row[k.ROUNDING] = form.rounding()
    form.destinations(row)


def _converted_immediate(read: str, word: int, operand: Operand) -> Source:
    """Return the immediate of a conversion; of 64 bits it is the high word, the low one is zero.

    So the compiler uses them: what does not end in a zero word it loads from a constant bank.
    """
    if read in ("S64", "U64"):
        high = word & 0xFFFFFFFF
        return k.IMMEDIATE, (high - (high >> 31 << 32)) << 32, k.AS_IS
    if read not in ("F32", "F64", "S32", "U32"):
        raise Unsupported(f"an immediate {operand.text}")
    return k.IMMEDIATE, word & 0xFFFFFFFF, k.AS_IS


def _narrow(row: Row, form: Form) -> None:
    read, written = conversion_types(form.instruction)
    if "SAT" not in form.modifiers or "64" in read + written:
        raise Unsupported("this form of I2I")
    _convert(row, form)
    row[k.FLAGS] = 0


def _pack(row: Row, form: Form) -> None:
    """F2FP: the words that it reads go to A and B, what it merges to C."""
    names = form.modifiers
    if names & {"E4M3", "E5M2"}:
        _pack_bytes(row, form)
        return
    if "SATFINITE" in names or form.rounding() in (k.ROUND_DOWN, k.ROUND_UP):
        raise Unsupported("this form of F2FP")
    if "PACK_AB" in names:
        plain(k.PACK_HALVES, k.A, k.B)(row, form)
    elif "MERGE_C" in names:
        # Above the half is what C has; of a C that is not zero nothing is known.
        plain(k.PACK_HALVES, k.B, k.A)(row, form)
        if row.values[k.A : k.A + 3] != [k.IMMEDIATE, 0, k.AS_IS]:
            raise Unsupported("F2FP.MERGE_C with a third operand")
    else:
        raise Unsupported("this form of F2FP")
    _, written = conversion_types(form.instruction)
    row[k.DETAIL] = _TYPES["F32"] | _TYPES[written] << 4


def _pack_bytes(row: Row, form: Form) -> None:
    """F2FP of float8: .PACK_AB_MERGE_C of two float32, .UNPACK_B of two bytes or halves."""
    read, written = conversion_types(form.instruction)
    names = form.modifiers
    if form.rounding() != k.ROUND_NEAREST or ("SATFINITE" in names) != (read in ("F16", "F32")):
        raise Unsupported("this form of F2FP")
    if (read, "PACK_AB_MERGE_C" in names) == ("F32", True):
        plain(k.PACK_BYTES, k.A, k.B, k.C)(row, form)
    elif (read, "UNPACK_B_MERGE_C" in names) == ("F16", True):
        plain(k.PACK_BYTES, k.A, k.C)(row, form)
        if row[k.A_CHANGE] != k.AS_IS:
            raise Unsupported("a changed operand")
    elif (written, "UNPACK_B" in names) == ("F16", True):
        (operand,) = form.roles.sources
        row.set_source(k.A, form.source(operand, part=True))
        if operand.selector not in ("", "H1") or row[k.A_CHANGE] != k.AS_IS:
            raise Unsupported(f"an operand {operand.text}")
        row[k.OP], row[k.SIZE] = k.UNPACK_BYTES, _PARTS[operand.selector]
        form.destinations(row)
        row[k.FLAGS] = form.flags()
    else:
        raise Unsupported("this form of F2FP")
    row[k.DETAIL] = _TYPES[read] | _TYPES[written] << 4


def _round(row: Row, form: Form) -> None:
    kind, _ = conversion_types(form.instruction)
    if kind == "F32":
        plain(k.FRND, k.A)(row, form)
        return
    operand = form.roles.sources[0]
    source = _half_of(row, form, operand) if kind in ("F16", "BF16") else form.source(operand)
    row[k.OP] = k.ROUND
    row.set_source(k.A, source)
    row[k.DETAIL] = _TYPES[kind]
    row[k.ROUNDING] = form.rounding()
    row[k.FLAGS] = form.flags()
    form.destinations(row)


_HALVES = {
    "": k.HALVES,
    "H1_H0": k.HALVES,
    "H0_H0": k.LOW_HALVES,
    "H1_H1": k.HIGH_HALVES,
    "F32": k.WHOLE_FLOAT,
    # High half first: the low one, and the negative high one.
    "H0_NH1": k.HALVES,
}


def _half_code(operand: Operand) -> int:
    """Return the six bits that say which halves of an operand are read, and how changed."""
    if operand.selector not in _HALVES:
        raise Unsupported(f"a part of a register, {operand.text}")
    turned = k.HALF_TURNED if operand.selector == "H0_NH1" else 0
    return (
        _HALVES[operand.selector]
        | turned
        | (k.HALF_NEGATE if operand.negated else 0)
        | (k.HALF_ABSOLUTE if operand.absolute else 0)
    )


def _half_sources(form: Form) -> Iterator[tuple[Source, int]]:
    """Yield the sources with their codes; two adjacent immediates are one, the high half first."""
    operands = iter(form.roles.sources)
    for operand in operands:
        if operand.kind in (OperandKind.INTEGER, OperandKind.FLOAT):
            low = next(operands, None)
            if low is None or low.kind not in (OperandKind.INTEGER, OperandKind.FLOAT):
                raise Unsupported(f"a single half immediate {operand.text}")
            brain = "BF16_V2" in form.modifiers
            yield (k.IMMEDIATE, half_bits(operand, low, brain=brain), k.AS_IS), k.HALVES
        else:
            kind, value, _ = form.source(operand, part=True)
            yield (kind, value, k.AS_IS), _half_code(operand)


def _half(operation: int, *columns: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        found = list(_half_sources(form))
        if len(found) != len(columns):
            raise Unsupported(f"{len(found)} sources")
        row[k.OP] = operation
        for place, (column, (source, code)) in enumerate(zip(columns, found, strict=True)):
            row.set_source(column, source)
            row[k.DETAIL] |= code << (6 * place)
        form.destinations(row)
        form.source_predicates(row)
        row[k.FLAGS] = form.flags()
        if operation in (k.HSET2, k.HSETP2):
            row[k.FLAGS] &= ~k.UNORDERED
            comparison(row, form, k.OFFSET, floating=True)
            if "NAN" in form.modifiers:
                row[k.FLAGS] |= k.UNORDERED
        elif "F32" in form.modifiers:
            row[k.FLAGS] |= k.TO_FLOAT
        if row[k.FLAGS] & k.XOR_SIGNS:
            _take_magnitudes(row)
        if row[k.FLAGS] & k.BFLOAT:
            _check_bfloat(row)
        elif operation == k.HFMA2:
            _constant(row)

    return lowering


def _take_magnitudes(row: Row) -> None:
    """Leave the signs of HMNMX2.XORSIGN's operands, which are magnitudes, to the operation."""
    both = k.HALF_ABSOLUTE | k.HALF_ABSOLUTE << 6
    if row[k.DETAIL] & (both | k.HALF_NEGATE | k.HALF_NEGATE << 6) != both:
        raise Unsupported("a minimum with a sign of what are not magnitudes")
    row[k.DETAIL] &= ~both


def _check_bfloat(row: Row) -> None:
    """Refuse what no code that a compiler wrote has of bfloat16."""
    whole = any(row[k.DETAIL] >> 6 * place & 3 == k.WHOLE_FLOAT for place in range(3))
    if whole or row[k.FLAGS] & (k.TO_FLOAT | k.SATURATE):
        raise Unsupported("this form of bfloat16")


def _constant(row: Row) -> None:
    """Turn HFMA2 of -RZ, RZ and a constant, which is how the compiler loads one, into a move.

    -0 * 0 + c is c for every c but -0 (and +0, which stays +0); NaN stays with the half unit.
    """
    if any(row[column] != k.IMMEDIATE for column in (k.A, k.B, k.C)):
        return
    if row[k.A_VALUE] or row[k.B_VALUE] or row[k.DETAIL] & 0x3FFFF & ~k.HALF_NEGATE:
        return
    word = row[k.C_VALUE]
    halves = (word & 0xFFFF, word >> 16)
    if any(half & 0x7FFF > 0x7C00 or half == 0x8000 for half in halves):
        return
    row[k.OP] = k.MOV
    row.set_source(k.A, (k.IMMEDIATE, word, k.AS_IS))
    for column in (k.B, k.C):
        row.set_source(column, (k.NOTHING, 0, k.AS_IS))
    row[k.DETAIL] = 0


_BASE: dict[str, Lowering] = {
    "FMUL": _multiply,
    "FMNMX": _minimum,
    "FSET": _compare(k.FSET),
    "FSETP": _compare(k.FSETP),
    "I2F": _convert,
    "I2FP": _convert,
    "F2I": _convert,
    "F2F": _convert,
    "F2FP": _pack,
    "FRND": _round,
}

LOWERINGS: dict[str, Lowering] = {
    **_BASE,
    **{f"U{name}": lowering for name, lowering in _BASE.items()},
    "MUFU": _mufu,
    "FADD2": _pairs(k.FADD2, k.A, k.B),
    "FMUL2": _pairs(k.FMUL2, k.A, k.B),
    "FFMA2": _pairs(k.FFMA2, k.A, k.B, k.C),
    "I2I": _narrow,
    "DSETP": _double_compare,
    "HADD2": _half(k.HADD2, k.A, k.B),
    "HMUL2": _half(k.HMUL2, k.A, k.B),
    "HFMA2": _half(k.HFMA2, k.A, k.B, k.C),
    "HMNMX2": _half(k.HMNMX2, k.A, k.B),
    "HSET2": _half(k.HSET2, k.A, k.B),
    "HSETP2": _half(k.HSETP2, k.A, k.B),
}
