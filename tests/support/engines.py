"""Run rows in both engines, the interpreter alone and with translated code, and compare all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.interpreter import run
from softbeam.emulator.execution import compile_missing, memory_map, new_state, prepare_tables
from softbeam.emulator.lowering import Program, bank_words
from softbeam.emulator.vector import no_fault
from support.bench import program as assembled

ENGINES = ("interpreter", "translator")

#: Where the words of memory lie: two segments, one after a gap of a page, and one not recorded.
BASE, GAP = 0x7F0000000000, 0x1000


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Run with one engine."""
    before = os.environ.get("SOFTBEAM_ENGINE")
    os.environ["SOFTBEAM_ENGINE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOFTBEAM_ENGINE"]
        else:
            os.environ["SOFTBEAM_ENGINE"] = before


@dataclass(frozen=True)
class Setting:
    """What a program finds.

    Attributes
    ----------
    registers : numpy.ndarray of uint32, [warps, 256, 32]
        Of its warps.
    words : numpy.ndarray of uint32
        Of memory.
    constants : numpy.ndarray of uint32
        Of all banks, and a spare one.
    threads : int
        Of the block.
    budget : int
        Instructions of a thread.
    fault : numpy.ndarray of int64
        A fault vector.
    """

    registers: np.ndarray
    words: np.ndarray
    constants: np.ndarray
    threads: int
    budget: int = 4000
    fault: np.ndarray = field(default_factory=no_fault)


def with_rows(rows: np.ndarray, base: Program | None = None) -> Program:
    """Return a program of these rows."""
    made = base if base is not None else assembled(["EXIT"])
    bits = np.zeros((rows.shape[0], 4), dtype=np.uint64)
    return replace(made, code=k.Code(np.ascontiguousarray(rows), bits, bits.copy()))


def random_setting(
    rng: np.random.Generator, *, threads: int = 81, words: int = 4096, banks: int | None = None
) -> Setting:
    """Return random memory, constants and registers; some registers are addresses, some are small.

    Pairs from R2 on hold addresses of memory, a word or four apart from lane to lane.
    """
    from support.cases import draw

    warps = -(-threads // 32)
    registers = np.empty((warps, 256, 32), dtype=np.uint32)
    for number in range(256):
        kind = ("int", "float", "count", "float")[int(rng.integers(4))]
        for warp in range(warps):
            registers[warp, number] = draw(kind, 32, rng)
            if rng.random() < 0.2:
                registers[warp, number] = registers[warp, number, 0]
    for number in range(2, 64, 6):
        step = int(rng.choice([0, 4, 4, 4, 8, 16, 16, 12]))
        for warp in range(warps):
            first = BASE + 4 * int(rng.integers(0, words - 256)) // 16 * 16
            places = first + step * np.arange(32, dtype=np.int64)
            if rng.random() < 0.3:
                places = rng.permutation(places)
            registers[warp, number] = (places & 0xFFFFFFFF).astype(np.uint32)
            registers[warp, number + 1] = (places >> 32).astype(np.uint32)
    count = bank_words(()) if banks is None else banks
    constants = rng.integers(0, 1 << 32, count + 1, dtype=np.uint32)
    memory = rng.integers(0, 1 << 32, words, dtype=np.uint32)
    return Setting(registers, memory, constants, threads)


def left_by(name: str, program: Program, setting: Setting) -> dict[str, Any]:
    """Run a program in an engine; return everything that it leaves."""
    warps = setting.registers.shape[0]
    half = setting.words.size // 2
    with engine(name):
        while True:
            words = setting.words.copy()
            memory = memory_map(
                words,
                [
                    (BASE, BASE + 4 * half, 0),
                    (BASE + 4 * half, BASE + 8 * half, half),
                    (BASE + 8 * half + GAP, BASE + 8 * half + 2 * GAP, -1),
                ],
            )
            state = new_state(
                warps,
                shared_bytes=2048,
                local_bytes=256,
                profile_rows=program.code.rows.shape[0],
                log_words=2048,
            )
            state.warps["registers"] = setting.registers
            state.shared[:] = np.arange(state.shared.size)
            fault = setting.fault.copy()
            fault[k.FAULT_KEEPS] = 1
            grid_block = np.array([3, 2, 1, 9, 3, 64, 0, warps], dtype=np.int64)
            lookups = prepare_tables(program)
            translation = lookups.translation
            translation.counts[:] = 0
            translation.skipped[:] = 0
            status = run(
                program.code,
                setting.constants,
                lookups,
                memory,
                grid_block,
                setting.threads,
                setting.budget,
                fault,
                -1,
                state,
            )
            if status != k.PART_MISSING:
                break
            compile_missing(program, state)
    if translation.addresses.any():
        active = translation.counts[translation.block]
        state.profile[:] += np.stack([active, active - translation.skipped], axis=1)
    warp = state.warps
    entries = int(state.information[k.INFO_LOG])
    groups = [_groups(one) for one in warp]
    fields = ("registers", "predicates", "uniforms", "uniform_predicates", "counts")
    return {
        "status": int(status),
        "words": words,
        "log_word": state.log_word[:entries].copy(),
        "log_before": state.log_before[:entries].copy(),
        "log_time": state.log_time[:entries].copy(),
        "information": state.information.copy(),
        "profile": state.profile.copy(),
        "shared": state.shared.copy(),
        "groups": groups,
        **{name: warp[name].copy() for name in fields},
        "barriers": warp["barriers"].copy(),
    }


def _groups(warp: np.void) -> list[tuple[int, int, int]]:
    """Return a warp's groups; of the one that runs, the row is kept up to its last branch only."""
    number = int(warp["groups"])
    ready = [g for g in range(number) if warp["group_wait"][g] == k.READY]
    running = ready[-1] if ready else -1
    return [
        (
            int(warp["group_mask"][g]),
            -1 if g == running else int(warp["group_row"][g]),
            int(warp["group_wait"][g]),
        )
        for g in range(number)
    ]


def assert_equal_engines(program: Program, setting: Setting, about: str = "") -> dict[str, Any]:
    """Fail where the engines leave anything different; return what both leave."""
    one, other = (left_by(name, program, setting) for name in ENGINES)
    for name, value in one.items():
        same = (
            np.array_equal(value, other[name])
            if isinstance(value, np.ndarray)
            else (value == other[name])
        )
        if same:
            continue
        where = ""
        if isinstance(value, np.ndarray):
            at = tuple(int(axis[0]) for axis in np.nonzero(value != other[name]))
            where = f" at {at}: {value[at]!r} and {other[name][at]!r}"
        raise AssertionError(f"{about}: {name} differs{where}")
    return one
