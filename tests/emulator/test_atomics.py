"""Atomic operations on global and shared memory, local memory, and barriers that count."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support import exact as x
from support.bench import BASE
from support.cases import INTEGERS, M32, M64, draw, signed
from support.exact import DOUBLE
from support.launching import HEAD, launch, store

LANES = 32


def words(seed: int, *, wide: bool = False, kind: str = "int") -> np.ndarray:
    """Return a word (or 64 bits) for each of 32 lanes."""
    rng = np.random.default_rng(seed)
    low = draw(kind, LANES, rng)
    if not wide:
        return low
    return low.astype(np.uint64) | rng.choice(np.array(INTEGERS, dtype=np.uint64), LANES) << 32


Operation = Callable[[int, int], int]
WORD: dict[str, Operation] = {
    "ADD": lambda old, v: old + v & M32,
    "MIN": min,
    "MAX": max,
    "MIN.S32": lambda old, v: min(signed(old), signed(v)) & M32,
    "MAX.S32": lambda old, v: max(signed(old), signed(v)) & M32,
    "AND": lambda old, v: old & v,
    "OR": lambda old, v: old | v,
    "XOR": lambda old, v: old ^ v,
    "INC": lambda old, v: 0 if old >= v else old + 1,
    "DEC": lambda old, v: v if old == 0 or old > v else old - 1,
    "EXCH": lambda old, v: v,
}
WIDE: dict[str, Operation] = {
    "ADD.64": lambda old, v: old + v & M64,
    "MIN.64": min,
    "MAX.64": max,
    "MAX.S64": lambda old, v: max(signed(old, 64), signed(v, 64)) & M64,
    "MIN.S64": lambda old, v: min(signed(old, 64), signed(v, 64)) & M64,
    "AND.64": lambda old, v: old & v,
    "OR.64": lambda old, v: old | v,
    "XOR.64": lambda old, v: old ^ v,
    "EXCH.64": lambda old, v: v,
    "ADD.F64.RN": lambda old, v: x.add(old, v, "RN", DOUBLE),
}
FLOAT: dict[str, Operation] = {
    "ADD.F32.FTZ.RN": lambda old, v: x.flush(x.add(x.flush(old), x.flush(v))),
}


def run(line: str, old: np.ndarray, value: np.ndarray, *, shared: bool, compare: np.ndarray | None
        = None) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Do one atomic in each lane on its own cell; return the cells and what R12 got."""
    size = old.dtype.itemsize
    suffix = ".64" if size == 8 else ""
    block = size * LANES
    code = [
        *HEAD,
        f"IMAD.WIDE R2, R0, {size:#x}, c[0x0][0x210]",
        f"LDG.E{suffix} R4, [R2.64+{block:#x}]",
        f"LDG.E{suffix} R6, [R2.64+{2 * block:#x}]",
        "MOV R12, RZ",
        "MOV R13, RZ",
    ]
    if shared:
        code += [
            f"IMAD R8, R0, {size:#x}, RZ",
            f"LDG.E{suffix} R10, [R2.64]",
            f"STS{suffix} [R8], R10",
            line,
            f"LDS{suffix} R10, [R8]",
            f"STG.E{suffix} [R2.64], R10",
        ]
    else:
        code += [line]
    code += [f"STG.E{suffix} [R2.64+{3 * block:#x}], R12", "EXIT"]
    compare = value if compare is None else compare
    memory = np.concatenate([old, value, compare, np.zeros_like(old)]).view(np.uint32)
    result = launch(code, memory, shared_bytes=block if shared else 0)
    assert result.ending == "completed"
    cells = result.words.view(old.dtype).reshape(4, LANES)
    return cells[0], cells[3]


def expected(operation: Operation, old: np.ndarray, value: np.ndarray) -> list[int]:
    return [operation(*pair) for pair in zip(old.tolist(), value.tolist(), strict=True)]


ALL = {**WORD, **WIDE, **FLOAT}


@pytest.mark.parametrize("name", ALL)
def test_global_atomics(name: str) -> None:
    wide = name in WIDE
    kind = "float" if name in FLOAT else "int"
    old, value = words(1, wide=wide, kind=kind), words(2, wide=wide, kind=kind)
    if name.endswith("F64.RN"):
        rng = np.random.default_rng(3)
        old, value = (rng.normal(0, 1e3, LANES).view(np.uint64) for _ in range(2))
    cells, found = run(f"ATOMG.E.{name}.STRONG.GPU PT, R12, [R2.64], R4", old, value, shared=False)
    assert cells.tolist() == expected(ALL[name], old, value)
    assert found.tolist() == old.tolist()
    if name.startswith("EXCH"):
        return
    for opcode in ("RED", "REDG"):
        cells, found = run(f"{opcode}.E.{name}.STRONG.GPU [R2.64], R4", old, value, shared=False)
        assert cells.tolist() == expected(ALL[name], old, value)
        assert not found.any()


@pytest.mark.parametrize("name", WORD)
def test_shared_atomics(name: str) -> None:
    old, value = words(3), words(4)
    cells, found = run(f"ATOMS.{name} R12, [R8], R4", old, value, shared=True)
    assert cells.tolist() == expected(WORD[name], old, value)
    assert found.tolist() == old.tolist()


def test_shared_counting() -> None:
    old = words(5)
    cells, _ = run("ATOMS.POPC.INC.32 RZ, [R8]", old, old, shared=True)
    assert cells.tolist() == [(cell + 1) & M32 for cell in old.tolist()]


@pytest.mark.parametrize("wide", [False, True])
def test_compare_and_swap(wide: bool) -> None:
    old, new = words(6, wide=wide), words(7, wide=wide)
    compare = np.where(np.arange(LANES) % 3 == 0, old, words(8, wide=wide))
    suffix = ".64" if wide else ""
    wanted = np.where(old == compare, new, old).tolist()
    # The comparand comes first: R6 here, then the new value R4.
    line = f"ATOMG.E.CAS{suffix}.STRONG.GPU PT, R12, [R2], R6, R4"
    cells, found = run(line, old, new, shared=False, compare=compare)
    assert cells.tolist() == wanted
    assert found.tolist() == old.tolist()
    cells, found = run(f"ATOMS.CAS{suffix} R12, [R8], R6, R4", old, new, shared=True,
                       compare=compare)  # fmt: skip
    assert cells.tolist() == wanted
    assert found.tolist() == old.tolist()


def test_lanes_of_one_cell_take_their_turns() -> None:
    """Ascending, which the hardware does not promise: the sum and the set of answers it does."""
    code = (
        "S2R R0, SR_TID.X",
        "MOV R6, c[0x0][0x210]",
        "MOV R7, c[0x0][0x214]",
        "IADD3 R4, R0, 0x1, RZ",
        "ATOMG.E.ADD.STRONG.GPU PT, R12, [R6.64], R4",
        "IMAD.WIDE R2, R0, 0x4, c[0x0][0x210]",
        "STG.E [R2.64+0x80], R12",
        "EXIT",
    )
    result = launch(code, 64)
    assert result.words[0] == 32 * 33 // 2
    assert sorted(result.words[32:].tolist()) == [n * (n + 1) // 2 for n in range(32)]


def test_atomics_of_all_warps_and_blocks_add_up() -> None:
    code = (
        "S2R R0, SR_TID.X",
        "MOV R6, c[0x0][0x210]",
        "MOV R7, c[0x0][0x214]",
        "MOV R4, 0x1",
        "ISETP.NE.AND P0, PT, R0, 0x7, PT",
        "@P0 REDG.E.ADD.STRONG.GPU [R6.64], R4",
        "EXIT",
    )
    assert launch(code, block=(96, 1, 1), grid=(5, 1, 1)).words[0] == 5 * 95


@pytest.mark.parametrize(
    ("line", "offset", "ending"),
    [
        ("ATOMG.E.ADD.STRONG.GPU PT, R8, [R4.64], R6", 0, "completed"),
        ("ATOMG.E.ADD.STRONG.GPU PT, R8, [R4.64], R6", 2, "Misaligned Address"),
        ("ATOMG.E.ADD.64.STRONG.GPU PT, R8, [R4.64], R6", 4, "Misaligned Address"),
        ("ATOMG.E.CAS.STRONG.GPU PT, R8, [R4], R6, R7", 1 << 40, "Illegal Address"),
        ("REDG.E.ADD.STRONG.GPU [R4.64], R6", 1 << 40, "Illegal Address"),
        ("ATOMS.ADD R8, [R4], R6", 0x80, "Out-of-range Address"),
        ("ATOMS.ADD R8, [R4], R6", 0x2, "Misaligned Address"),
    ],
)
def test_exceptions_of_atomics(line: str, offset: int, ending: str) -> None:
    address = offset if line.startswith("ATOMS") else BASE + offset
    code = (f"MOV R4, {address & M32:#x}", f"MOV R5, {address >> 32:#x}", line, "EXIT")
    result = launch(code, shared_bytes=128)
    assert result.ending == ending
    if ending != "completed":
        assert result.row == 2


# Local memory: every thread has its own, below the stack pointer at c[0x0][0x28].


@pytest.mark.parametrize(
    ("suffix", "size", "is_signed"),
    [(".U8", 1, False), (".S8", 1, True), (".U16", 2, False), (".S16", 2, True), ("", 4, False)],
)
def test_local_memory_of_each_thread(suffix: str, size: int, is_signed: bool) -> None:
    code = (
        *HEAD,
        "MOV R1, c[0x0][0x28]",
        "VIADD R1, R1, 0xffffffc0",
        "LDG.E R4, [R2.64]",
        "STL [R1+0x8], RZ",
        f"STL{suffix} [R1+{8 + size % 4:#x}], R4",
        f"LDL{suffix} R5, [R1+{8 + size % 4:#x}]",
        "LDL R6, [R1+0x8]",
        "STG.E [R2.64+0x80], R5",
        "STG.E [R2.64+0x100], R6",
        "EXIT",
    )
    values = words(9)
    result = launch(code, np.concatenate([values, np.zeros(64, dtype=np.uint32)]))
    low = [value & ((1 << 8 * size) - 1) for value in values.tolist()]
    wanted = [signed(value, 8 * size) & M32 if is_signed else value for value in low]
    assert result.words[32:64].tolist() == wanted
    assert result.words[64:96].tolist() == [value << 8 * (size % 4) for value in low]


def test_wide_local_memory() -> None:
    code = (
        *HEAD,
        "MOV R1, c[0x0][0x28]",
        "VIADD R1, R1, 0xffffff80",
        "IMAD.WIDE R6, R0, 0x10, c[0x0][0x210]",
        "LDG.E.128 R8, [R6.64]",
        "STL.128 [R1+0x10], R8",
        "LDL.64 R12, [R1+0x18]",
        "STG.E.64 [R6.64], R12",
        "EXIT",
    )
    before = np.arange(128, dtype=np.uint32)
    after = launch(code, before).words.reshape(32, 4)
    assert after[:, :2].tolist() == before.reshape(32, 4)[:, 2:].tolist()


def test_which_space_a_generic_address_is_of() -> None:
    """QSPC tells shared memory, whose generic addresses begin at c[0x0][0x18], from the rest."""
    code = (
        *HEAD,
        "MOV R4, c[0x0][0x18]",
        "MOV R5, c[0x0][0x1c]",
        "IADD3 R4, R4, 0x40, RZ",
        "QSPC.E.S P0, RZ, [R4]",
        "QSPC.E.S P1, RZ, [R2]",
        "QSPC.E.L P2, RZ, [R4]",
        "STS [0x40], R0",
        "LD.E R6, [R4.64]",
        "MOV R7, 0x1",
        "SEL R8, R7, RZ, P0",
        "SEL R9, R7, RZ, P1",
        "LEA R8, R9, R8, 0x4",
        "SEL R9, R7, RZ, P2",
        "LEA R8, R9, R8, 0x8",
        "LEA R4, R6, R8, 0xc",
        *store(),
    )
    result = launch(code, shared_bytes=128)
    # Of lanes that store to one word the lowest stays, so the word holds zero.
    assert set(result.words[:32].tolist()) == {1}


# Barriers that count predicates over the block.


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("POPC", lambda p: int(p.sum())),
        ("AND", lambda p: int(p.all())),
        ("OR", lambda p: int(p.any())),
    ],
)
@pytest.mark.parametrize("limit", [0, 40, 96])
def test_barriers_that_reduce(operation: str, wanted: Callable, limit: int) -> None:  # type: ignore[type-arg]
    answer = ("B2R.RESULT R4",) if operation == "POPC" else (
        "MOV R4, RZ", "B2R.RESULT RZ, P1", "MOV R5, 0x1", "SEL R4, R5, RZ, P1")  # fmt: skip
    code = (
        *HEAD,
        f"ISETP.LT.AND P0, PT, R0, {limit:#x}, PT",
        f"BAR.RED.{operation}.DEFER_BLOCKING 0x0, P0",
        *answer,
        *store(),
    )
    result = launch(code, 96, block=(96, 1, 1))
    assert set(result.words.tolist()) == {wanted(np.arange(96) < limit)}
