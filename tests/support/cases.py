"""Cases: an instruction, where its operands come from, and what an independent model says of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from support.bench import INPUTS, PREDICATES, UNIFORM_PREDICATES, UNIFORMS, execute

M32, M64 = (1 << 32) - 1, (1 << 64) - 1

INTEGERS = (
    0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF,
    0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFF0000, 0x55555555,
    0xAAAAAAAA, 0xFFFFFF80, 0x00FF00FF,
)  # fmt: skip
COUNTS = (0, 1, 5, 16, 30, 31, 32, 33, 47, 62, 63, 64, 65, 95, 96, 127, 128, 255, 256, M32)
FLOATS = (
    0x00000000, 0x80000000,  # zeros
    0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00400000,  # subnormals
    0x00800000, 0x80800000, 0x00800001, 0x01000000,  # smallest normals
    0x3F800000, 0xBF800000, 0x3F800001, 0x3F7FFFFF, 0xBF7FFFFF,  # about one
    0x3F000000, 0xBF000000, 0x3FC00000, 0x40200000, 0xC0200000, 0x3EFFFFFF, 0x3F000001,  # halves
    0x40490FDB, 0x3EAAAAAB, 0x4B000000, 0x4B7FFFFF, 0x4B800000, 0xCB000001, 0x4AFFFFFF,  # 2**23
    0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001, 0x4F7FFFFF, 0x4F800000,  # 2**31, 2**32
    0x5EFFFFFF, 0x5F000000, 0xDF000000, 0x5F7FFFFF, 0x5F800000,  # 2**63, 2**64
    0x7F7FFFFF, 0xFF7FFFFF, 0x7F000000,  # largest
    0x7F800000, 0xFF800000,  # infinities
    0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF, 0x7FFFFFFF,  # NaNs, quiet and signalling
)  # fmt: skip
HALVES = (
    0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x8400, 0x3C00, 0xBC00, 0x3C01, 0x3BFF,
    0x3800, 0x4200, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0xFE00, 0x7C01, 0x7FFF, 0x6400, 0x5555,
)  # fmt: skip
BFLOATS = (
    0x0000, 0x8000, 0x0001, 0x8001, 0x007F, 0x807F, 0x0080, 0x8080, 0x3F80, 0xBF80, 0x3F81, 0x3F7F,
    0x3F00, 0x4040, 0x7F7F, 0xFF7F, 0x7F80, 0xFF80, 0x7FC0, 0xFFC0, 0x7F81, 0x7FFF, 0x4B00, 0x5555,
)  # fmt: skip
DOUBLES = (
    0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x800FFFFFFFFFFFFF,
    0x0010000000000000, 0x8010000000000001, 0x3FF0000000000000, 0xBFF0000000000000,
    0x3FF0000000000001, 0x3FEFFFFFFFFFFFFF, 0x3FE0000000000000, 0x4008000000000000,
    0x400921FB54442D18, 0x4330000000000000, 0x433FFFFFFFFFFFFF, 0x4340000000000000,
    0xC330000000000001, 0x41E0000000000000, 0xC1E0000000000000, 0xC1E0000000200000,
    0x41EFFFFFFFE00000, 0x41F0000000000000, 0x43DFFFFFFFFFFFFF, 0x43E0000000000000,
    0xC3E0000000000000, 0x43EFFFFFFFFFFFFF, 0x43F0000000000000, 0x7FEFFFFFFFFFFFFF,
    0xFFEFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000,
    0xFFF8000000000001, 0x7FF0000000000001, 0x47EFFFFFE0000000, 0x47EFFFFFF0000000,
    0x3810000000000000, 0x380FFFFFFFFFFFFF, 0x36A0000000000000, 0x3690000000000000,
    0x3F10000000000000, 0x40EFFC0000000000, 0x40EFFE0000000000, 0x3FE0000000000001,
)  # fmt: skip

Model = Callable[[SimpleNamespace], Mapping[str, int]]


@dataclass(frozen=True)
class Case:
    """One instruction and its model.

    Attributes
    ----------
    line : str
        The instruction; ``"; "`` separates several.
    model : callable
        Takes what a thread's registers and predicates hold before, by name, as Python integers,
        and returns what the instruction writes; everything else must stay.
    kinds : mapping of str to str
        Where a register's values come from: ``int`` (default), ``float``, ``count``, ``half``
        or ``bfloat`` (two in a word), or ``double`` (this register and the next).
    architecture : str
        Of the machine code.
    threads : int
        How many sets of operands are drawn.
    any_nan : bool
        Whether R12 and R13 are a float64 of which, if it is NaN, no bits are recorded.
    """

    line: str
    model: Model
    kinds: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "sm_90"
    threads: int = 640
    any_nan: bool = False

    def __str__(self) -> str:
        return self.line


def draw(kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return words: a third edge values, the rest random over the kind's whole range."""
    anything = rng.integers(0, 1 << 32, count, dtype=np.uint64).astype(np.uint32)
    if kind == "int":
        shifted = anything >> rng.integers(0, 32, count).astype(np.uint32)
        values, edges = np.where(rng.random(count) < 0.5, anything, shifted), INTEGERS
    elif kind == "count":
        values, edges = anything % np.uint32(70), COUNTS
    elif kind == "float":
        moderate = rng.normal(0, 4, count).astype(np.float32).view(np.uint32)
        values, edges = np.where(rng.random(count) < 0.5, anything, moderate), FLOATS
    elif kind in ("half", "bfloat"):
        pairs = rng.integers(0, 1 << 16, (count, 2), dtype=np.uint32)
        edge = rng.random((count, 2)) < 0.4
        pairs[edge] = rng.choice(HALVES if kind == "half" else BFLOATS, int(edge.sum()))
        return (pairs[:, 0] | pairs[:, 1] << np.uint32(16)).astype(np.uint32)
    else:
        raise ValueError(kind)
    edge = rng.random(count) < 0.35
    values = values.copy()
    values[edge] = rng.choice(np.array(edges, dtype=np.uint64), int(edge.sum())).astype(np.uint32)
    return values


def draw_doubles(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return float64 bits: edge values, moderate numbers, and any bits."""
    anything = rng.integers(0, 1 << 63, count, dtype=np.uint64) * np.uint64(2) + rng.integers(
        0, 2, count, dtype=np.uint64
    )
    moderate = rng.normal(0, 1e5, count).view(np.uint64)
    values = np.where(rng.random(count) < 0.5, anything, moderate)
    edge = rng.random(count) < 0.35
    values[edge] = rng.choice(np.array(DOUBLES, dtype=np.uint64), int(edge.sum()))
    return values


def operands(case: Case) -> dict[str, np.ndarray]:
    """Return the inputs of a case, always the same."""
    rng = np.random.default_rng(zlib.crc32(case.line.encode()))
    inputs: dict[str, np.ndarray] = {}
    for name in INPUTS:
        kind = case.kinds.get(name, "int")
        if kind == "double":
            bits = draw_doubles(case.threads, rng)
            inputs[name] = (bits & np.uint64(M32)).astype(np.uint32)
            inputs[f"R{int(name[1:]) + 1}"] = (bits >> np.uint64(32)).astype(np.uint32)
        elif name not in inputs:
            inputs[name] = draw(kind, case.threads, rng)
    for name in PREDICATES:
        inputs[name] = rng.random(case.threads) < 0.5
    # Operands that are the same are where comparisons and differences go wrong.
    for first, second in (("R4", "R6"), ("R6", "R8"), ("R5", "R7")):
        if case.kinds.get(first, "int") == case.kinds.get(second, "int"):
            same = rng.random(case.threads) < 0.08
            inputs[second] = np.where(same, inputs[first], inputs[second])
    return inputs


def _is_nan(registers: Mapping[str, int]) -> bool:
    return pair(registers["R12"], registers["R13"]) & M64 >> 1 > 0x7FF << 52


def check(case: Case) -> None:
    """Run a case and compare every register and predicate with the model, thread by thread."""
    inputs = operands(case)
    left = execute(case.line, inputs, architecture=case.architecture)
    columns = {name: inputs[name].tolist() for name in (*INPUTS, *PREDICATES)}
    found = {name: left[name].tolist() for name in ("R12", "R13", "R14", "R15", "P4", "P5")}
    for thread in range(case.threads):
        before = SimpleNamespace(**{name: int(column[thread]) for name, column in columns.items()})
        wanted = {**vars(before), **case.model(before)}
        if case.any_nan and _is_nan(wanted):
            result = {name: column[thread] for name, column in found.items()}
            assert _is_nan(result), f"{case.line}: {result} is no NaN, for {before}"
            wanted |= {name: result[name] for name in ("R12", "R13")}
        for name, column in found.items():
            assert column[thread] == wanted[name], (
                f"{case.line}: {name} is {column[thread]:#x}, not {wanted[name]:#x}, for "
                + ", ".join(f"{key}={value:#x}" for key, value in vars(before).items())
            )


def check_uniform(case: Case, sets: int = 96) -> None:
    """Run a case of the uniform datapath; its model names UR4 … UR11 and UP0 … UP3."""
    rng = np.random.default_rng(zlib.crc32(case.line.encode()))
    drawn = {name: draw(case.kinds.get(name, "int"), sets, rng).tolist() for name in UNIFORMS}
    drawn |= {name: (rng.random(sets) < 0.5).astype(int).tolist() for name in UNIFORM_PREDICATES}
    outputs = ("UR8", "UR9", "UR10", "UR11", "UP2", "UP3")
    for number in range(sets):
        uniforms = {name: values[number] for name, values in drawn.items()}
        left = execute(case.line, {"R4": np.zeros(3, dtype=np.uint32)}, uniforms=uniforms,
                       architecture=case.architecture)  # fmt: skip
        wanted = {**uniforms, **case.model(SimpleNamespace(**uniforms))}
        for name in outputs:
            assert left[name].tolist() == [wanted[name]] * 3, f"{case.line}: {name}, {uniforms}"


def signed(word: int, bits: int = 32) -> int:
    """Return a word as a two's complement number."""
    return word - (1 << bits) if word >> (bits - 1) else word


def pair(low: int, high: int) -> int:
    """Return a register pair's 64 bits."""
    return high << 32 | low


def split(value: int, first: str = "R12") -> dict[str, int]:
    """Return 64 bits as a register pair."""
    number = int(first[1:])
    return {first: value & M32, f"R{number + 1}": value >> 32 & M32}
