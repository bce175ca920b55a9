"""Lowering of control flow and barriers."""

from __future__ import annotations

from softbeam.emulator.core import layout as k
from softbeam.emulator.lowerings.form import Form, Lowering, Unsupported
from softbeam.emulator.rows import Row
from softbeam.sass.instruction import INSTRUCTION_BYTES, Operand, OperandKind


def _pc(form: Form, operand: Operand) -> int:
    """Return the pc that a target names."""
    if operand.kind is OperandKind.SYMBOL:
        if operand.text not in form.function.symbols:
            raise Unsupported(f"target {operand.text}")
        return form.function.symbols[operand.text]
    if operand.kind is not OperandKind.INTEGER:
        raise Unsupported(f"target {operand.text}")
    return int(operand.value)


def _branch(operation: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        row[k.OP] = operation
        row[k.TARGET] = _pc(form, form.instruction.operands[-1]) // INSTRUCTION_BYTES
        if {"DIV", "CONV"} & form.modifiers:
            if len(form.roles.sources) > 2 or form.roles.source_predicates:
                raise Unsupported("this form of a branch")
            row[k.OP] = k.BRA_DIVERGENT
            row[k.DETAIL] = int("CONV" in form.modifiers)
            mask = form.roles.sources[:-1]
            everyone = (k.IMMEDIATE, k.FULL_MASK, k.AS_IS)
            row.set_source(k.A, form.source(mask[0]) if mask else everyone)
            return
        if len(form.roles.sources) != 1 or len(form.roles.source_predicates) > 1:
            raise Unsupported("this form of a branch")
        form.source_predicates(row)

    return lowering


def _indirect(operation: int) -> Lowering:
    """RET.REL and CALL.REL jump to the pair's value plus the function's start, which is 0.

    BRX and BRXU add it to the next pc and to the operand.
    """

    def lowering(row: Row, form: Form) -> None:
        register, *others = form.roles.sources
        uniform = form.opcode.uniform
        kind = OperandKind.UNIFORM_REGISTER if uniform else OperandKind.REGISTER
        if register.kind is not kind or len(form.roles.source_predicates) > 1:
            raise Unsupported(f"target {register.text}")
        row[k.OP] = operation
        source = k.UNIFORM_REGISTER if uniform else k.REGISTER
        row.set_source(k.A, (source, register.index, k.AS_IS))
        row[k.WIDE_ADDRESS] = 1
        form.source_predicates(row)
        if operation == k.BRX:
            offset = others[0].value if others else 0
            row[k.OFFSET] = form.instruction.pc + INSTRUCTION_BYTES + int(offset)
        elif others and _pc(form, others[0]) != 0:
            raise Unsupported(f"target relative to {others[0].text}")

    return lowering


def _call(row: Row, form: Form) -> None:
    if form.roles.sources[0].kind is OperandKind.REGISTER:
        if "ABS" in form.modifiers:
            raise Unsupported("a call of an absolute address")
        _indirect(k.RET)(row, form)
        return
    _branch(k.CALL)(row, form)


def _barrier(operation: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        # BREAK alone asks a predicate besides its guard.
        allowed = 1 if operation == k.BREAK else 0
        if len(form.roles.source_predicates) > allowed:
            raise Unsupported("a convergence barrier with a predicate")
        if form.roles.sources[0].kind is not OperandKind.BARRIER:
            raise Unsupported("no convergence barrier")
        row[k.OP] = operation
        form.source_predicates(row)
        row[k.BARRIER] = form.roles.sources[0].index

    return lowering


_BLOCK_BARRIERS = {"POPC": k.BAR_COUNT, "AND": k.BAR_AND, "OR": k.BAR_OR}


def _named_barrier(row: Row, form: Form) -> None:
    """BAR.SYNC, BAR.ARV of a number, and of a count of threads; one register may hold both."""
    sources = form.roles.sources
    ways = [{"SYNC": k.BAR_WAIT, "ARV": k.BAR_ARRIVE}.get(name) for name in form.modifiers]
    found = [way for way in ways if way is not None]
    known = {OperandKind.INTEGER, OperandKind.REGISTER, OperandKind.UNIFORM_REGISTER}
    if len(found) != 1 or form.roles.source_predicates or not 1 <= len(sources) <= 2:
        raise Unsupported("this form of BAR")
    if not {one.kind for one in sources} <= known:
        raise Unsupported("this operand of BAR")
    row[k.OP] = k.NAMED_BARRIER
    row[k.DETAIL] = found[0]
    row.set_source(k.A, form.source(sources[0]))
    if len(sources) == 2:
        row.set_source(k.B, form.source(sources[1]))
        if OperandKind.REGISTER is sources[0].kind is sources[1].kind:
            if sources[0].index != sources[1].index:
                raise Unsupported("a barrier whose number and count are in two registers")
            row[k.DETAIL] += k.BAR_PACKED
    elif found[0] == k.BAR_ARRIVE:
        raise Unsupported("an arrival without a count")


def _block_barrier(row: Row, form: Form) -> None:
    sources = form.roles.sources
    if len(sources) != 1 or sources[0].kind is not OperandKind.INTEGER or sources[0].value != 0:
        _named_barrier(row, form)
        return
    row[k.OP] = k.BAR
    reductions = [_BLOCK_BARRIERS[name] for name in form.modifiers if name in _BLOCK_BARRIERS]
    if "RED" in form.modifiers:
        if len(reductions) != 1 or len(form.roles.source_predicates) != 1:
            raise Unsupported("this form of BAR.RED")
        row[k.DETAIL] = reductions[0]
        form.source_predicates(row)
    elif "SYNC" not in form.modifiers or form.roles.source_predicates or reductions:
        raise Unsupported("this form of BAR")


def _warp_sync(row: Row, form: Form) -> None:
    row[k.OP] = k.WARPSYNC
    row[k.DETAIL] = int(bool({"EXCLUSIVE", "COLLECTIVE"} & form.modifiers))
    if "ALL" in form.modifiers:
        row.set_source(k.A, (k.IMMEDIATE, k.FULL_MASK, k.AS_IS))
        return
    if not form.roles.sources:
        raise Unsupported("WARPSYNC without a mask")
    row.set_source(k.A, form.source(form.roles.sources[0]))


def _exit(row: Row, form: Form) -> None:
    # Threads leave where the guard and one further predicate hold.
    if len(form.roles.source_predicates) > 1 or form.roles.sources:
        raise Unsupported("this form of EXIT")
    row[k.OP] = k.EXIT
    form.source_predicates(row)


def _bare(operation: int) -> Lowering:
    def lowering(row: Row, form: Form) -> None:
        if form.roles.source_predicates:
            raise Unsupported("a source predicate")
        row[k.OP] = operation

    return lowering


LOWERINGS: dict[str, Lowering] = {
    "BRA": _branch(k.BRA),
    "JMP": _branch(k.BRA),
    "BRX": _indirect(k.BRX),
    "BRXU": _indirect(k.BRX),
    "CALL": _call,
    "RET": _indirect(k.RET),
    "BSSY": _barrier(k.BSSY),
    "BSYNC": _barrier(k.BSYNC),
    "BREAK": _barrier(k.BREAK),
    "WARPSYNC": _warp_sync,
    "EXIT": _exit,
    "BAR": _block_barrier,
    **dict.fromkeys(
        (
            "NOP",
            "YIELD",
            "NANOSLEEP",
            "MEMBAR",
            "ERRBAR",
            "CGAERRBAR",
            "CCTL",
            "FENCE",
            "DEPBAR",
            "LDGDEPBAR",
            "ENDCOLLECTIVE",
        ),
        _bare(k.NOP),
    ),
}
