"""The struck thread step by step: its registers before and after the strike, and its next steps.

Both runs are traced, the one without fault and the one with it; what the fault does to memory is
:mod:`softbeam.injection.strike`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import new_state
from softbeam.emulator.launching import Runner
from softbeam.emulator.lowering import Program
from softbeam.errors import InternalError
from softbeam.faults.modes import target_of
from softbeam.faults.site import FaultSite
from softbeam.injection.strike import hang_budget
from softbeam.network.device import Device

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
    neutral, fault = site.vector(neutral=True), site.vector()
    # A fault that is followed ends its execution early.
    fault[k.FAULT_TRACK] = 0
    rows, values = _run(device, runner, site, longest, neutral)
    faulty_rows, faulty_values = _run(device, runner, site, longest, fault)
    ending = runner.run(
        device.launch(site.launch),
        site.block,
        site.thread // k.LANES,
        budget=hang_budget(longest),
        fault=site.vector(),
    )
    passes = np.flatnonzero(rows == site.pc // 16)
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
    raised = ending.status >= k.ILLEGAL_ADDRESS
    first = step if before else step + 1
    return Trace(
        registers=registers,
        next_use=_next_use(program, rows[first:], changed),
        parts=16 * int(faulty_rows[apart[0]]) if apart.size else None,
        stopped_at=16 * int(ending.information[k.INFO_ROW]) if raised else None,
        address=(
            int(ending.information[k.INFO_ADDRESS]) % (1 << 64)
            if k.ILLEGAL_ADDRESS <= ending.status <= k.INVALID_ADDRESS_SPACE
            else None
        ),
    )


def _run(
    device: Device, runner: Runner, site: FaultSite, longest: int, fault: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return the rows that the struck thread reached, and its registers before each.

    The trace is as long as the longest fault-free thread; one that goes astray is cut off.
    """
    launch = device.launch(site.launch)
    state = new_state(
        launch.shape.warps if launch.program.has_barrier else 1,
        shared_bytes=launch.shared_bytes,
        log_words=LOG_WORDS,
        trace_steps=longest + 2,
        trace_registers=site.registers,
    )
    ending = runner.run(
        launch,
        site.block,
        site.thread // k.LANES,
        budget=hang_budget(longest),
        fault=fault,
        traced=site.thread,
        state=state,
    )
    entries = int(ending.information[k.INFO_TRACE])
    return state.trace_row[:entries], state.trace_registers[:entries]


def _next_use(
    program: Program, rows: NDArray[np.int64], registers: list[int]
) -> tuple[int, str] | None:
    """Return the first of the rows that names one of the registers, and how."""

    def named(bits: NDArray[np.uint64], row: int) -> bool:
        return any(int(bits[row, register >> 6]) >> (register & 63) & 1 for register in registers)

    for row in rows.tolist():
        if named(program.code.reads, row):
            return 16 * row, "reads"
        if named(program.code.writes, row):
            return 16 * row, "writes"
    return None
