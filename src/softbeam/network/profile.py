"""The profile: how often each instruction of each launch executes, exactly, thread by thread.

Every warp of every launch is emulated without fault from the golden memory, and every word that it
stores is compared with the native run; so a profile is also the proof that both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.core.profiling import DIFFERS, TABLE_FULL, profile_units
from softbeam.emulator.execution import (
    EXCEPTIONS,
    check_supported,
    new_state,
    no_fault,
    tables,
)
from softbeam.errors import InternalError
from softbeam.network.device import Device

#: Instructions that a thread of a fault-free launch may execute.
PROFILE_BUDGET = 1 << 40

#: Different counts that a launch's table has room for at first; it grows where units have more.
FIRST_CLASSES = 256

#: Units that run before it is asked whether to translate the program; then twice as many, ….
FIRST_UNITS = 64


@dataclass(frozen=True, slots=True)
class LaunchProfile:
    """Executions of one launch.

    Attributes
    ----------
    launch : int
        Number of the launch in the plan.
    classes : numpy.ndarray of int32, [classes, rows, 2]
        The different counts of active and of executed threads by instruction that units have.
    class_of_unit : numpy.ndarray of int32
        For each unit (a warp; a block, where its warps wait for each other) its class.
    longest : int
        Most instructions that any thread executes.
    """

    launch: int
    classes: NDArray[np.int32]
    class_of_unit: NDArray[np.int32]
    longest: int

    @property
    def totals(self) -> NDArray[np.int64]:
        """Active and executed threads by instruction over the whole launch: int64[rows, 2]."""
        units = np.bincount(self.class_of_unit, minlength=self.classes.shape[0])
        totals: NDArray[np.int64] = np.tensordot(units, self.classes.astype(np.int64), axes=1)
        return totals


def profile_launch(device: Device, number: int) -> LaunchProfile:
    """Emulate a whole launch and count its executions.

    Raises
    ------
    InternalError
        If a unit does not end, or leaves other words than the native run.
    UnsupportedInstruction
        If the emulator does not know an instruction.
    """
    launch = device.launch(number)
    shape, program = launch.shape, launch.program
    units = shape.blocks * (1 if program.has_barrier else shape.warps)
    rows = program.code.rows.shape[0]
    golden, plan = device.golden, device.plan
    written = np.array(
        [
            [
                golden.layout.offsets[number, piece],
                golden.layout.pieces[piece].words,
                golden.layout.offsets[number + 1, piece],
            ]
            for span in plan.launches[number].writes
            for piece in golden.layout.covered(span)
        ],
        dtype=np.int64,
    ).reshape(-1, 3)
    state = new_state(
        shape.warps if program.has_barrier else 1,
        shared_bytes=launch.shared_bytes,
        profile_rows=rows,
        log_words=1 << 20,
    )
    capacity = FIRST_CLASSES
    while True:
        classes = np.zeros((capacity, rows, 2), dtype=np.int32)
        class_of_unit = np.zeros(units, dtype=np.int32)
        slots = np.full(8 * capacity, -1, dtype=np.int64)
        progress = np.zeros(3, dtype=np.int64)
        status, done, step = k.FINISHED, 0, FIRST_UNITS
        while status == k.FINISHED and done < units:
            last = min(units, done + step)
            status = profile_units(
                program.code,
                launch.constants,
                tables(program),
                launch.memory,
                np.array(shape.grid, dtype=np.int64),
                np.array(shape.block, dtype=np.int64),
                program.has_barrier,
                done,
                last,
                PROFILE_BUDGET,
                no_fault(),
                state,
                classes,
                slots,
                class_of_unit[done:],
                written,
                progress,
            )
            done, step = last, 2 * step
        if status != TABLE_FULL:
            break
        capacity *= 4
    check_supported(program, status, state)
    if status != k.FINISHED:
        what = (
            "leaves other words than the native run"
            if status == DIFFERS
            else (f"ended with {EXCEPTIONS.get(status, status)}")
        )
        raise InternalError(
            f"launch {number} ({plan.launches[number].kernel}, layer "
            f"{plan.launches[number].layer}): unit {progress[2]} {what}"
        )
    return LaunchProfile(number, classes[: progress[0]].copy(), class_of_unit, int(progress[1]))


def struck_launches(device: Device) -> list[int]:
    """Return the launches that can be struck: all but those of a library."""
    return [launch.index for launch in device.plan.launches if not launch.library]


def profile_network(
    device: Device, progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[LaunchProfile]:
    """Profile every launch that can be struck, in order."""
    launches = struck_launches(device)
    for done, number in enumerate(launches):
        yield profile_launch(device, number)
        progress(done + 1, len(launches))
