"""Lowering of loads, stores and atomics."""

from __future__ import annotations

from softbeam.emulator.core import layout as k
from softbeam.emulator.lowerings.form import Form, Lowering, Unsupported
from softbeam.emulator.rows import Row
from softbeam.sass.effects import wide_address
from softbeam.sass.instruction import (
    UNIFORM_ZERO_REGISTER,
    ZERO_REGISTER,
    Operand,
    OperandKind,
)

_SIZES = {"U8": 1, "S8": 1, "U16": 2, "S16": 2, "64": 8, "128": 16}


def _bytes(form: Form) -> int:
    for modifier in form.instruction.modifiers:
        if modifier in _SIZES:
            return _SIZES[modifier]
    return 4


def _narrow_sign(form: Form) -> int:
    return k.SIGNED if {"S8", "S16"} & form.modifiers else 0


def _constant_load(row: Row, form: Form) -> None:
    operand = form.roles.sources[0]
    if operand.kind is not OperandKind.CONSTANT or operand.bank not in form.starts:
        raise Unsupported(f"constant {operand.text}")
    row[k.OP] = k.LDC
    row[k.OFFSET] = form.starts[operand.bank]
    row[k.B_VALUE] = int(operand.value)
    if operand.index != ZERO_REGISTER and operand.uniform != UNIFORM_ZERO_REGISTER:
        raise Unsupported(f"constant {operand.text}")
    if operand.index == ZERO_REGISTER and operand.uniform == UNIFORM_ZERO_REGISTER:
        for part in range((_bytes(form) + 3) // 4):
            form.check_known(operand, int(operand.value) // 4 + part)
    if operand.index != 255:
        row.set_source(k.A, (k.REGISTER, operand.index, k.AS_IS))
    elif operand.uniform != UNIFORM_ZERO_REGISTER:
        row.set_source(k.A, (k.UNIFORM_REGISTER, operand.uniform, k.AS_IS))
    row[k.SIZE] = _bytes(form)
    row[k.FLAGS] = _narrow_sign(form)
    form.destinations(row)


def _address(row: Row, form: Form, address: Operand, space: int) -> None:
    if address.kind is not OperandKind.ADDRESS:
        raise Unsupported(f"address {address.text}")
    row[k.SPACE] = space
    row[k.OFFSET] = int(address.value)
    row[k.UNIFORM_BASE] = address.uniform
    row[k.SCALE] = address.scale
    if address.index != 255:
        row.set_source(k.A, (k.REGISTER, address.index, k.AS_IS))
        row[k.WIDE_ADDRESS] = int(wide_address(form.instruction, address))


def _data(row: Row, form: Form, column: int, operand: Operand) -> None:
    """Fill a data operand, which is a register or RZ."""
    kind, value, how = form.source(operand)
    if operand.kind is not OperandKind.REGISTER or how != k.AS_IS:
        raise Unsupported(f"data {operand.text}")
    row.set_source(column, (kind, value, how))


def _rare(row: Row) -> bool:
    """Return whether an access needs the rare part: its space, or a scaled address."""
    return row[k.SPACE] in (k.LOCAL, k.GENERIC) or row[k.SCALE] != 1


def _load(space: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        if len(form.roles.sources) != 1 or form.roles.destination_predicates:
            raise Unsupported("this form of a load")
        row[k.SIZE] = _bytes(form)
        row[k.FLAGS] = _narrow_sign(form)
        _address(row, form, form.roles.sources[0], space)
        row[k.OP] = k.LOAD
        if _rare(row):
            row[k.OP] = k.LOAD_OTHER
        form.destinations(row)

    return lowering


def _store(space: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        if len(form.roles.sources) != 2:
            raise Unsupported("this form of a store")
        row[k.SIZE] = _bytes(form)
        _address(row, form, form.roles.sources[0], space)
        row[k.OP] = k.STORE
        if _rare(row):
            row[k.OP] = k.STORE_OTHER
        _data(row, form, k.B, form.roles.sources[1])

    return lowering


_ATOMICS = {
    "ADD": k.ATOMIC_ADD,
    "MIN": k.ATOMIC_MIN,
    "MAX": k.ATOMIC_MAX,
    "INC": k.ATOMIC_INC,
    "DEC": k.ATOMIC_DEC,
    "AND": k.ATOMIC_AND,
    "OR": k.ATOMIC_OR,
    "XOR": k.ATOMIC_XOR,
    "EXCH": k.ATOMIC_EXCH,
    "CAS": k.ATOMIC_CAS,
    "CAST": k.ATOMIC_CAST,
}
_KINDS = {
    "F32": k.F32,
    "F64": k.F64,
    "F16x2": k.F16X2,
    "S32": k.S32,
    "S64": k.S64,
    "64": k.U64,
    "U64": k.U64,
    "U32": k.U32,
}


def _atomic(operation: int, space: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        names = form.instruction.modifiers
        what = [_ATOMICS[name] for name in names if name in _ATOMICS]
        kinds = [_KINDS[name] for name in names if name in _KINDS]
        counts = "POPC" in names
        answers = any(operand.index != 7 for operand in form.roles.destination_predicates)
        # A predicate says whether a generic address was one of global memory; the compiler's code
        # goes on to do the same in shared or local memory where it was not.  CAST's predicate says
        # whether it was swapped: the compiler's code tries again where not.
        casts = what == [k.ATOMIC_CAST]
        if len(what) != 1 or (answers and space != k.GENERIC and not casts):
            raise Unsupported("this form of an atomic")
        row[k.OP] = operation
        row[k.DETAIL] = what[0]
        row[k.COMBINE] = kinds[0] if kinds else k.U32
        row[k.SIZE] = 8 if {"64", "U64", "S64", "F64"} & form.modifiers else 4
        if "64" in names and "S64" not in names and len(kinds) > 1:
            row[k.COMBINE] = next(kind for kind in kinds if kind != k.U64)
        if row[k.COMBINE] in (k.F32, k.F64, k.F16X2) and what[0] != k.ATOMIC_ADD:
            raise Unsupported("an atomic of floats that is no sum")
        address, *data = form.roles.sources
        _address(row, form, address, space)
        needed = 2 if what[0] in (k.ATOMIC_CAS, k.ATOMIC_CAST) else 1
        if counts:
            # .POPC.INC adds one for every lane, which is what adding one in each lane does.
            if data or form.roles.destination is None or form.roles.destination.index != 255:
                raise Unsupported("an atomic count that is read")
            row[k.DETAIL] = k.ATOMIC_ADD
            row.set_source(k.B, (k.IMMEDIATE, 1, k.AS_IS))
        elif len(data) != needed:
            raise Unsupported(f"{len(data)} data operands")
        for column, operand in zip((k.B, k.C), data, strict=False):
            _data(row, form, column, operand)
        form.destinations(row)

    return lowering


def _query(row: Row, form: Form) -> None:
    spaces = {"S": k.SHARED, "L": k.LOCAL} if form.modifiers & {"S", "L"} else {}
    found = [spaces[name] for name in form.instruction.modifiers if name in spaces]
    target = form.roles.destination
    if len(found) != 1 or target is None or target.index != 255:
        raise Unsupported("this form of QSPC")
    row[k.OP] = k.QUERY_SPACE
    row[k.DETAIL] = found[0]
    _address(row, form, form.roles.sources[0], k.GENERIC)
    form.destinations(row)
    if row[k.UNIFORM]:
        raise Unsupported("QSPC to a uniform predicate")


def _copy_to_shared(row: Row, form: Form) -> None:
    """LDGSTS: an asynchronous copy, made at once.

    That is one of the orders that the hardware may choose; which one matters only to programs that
    do not wait for their copies.
    """
    if len(form.roles.sources) != 2 or len(form.roles.source_predicates) > 1:
        raise Unsupported("this form of LDGSTS")
    target, source = form.roles.sources
    general = target.index != ZERO_REGISTER
    uniform = target.uniform != UNIFORM_ZERO_REGISTER
    if target.kind is not OperandKind.ADDRESS or target.scale != 1 or (general and uniform):
        raise Unsupported(f"address {target.text}")
    row[k.OP] = k.COPY_TO_SHARED
    row[k.SIZE] = _bytes(form)
    row[k.DETAIL] = int("ZFILL" in form.modifiers)
    _address(row, form, source, k.GLOBAL)
    if general:
        row.set_source(k.B, (k.REGISTER, target.index, k.AS_IS))
    elif uniform:
        row.set_source(k.B, (k.UNIFORM_REGISTER, target.uniform, k.AS_IS))
    row.set_source(k.C, (k.IMMEDIATE, int(target.value), k.AS_IS))
    form.source_predicates(row)


LOWERINGS: dict[str, Lowering] = {
    "LDC": _constant_load,
    "ULDC": _constant_load,
    "LDCU": _constant_load,
    "LDG": _load(k.GLOBAL),
    "LDGSTS": _copy_to_shared,
    "LDS": _load(k.SHARED),
    "LDL": _load(k.LOCAL),
    "LD": _load(k.GENERIC),
    "STG": _store(k.GLOBAL),
    "STS": _store(k.SHARED),
    "STL": _store(k.LOCAL),
    "ST": _store(k.GENERIC),
    "ATOM": _atomic(k.ATOMIC, k.GENERIC),
    "ATOMG": _atomic(k.ATOMIC, k.GLOBAL),
    "ATOMS": _atomic(k.ATOMIC, k.SHARED),
    "RED": _atomic(k.REDUCTION, k.GENERIC),
    "REDG": _atomic(k.REDUCTION, k.GLOBAL),
    "QSPC": _query,
}
