"""Lowering of special registers and of what the lanes of a warp do together."""

from __future__ import annotations

from softbeam.emulator.core import layout as k
from softbeam.emulator.lowerings.form import ZERO, Form, Lowering, Unsupported, plain
from softbeam.emulator.rows import Row
from softbeam.sass.instruction import (
    TRUE_PREDICATE,
    UNIFORM_ZERO_REGISTER,
    ZERO_REGISTER,
    OperandKind,
)

_SPECIAL_REGISTERS = {
    "SR_TID.X": k.SR_TID_X,
    "SR_TID.Y": k.SR_TID_Y,
    "SR_TID.Z": k.SR_TID_Z,
    "SR_CTAID.X": k.SR_CTAID_X,
    "SR_CTAID.Y": k.SR_CTAID_Y,
    "SR_CTAID.Z": k.SR_CTAID_Z,
    "SR_LANEID": k.SR_LANEID,
    "SR_EQMASK": k.SR_EQMASK,
    "SR_LTMASK": k.SR_LTMASK,
    "SR_LEMASK": k.SR_LEMASK,
    "SR_GTMASK": k.SR_GTMASK,
    "SR_GEMASK": k.SR_GEMASK,
    "SR_SWINHI": k.SR_SHARED_WINDOW,
    "SR_CgaCtaId": k.SR_ZERO,
    "SRZ": k.SR_ZERO,
    # Where a block runs: the one processor, the one slot.
    "SR_VIRTUALSMID": k.SR_ZERO,
    "SR_VIRTID": k.SR_ZERO,
    "SR_SMID": k.SR_ZERO,
}
#: Counters, which count the thread's instructions here.
_CLOCKS = ("SR_CLOCKLO", "SR_CLOCKHI", "SR_GLOBALTIMERLO", "SR_GLOBALTIMERHI")


def _special(row: Row, form: Form) -> None:
    name = form.roles.sources[0].text
    form.destinations(row)
    if name in _CLOCKS:
        row[k.OP] = k.CLOCK
        row[k.DETAIL] = int(name.endswith("HI"))
        if row[k.DETAIL] and row[k.DESTINATIONS] == 2:
            raise Unsupported(f"64 bits from {name} on")
        return
    if name == "SR_CgaSize":
        # It leads to the words of constant bank 0 that tell of the cluster (launch_facts).
        if form.function.clustered or row[k.DESTINATIONS] == 2:
            raise Unsupported(f"special register {name}")
        row[k.OP] = k.MOV
        row.set_source(k.A, (k.IMMEDIATE, 1, k.AS_IS))
        return
    if name not in _SPECIAL_REGISTERS:
        raise Unsupported(f"special register {name}")
    which = _SPECIAL_REGISTERS[name]
    if row[k.DESTINATIONS] == 2:
        if which != k.SR_ZERO:
            raise Unsupported(f"CS2R of {name}")
        # A pair of zeros: IMAD.WIDE of zeros.
        row[k.OP] = k.IMAD_WIDE
        for column in (k.A, k.B, k.C):
            row.set_source(column, ZERO)
    else:
        row[k.OP] = k.S2R
        row[k.DETAIL] = which


def _chosen(form: Form, modes: dict[str, int], default: int | None = None) -> int:
    found = [modes[name] for name in form.instruction.modifiers if name in modes]
    if len(found) == 1:
        return found[0]
    if not found and default is not None:
        return default
    raise Unsupported("this mode")


_SHUFFLES = {
    "IDX": k.SHUFFLE_INDEX,
    "UP": k.SHUFFLE_UP,
    "DOWN": k.SHUFFLE_DOWN,
    "BFLY": k.SHUFFLE_BUTTERFLY,
}
_VOTES = {"ALL": k.VOTE_ALL, "ANY": k.VOTE_ANY, "EQ": k.VOTE_EQUAL}
_REDUCTIONS = {
    "AND": k.REDUCE_AND,
    "OR": k.REDUCE_OR,
    "XOR": k.REDUCE_XOR,
    "SUM": k.REDUCE_SUM,
    "MIN": k.REDUCE_MIN,
    "MAX": k.REDUCE_MAX,
}


def _shuffle(row: Row, form: Form) -> None:
    plain(k.SHUFFLE, k.A, k.B, k.C)(row, form)
    row[k.DETAIL] = _chosen(form, _SHUFFLES)


def _vote(row: Row, form: Form) -> None:
    plain(k.VOTE)(row, form)
    row[k.DETAIL] = _chosen(form, _VOTES)


def _match(row: Row, form: Form) -> None:
    every = "ALL" in form.modifiers
    plain(k.MATCH_ALL if every else k.MATCH_ANY, k.A)(row, form)
    row[k.FLAGS] |= k.WIDE_SHIFT if "U64" in form.modifiers else 0


def _reduce(row: Row, form: Form) -> None:
    plain(k.REDUCE, k.A)(row, form)
    row[k.DETAIL] = _chosen(form, _REDUCTIONS, k.REDUCE_AND)
    row[k.FLAGS] = k.SIGNED if "S32" in form.modifiers else 0


def _elect(row: Row, form: Form) -> None:
    """ELECT: its register is a uniform one, its predicate one of the lanes."""
    plain(k.ELECT)(row, form)
    if row[k.UNIFORM]:
        if row[k.DESTINATION] != UNIFORM_ZERO_REGISTER:
            raise Unsupported("the elected lane in a uniform register")
        row[k.UNIFORM], row[k.DESTINATION] = 0, 255


def _first_lane(row: Row, form: Form) -> None:
    """R2UR: a word of one lane; with a predicate of the lanes, only whether they differ."""
    written = [one for one in form.roles.destination_predicates if one.index != TRUE_PREDICATE]
    if form.roles.source_predicates:
        raise Unsupported("R2UR with a source predicate")
    plain(k.LANES_DIFFER if written else k.FIRST_LANE, k.A)(row, form)
    if written:
        if (
            row[k.DESTINATION] != UNIFORM_ZERO_REGISTER
            or len(form.roles.destination_predicates) != 1
        ):
            raise Unsupported("R2UR of a word and a predicate")
        row[k.UNIFORM], row[k.DESTINATION], row[k.DESTINATIONS] = 0, ZERO_REGISTER, 0


def _barrier_result(row: Row, form: Form) -> None:
    if form.modifiers != {"RESULT"} or form.roles.sources:
        raise Unsupported("this form of B2R")
    plain(k.BARRIER_RESULT)(row, form)


def _barrier_mask(row: Row, form: Form) -> None:
    """BMOV: the mask of a convergence barrier to a register or another barrier, or back."""
    if "32" not in form.modifiers or len(form.instruction.operands) != 2:
        raise Unsupported("this form of BMOV")
    first, second = form.instruction.operands
    if second.kind is OperandKind.BARRIER and first.kind is OperandKind.REGISTER:
        row[k.OP] = k.BARRIER_TO_REGISTER
        row[k.BARRIER] = second.index
        row[k.DETAIL] = int("CLEAR" in form.modifiers)
        form.destinations(row)
    elif first.kind is OperandKind.BARRIER and second.kind is OperandKind.BARRIER:
        row[k.OP] = k.BARRIER_TO_BARRIER
        row[k.BARRIER] = first.index
        row[k.DETAIL] = second.index | (16 if "CLEAR" in form.modifiers else 0)
    elif first.kind is OperandKind.BARRIER and "CLEAR" not in form.modifiers:
        row[k.OP] = k.REGISTER_TO_BARRIER
        row[k.BARRIER] = first.index
        row.set_source(k.A, form.source(second))
    else:
        raise Unsupported("this form of BMOV")


LOWERINGS: dict[str, Lowering] = {
    "CS2R": _special,
    "CS2UR": _special,
    "S2R": _special,
    "S2UR": _special,
    "SHFL": _shuffle,
    "VOTE": _vote,
    "VOTEU": _vote,
    "MATCH": _match,
    "REDUX": _reduce,
    "CREDUX": _reduce,
    "ELECT": _elect,
    "R2UR": _first_lane,
    "B2R": _barrier_result,
    "BMOV": _barrier_mask,
}
