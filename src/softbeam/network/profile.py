"""The profile: how often each instruction of each launch executes, exactly, thread by thread.

Every warp of every launch is emulated without fault from the golden memory, and every word that it
stores is compared with the native run; so a profile is also the proof that both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.profiling import count_executions
from softbeam.errors import InternalError
from softbeam.network.device import Device

#: Instructions that a thread of a fault-free launch may execute.
PROFILE_BUDGET = 1 << 40


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
    found = count_executions(launch, written, PROFILE_BUDGET)
    if found.failure:
        raise InternalError(
            f"launch {number} ({plan.launches[number].kernel}, layer "
            f"{plan.launches[number].layer}): unit {found.unit} {found.failure}"
        )
    return LaunchProfile(number, found.classes, found.class_of_unit, found.longest)


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
