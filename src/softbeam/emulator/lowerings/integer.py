"""Lowering of moves, integers and predicates."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from operator import and_, or_, xor

from softbeam.emulator.core import layout as k
from softbeam.emulator.lowerings.form import (
    ZERO,
    Form,
    Lowering,
    Source,
    Unsupported,
    plain,
    predicate_code,
)
from softbeam.emulator.rows import Row
from softbeam.sass.effects import Roles
from softbeam.sass.instruction import TRUE_PREDICATE, OperandKind

COMPARISONS = {"F": 0, "LT": 1, "EQ": 2, "LE": 3, "GT": 4, "NE": 5, "GE": 6, "T": 7}
COMBINES = {"AND": k.AND, "OR": k.OR, "XOR": k.XOR}


def _wide(operation: int, *columns: int) -> Lowering:
    """Make the lowering of an instruction on pairs of registers; immediates have 64 bits."""

    def lowering(row: Row, form: Form) -> None:
        plain(operation, *columns)(row, form)
        row[k.FLAGS] = k.SIGNED if "S64" in form.modifiers else 0
        if form.flags():
            raise Unsupported("this form of a 64-bit instruction")
        for column in columns:
            if row[column] == k.IMMEDIATE and row[column + 1] >= 1 << 63:
                row[column + 1] -= 1 << 64

    return lowering


def _is_wide(form: Form) -> bool:
    return bool(form.modifiers & {"64", "U64", "S64"})


def _move(row: Row, form: Form) -> None:
    if _is_wide(form):
        _wide(k.MOV_64, k.A)(row, form)
        return
    # MOV may end with a lane mask that the compiler always sets to all lanes.
    row[k.OP] = k.MOV
    row.set_source(k.A, form.sources()[0])
    if len(form.roles.sources) > 1 and form.roles.sources[1].value != 0xF:
        raise Unsupported("a MOV with a mask")
    form.destinations(row)


def _inverted(source: Source) -> tuple[Source, int]:
    """Turn a negated source into an inverted one and the one to add.

    RZ too: minus zero carries, as the compiler counts on where it subtracts a constant of 64 bits
    whose low word is zero (``IADD3 R7, P0, -RZ, R4, RZ`` in ``__mul64hi(x, LLONG_MIN)``).
    """
    kind, value, how = source
    if how != k.NEGATE:
        return source, 0
    return (kind, value, k.INVERT), 1


def _no_carries(form: Form) -> None:
    if any(not one.inverted or one.index != TRUE_PREDICATE for one in form.roles.source_predicates):
        raise Unsupported("a 64-bit instruction with a carry")


def _add(row: Row, form: Form) -> None:
    """IADD.64, which has two operands on the general datapath and three on the uniform one."""
    if not _is_wide(form):
        raise Unsupported("this form of IADD")
    _no_carries(form)
    _wide(k.IADD_64, *(k.A, k.B, k.C)[: len(form.roles.sources)])(row, form)


def _select(row: Row, form: Form) -> None:
    if _is_wide(form):
        _wide(k.SEL_64, k.A, k.B)(row, form)
    else:
        plain(k.SEL, k.A, k.B)(row, form)


def _add3(row: Row, form: Form) -> None:
    if _is_wide(form):
        _add(row, form)
        return
    if form.modifiers & {"16x2", "U8x4"}:
        plain(k.ADD_PARTS, k.A, k.B)(row, form)
        row[k.DETAIL] = k.S16 if "16x2" in form.modifiers else k.U8
        _separate_signs(row)
        return
    found = form.sources()
    if form.instruction.opcode == "VIADD":
        found.append(ZERO)
    if len(found) != 3:
        raise Unsupported(f"{len(found)} sources")
    row[k.OP] = k.IADD3
    ones = 0
    for column, source in zip((k.A, k.B, k.C), found, strict=True):
        adjusted, one = _inverted(source)
        row.set_source(column, adjusted)
        ones += one
    row[k.DETAIL] = ones
    row[k.FLAGS] = form.flags()
    form.destinations(row)
    # Without .X, and where no predicate is written, no carry comes in.
    if row[k.FLAGS] & k.EXTENDED:
        row[k.SOURCE_PREDICATE_0] = row[k.SOURCE_PREDICATE_1] = 7 | 8
        form.source_predicates(row)


def _multiply(row: Row, form: Form) -> None:
    wide = "WIDE" in form.modifiers
    row[k.OP] = k.IMAD_WIDE if wide else (k.IMAD_HI if "HI" in form.modifiers else k.IMAD)
    row[k.FLAGS] = (form.flags() & k.EXTENDED) | form.signed()
    form.destinations(row)
    for column, source in zip((k.A, k.B, k.C), form.sources(3), strict=True):
        zero = source[:2] == (k.IMMEDIATE, 0)
        if row[k.OP] != k.IMAD and source[2] != k.AS_IS and not zero:
            _check_negated_pair(row, column, source)
        row.set_source(column, ZERO if zero and source[2] == k.NEGATE else source)
    if row[k.FLAGS] & k.EXTENDED:
        form.source_predicates(row)


def _check_negated_pair(row: Row, column: int, source: Source) -> None:
    """Allow a - b * c in 64 bits: IMAD.WIDE with the negative of the pair that it adds.

    What carries would then be, no code that a compiler wrote says.
    """
    carries = row[k.FLAGS] & k.EXTENDED or (row[k.PREDICATE_0], row[k.PREDICATE_1]) != (7, 7)
    if row[k.OP] != k.IMAD_WIDE or column != k.C or source[2] != k.NEGATE or carries:
        raise Unsupported("a negated operand of a wide product")


def _shifted_add(row: Row, form: Form) -> None:
    found = form.sources()
    high, extends = "HI" in form.modifiers, "SX32" in form.modifiers
    # RZ can stand for a shift of nothing.
    if len(found) != (4 if high and not extends else 3) or found[-1][0] != k.IMMEDIATE:
        raise Unsupported("this form of LEA")
    row[k.OP] = k.LEA_HI if high else k.LEA
    shifted, inverts = _inverted(found[0])
    addend, one = _inverted(found[1])
    if found[0][2] != k.AS_IS and (high or one or not inverts):
        raise Unsupported("this negated operand that is shifted")
    row.set_source(k.A, (*shifted[:2], k.AS_IS))
    row.set_source(k.B, addend)
    if high and not extends:
        row.set_source(k.C, found[2])
    row[k.DETAIL] = one + inverts
    row[k.SIZE] = found[-1][1]
    row[k.FLAGS] = form.flags() | (k.INVERT_SHIFTED if inverts else 0)
    form.destinations(row)
    if row[k.FLAGS] & k.EXTENDED:
        form.source_predicates(row)


def _logic(row: Row, form: Form) -> None:
    found = form.sources(4)
    if found[3][0] != k.IMMEDIATE:
        raise Unsupported("this form of LOP3")
    row[k.OP] = k.LOP3
    for column, source in zip((k.A, k.B, k.C), found, strict=False):
        row.set_source(column, source)
    row[k.DETAIL] = found[3][1]
    row[k.FLAGS] = 0 if "PAND" in form.modifiers else k.OR_PREDICATE
    form.destinations(row)
    form.source_predicates(row)


def _shift(row: Row, form: Form) -> None:
    plain(k.SHF, k.A, k.B, k.C)(row, form)
    row[k.DETAIL] = int("L" in form.modifiers)
    wide = {"U64", "S64"} & form.modifiers
    row[k.FLAGS] |= (k.WIDE_SHIFT if wide else 0) | form.signed()


#: PRMT's modes (PTX ISA, prmt): for the four values of the selector, which bytes, highest first.
_PERMUTATIONS = {
    "F4E": ("3210", "4321", "5432", "6543"),
    "B4E": ("5670", "6701", "7012", "0123"),
    "RC8": ("0000", "1111", "2222", "3333"),
    "ECL": ("3210", "3211", "3222", "3333"),
    "ECR": ("0000", "1110", "2210", "3210"),
    "RC16": ("1010", "3232", "1010", "3232"),
}


def _permute(row: Row, form: Form) -> None:
    modes = [name for name in form.instruction.modifiers if name in _PERMUTATIONS]
    if not modes:
        plain(k.PRMT, k.A, k.B, k.C)(row, form)
        return
    plain(k.PERMUTE_BY_MODE, k.A, k.B, k.C)(row, form)
    selectors = int("".join(reversed(_PERMUTATIONS[modes[0]])), 16)
    # Columns are signed.
    row[k.OFFSET] = selectors - (selectors >> 63 << 64)


_PART_TYPES = {"S16x2": k.S16, "U16x2": k.U16, "U8x4": k.U8, "U32": k.U32}


def _parts(operation: int, *columns: int) -> Lowering:
    """Make the lowering of a minimum or maximum of whole words or of both their halves.

    VIMNMX of halves may write two predicates: whether a's low half, its high half was picked, as
    the functions for which the compiler uses it return it (``__vibmin_s16x2``).
    """

    def lowering(row: Row, form: Form) -> None:
        plain(operation, *columns)(row, form)
        row[k.DETAIL] = _chosen_type(form)
        row[k.FLAGS] = k.RELU if "RELU" in form.modifiers else 0
        picks = operation == k.MINMAX_PARTS and row[k.DETAIL] in (k.S16, k.U16)
        writes = (row[k.PREDICATE_0], row[k.PREDICATE_1]) != (TRUE_PREDICATE, TRUE_PREDICATE)
        if writes and (row[k.FLAGS] or not picks):
            raise Unsupported("a minimum that writes predicates")
        _separate_signs(row)

    return lowering


def _chosen_type(form: Form) -> int:
    return next((_PART_TYPES[name] for name in _PART_TYPES if name in form.modifiers), k.S32)


def _separate_signs(row: Row) -> None:
    """Have operands negated part by part: `fetch` would carry from one half into the other."""
    for place, column in enumerate((k.A_CHANGE, k.B_CHANGE, k.C_CHANGE)):
        if row[column] not in (k.AS_IS, k.NEGATE):
            raise Unsupported("a changed operand of two halves")
        row[k.OFFSET] |= (row[column] == k.NEGATE) << place
        row[column] = k.AS_IS


def _minimum(row: Row, form: Form) -> None:
    if _is_wide(form):
        if len(form.roles.source_predicates) == 2:
            # The last predicate, !PT, is of what nothing else is known.
            form = replace(form, roles=_without_last(form.roles))
        _wide(k.IMNMX_64, k.A, k.B)(row, form)
    elif form.modifiers & {"S16x2", "U16x2", "U8x4", "RELU"}:
        _parts(k.MINMAX_PARTS, k.A, k.B)(row, form)
    else:
        plain(k.IMNMX, k.A, k.B, signed=True)(row, form)


def _without_last(roles: Roles) -> Roles:
    last = roles.source_predicates[-1]
    if not last.inverted or last.index != TRUE_PREDICATE:
        raise Unsupported("a minimum with a second predicate")
    return replace(roles, source_predicates=roles.source_predicates[:-1])


def _add_minimum(row: Row, form: Form) -> None:
    if form.modifiers & {"S16x2", "U16x2", "RELU"}:
        _parts(k.ADD_MINMAX_PARTS, k.A, k.B, k.C)(row, form)
    else:
        plain(k.ADD_MINMAX, k.A, k.B, k.C, signed=True)(row, form)


def comparison(row: Row, form: Form, column: int = k.DETAIL, *, floating: bool) -> None:
    """Fill comparison, its joining with a source predicate, and whether NaN makes it hold."""
    for name in form.instruction.modifiers:
        if name in COMPARISONS:
            row[column] = COMPARISONS[name]
        elif floating and name in ("NUM", "NAN"):
            row[column] = 7 if name == "NUM" else 0
        elif floating and name.endswith("U") and name[:-1] in COMPARISONS:
            # NE of floats holds for numbers only; so does every comparison without U.
            row[column] = COMPARISONS[name[:-1]]
            row[k.FLAGS] |= k.UNORDERED
        elif name in COMBINES:
            row[k.COMBINE] = COMBINES[name]
    if floating and "T" in form.modifiers:
        row[k.FLAGS] |= k.UNORDERED


def _compare(row: Row, form: Form) -> None:
    if _is_wide(form):
        _wide(k.ISETP_64, k.A, k.B)(row, form)
    else:
        plain(k.ISETP, k.A, k.B, signed=True)(row, form)
    comparison(row, form, floating=False)


def _predicate_logic(row: Row, form: Form) -> None:
    tables = form.sources(2)
    if len(form.roles.source_predicates) != 3:
        raise Unsupported("this form of PLOP3")
    row[k.OP] = k.PLOP3
    row[k.DETAIL], row[k.OFFSET] = tables[0][1], tables[1][1]
    form.destinations(row)
    form.source_predicates(row)


def _predicate_set(row: Row, form: Form) -> None:
    """PSETP: (p op q) op r, and the same of the negated p op q, as PLOP3's look-up tables."""
    joins = {"AND": and_, "OR": or_, "XOR": xor}
    names = form.instruction.modifiers
    if len(names) != 2 or len(form.roles.source_predicates) != 3:
        raise Unsupported("this form of PSETP")
    first, second = joins[names[0]], joins[names[1]]
    for column, flip in ((k.DETAIL, 0), (k.OFFSET, 1)):
        for x, y, z in product((0, 1), repeat=3):
            row[column] |= second(first(x, y) ^ flip, z) << (4 * x + 2 * y + z)
    row[k.OP] = k.PLOP3
    form.destinations(row)
    form.source_predicates(row)


def _dot(row: Row, form: Form) -> None:
    names = form.instruction.modifiers
    signs = [name for name in names if name[0] in "SU"]
    if len(signs) != 2:
        raise Unsupported("this form of IDP")
    plain(k.DOT4 if "4A" in names else k.DOT2, k.A, k.B, k.C)(row, form)
    row[k.DETAIL] = int(signs[0][0] == "S") | 2 * int(signs[1][0] == "S")


def _byte(form: Form, name: str) -> int:
    """Return the bits by which the byte that .Bn names is shifted."""
    if name and name not in ("B0", "B1", "B2", "B3"):
        raise Unsupported(f"a part .{name}")
    return 8 * int(name[1:] or 0)


def _predicates_to_register(row: Row, form: Form) -> None:
    if not form.roles.sources or form.roles.sources[0].text not in ("PR", "UPR"):
        raise Unsupported("this form of P2R")
    row[k.OP] = k.PREDICATES_TO_REGISTER
    row.set_source(k.A, form.source(form.roles.sources[1]))
    row.set_source(k.B, form.source(form.roles.sources[2]))
    row[k.SIZE] = _byte(form, next((name for name in form.modifiers if name[0] == "B"), ""))
    form.destinations(row)


def _register_to_predicates(row: Row, form: Form) -> None:
    if len(form.roles.sources) != 3 or form.roles.sources[0].text != "PR":
        raise Unsupported("this form of R2P")
    register = form.roles.sources[1]
    row[k.OP] = k.REGISTER_TO_PREDICATES
    row.set_source(k.A, form.source(register, part=True))
    row.set_source(k.B, form.source(form.roles.sources[2]))
    row[k.SIZE] = _byte(form, register.selector)


def _address(row: Row, form: Form) -> None:
    """LEPC: the function's code begins at address 0, so an address is a pc."""
    operand = form.roles.sources[0] if form.roles.sources else None
    if operand is None or operand.kind is not OperandKind.INTEGER:
        raise Unsupported("LEPC without a target")
    row[k.OP] = k.IMAD_WIDE
    row.set_source(k.A, (k.IMMEDIATE, int(operand.value), k.AS_IS))
    row.set_source(k.B, (k.IMMEDIATE, 1, k.AS_IS))
    row.set_source(k.C, ZERO)
    form.destinations(row)


_BASE: dict[str, Lowering] = {
    "MOV": _move,
    "PRMT": _permute,
    "SEL": _select,
    "IADD3": _add3,
    "IMAD": _multiply,
    "LEA": _shifted_add,
    "IMNMX": _minimum,
    "LOP3": _logic,
    "SHF": _shift,
    "ISETP": _compare,
    "PLOP3": _predicate_logic,
    "PSETP": _predicate_set,
}

LOWERINGS: dict[str, Lowering] = {
    **_BASE,
    **{f"U{name}": lowering for name, lowering in _BASE.items()},
    "IADD": _add,
    "VIADD": _add3,
    "VIMNMX": _minimum,
    "UVIMNMX": _minimum,
    "VIMNMX3": _parts(k.MINMAX3_PARTS, k.A, k.B, k.C),
    "VIADDMNMX": _add_minimum,
    "IDP": _dot,
    "P2R": _predicates_to_register,
    "UP2UR": _predicates_to_register,
    "R2P": _register_to_predicates,
    "LEPC": _address,
}

__all__ = ["COMBINES", "COMPARISONS", "LOWERINGS", "comparison", "predicate_code"]
