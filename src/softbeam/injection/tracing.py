"""The struck thread step by step: its registers before and after the strike, and its next steps.

Both runs are traced, the one without fault and the one with it; what the fault does to memory is
in :mod:`softbeam.injection.strike`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Runner
from softbeam.emulator.lowering import Program
from softbeam.emulator.tracing import trace_thread
from softbeam.emulator.vector import FaultVector
from softbeam.errors import InternalError
from softbeam.faults.modes import target_of
from softbeam.faults.site import FaultSite
from softbeam.injection.strike import hang_budget
from softbeam.network.device import Device
from softbeam.sass import pc_of, row_of

#: Stores of a traced execution that can be undone; it ends soon after the fault.
LOG_WORDS = 1 << 20


@dataclass(frozen=True, slots=True)
class RegisterStep:
    """One register around the struck instruction; None where the thread has no next step.

    Attributes
    ----------
    register : int
        Its number.
    before : int
        Its value before the instruction, and before a fault in it.
    golden_after, faulty_after : int or None
        Its value after the instruction, without fault and with it.
    """

    register: int
    before: int
    golden_after: int | None
    faulty_after: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What the struck thread did from the strike on.

    Attributes
    ----------
    registers : tuple of RegisterStep
        Every general register of the thread.
    next_use : (int, str) or None
        The first later instruction of the fault-free thread that names a register which the fault
        changed: its pc, and ``reads`` or ``writes``.
    parts : int or None
        The first pc at which the faulty thread is elsewhere than the fault-free one.
    stopped_at : int or None
        The pc at which an exception ended the launch.
    address : int or None
        The address that was accessed then.
    """

    registers: tuple[RegisterStep, ...]
    next_use: tuple[int, str] | None
    parts: int | None
    stopped_at: int | None
    address: int | None


def trace(device: Device, runner: Runner, site: FaultSite, longest: int) -> Trace:
    """Run the struck thread twice, without and with the fault, and follow its registers.

    Parameters
    ----------
    device, runner, site, longest
        As in :func:`softbeam.injection.strike.strike`.

    Raises
    ------
    InternalError
        If the thread does not pass the site.
    """
    program = device.launch(site.launch).program
    rows, values = _run(device, runner, site, longest, site.vector(neutral=True))
    # A fault that is followed ends its execution early.
    faulty_rows, faulty_values = _run(device, runner, site, longest, site.vector(follow=False))
    ending = runner.run(
        device.launch(site.launch),
        site.block,
        site.thread // LANES,
        budget=hang_budget(longest),
        fault=site.vector(),
    )
    passes = np.flatnonzero(rows == row_of(site.pc))
    if passes.size <= site.occurrence:
        raise InternalError(f"the traced thread does not pass the drawn site {site}")
    step = int(passes[site.occurrence])

    def after(trace_values: NDArray[np.uint32], register: int) -> int | None:
        return int(trace_values[step + 1, register]) if step + 1 < len(trace_values) else None

    registers = tuple(
        RegisterStep(
            register,
            int(values[step, register]),
            after(values, register),
            after(faulty_values, register),
        )
        for register in range(site.registers)
    )
    changed = [one.register for one in registers if one.golden_after != one.faulty_after]
    before = target_of(site.mode, site.target).kind == "before"
    if before:
        changed = [site.register or 0]
    common = min(len(rows), len(faulty_rows))
    apart = np.flatnonzero(rows[:common] != faulty_rows[:common])
    first = step if before else step + 1
    return Trace(
        registers=registers,
        next_use=_next_use(program, rows[first:], changed),
        parts=pc_of(int(faulty_rows[apart[0]])) if apart.size else None,
        stopped_at=None if ending.exception is None else ending.pc,
        address=ending.address,
    )


def _run(
    device: Device, runner: Runner, site: FaultSite, longest: int, fault: FaultVector
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return the rows that the struck thread reached, and its registers before each.

    The trace is as long as the longest fault-free thread; one that goes astray is cut off.
    """
    found = trace_thread(
        runner,
        device.launch(site.launch),
        site.block,
        site.thread,
        steps=longest + 2,
        registers=site.registers,
        budget=hang_budget(longest),
        fault=fault,
        log_words=LOG_WORDS,
    )
    return found.rows, found.registers


def _next_use(
    program: Program, rows: NDArray[np.int64], registers: list[int]
) -> tuple[int, str] | None:
    """Return the first of the rows that names one of the registers, and how."""

    def named(bits: NDArray[np.uint64], row: int) -> bool:
        return any(int(bits[row, register >> 6]) >> (register & 63) & 1 for register in registers)

    for row in rows.tolist():
        if named(program.code.reads, row):
            return pc_of(row), "reads"
        if named(program.code.writes, row):
            return pc_of(row), "writes"
    return None
