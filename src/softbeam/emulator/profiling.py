"""Run every unit of a launch without fault and count what it executes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.profiling import DIFFERS, TABLE_FULL, profile_units
from softbeam.emulator.ending import name_of
from softbeam.emulator.execution import check_supported, compile_missing, new_state, prepare_tables
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import Program
from softbeam.emulator.vector import no_fault

#: Different counts that a launch's table has room for at first; it grows where units have more.
FIRST_CLASSES = 256

#: Units that run before it is asked whether to translate the program; then twice as many, ….
FIRST_UNITS = 64

#: Stores of one unit that can be undone at first; the log grows where one stores more.
LOG_WORDS = 1 << 20

_Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Executions:
    """What the units of a launch execute.

    Attributes
    ----------
    classes : numpy.ndarray of int32, [classes, rows, 2]
        The different counts of active and of executed threads by instruction that units have.
    class_of_unit : numpy.ndarray of int32
        For each unit (a warp; a block, where its warps wait for each other) its class.
    longest : int
        Most instructions that any thread executes.
    unit : int
        The last unit that ran.
    failure : str
        What is wrong with that unit; empty if all finished and left the wanted words.
    """

    classes: NDArray[np.int32]
    class_of_unit: NDArray[np.int32]
    longest: int
    unit: int
    failure: str


def _state(launch: Launch, log_words: int) -> k.State:
    """Return the state in which units of a launch run, with room for so many stores of one."""
    program = launch.program
    return new_state(
        launch.shape.warps if program.has_barrier else 1,
        shared_bytes=launch.shared_bytes,
        local_bytes=program.local_bytes,
        profile_rows=program.code.rows.shape[0],
        log_words=log_words,
    )


def _keys(program: Program, capacity: int) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Return room for what translated code counts, by class, with a hash table over it."""
    translation = prepare_tables(program).translation
    numbers = translation.counts.size + translation.guarded.size
    return (
        np.zeros(numbers, dtype=np.int64),
        np.zeros((capacity, numbers), dtype=np.int64),
        np.full(8 * capacity, -1, dtype=np.int64),
    )


def count_executions(launch: Launch, written: NDArray[np.int64], budget: int) -> Executions:
    """Run the units of a launch, count, and compare every word that they store.

    Parameters
    ----------
    launch : Launch
        What to run; its memory is left as it was.
    written : numpy.ndarray of int64, [regions, 3]
        For each region of the pool that the launch writes: its first word, its number of words,
        and the first word of what the launch should leave there.
    budget : int
        Instructions that one thread may execute.

    Raises
    ------
    UnsupportedInstruction
        If the emulator does not know an instruction.
    """
    shape, program = launch.shape, launch.program
    units = shape.blocks * (1 if program.has_barrier else shape.warps)
    rows = program.code.rows.shape[0]
    log_words, capacity = LOG_WORDS, FIRST_CLASSES
    state = _state(launch, log_words)
    while True:
        classes = np.zeros((capacity, rows, 2), dtype=np.int32)
        class_of_unit = np.zeros(units, dtype=np.int32)
        slots = np.full(8 * capacity, -1, dtype=np.int64)
        key, keys, key_slots = _keys(program, capacity)
        progress = np.zeros(3, dtype=np.int64)
        status, done, step = k.FINISHED, 0, FIRST_UNITS
        while status == k.FINISHED and done < units:
            last = min(units, done + step)
            lookups = prepare_tables(program)
            status = profile_units(
                program.code,
                launch.constants,
                lookups,
                launch.memory,
                np.array(shape.grid, dtype=np.int64),
                np.array(shape.block, dtype=np.int64),
                np.zeros(8, dtype=np.int64),
                program.has_barrier,
                done,
                last,
                budget,
                no_fault(),
                state,
                classes,
                slots,
                class_of_unit[done:],
                written,
                key,
                keys,
                key_slots,
                progress,
            )
            done, step = last, 2 * step
            if status == k.PART_MISSING:
                compile_missing(program, state)
                status, done = k.FINISHED, int(progress[2])
            elif status == k.LOG_FULL:
                log_words *= 4
                state = _state(launch, log_words)
                status, done = k.FINISHED, int(progress[2])
        if status != TABLE_FULL:
            break
        capacity *= 4
    check_supported(program, status, state)
    failure = ""
    if status == DIFFERS:
        failure = "leaves other words than the native run"
    elif status != k.FINISHED:
        failure = f"ended with {name_of(status)}"
    entries, longest, unit = progress.tolist()
    return Executions(classes[:entries].copy(), class_of_unit, longest, unit, failure)
