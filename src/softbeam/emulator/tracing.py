"""The trace of one thread: where it was and what its registers held before each instruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import new_state
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.vector import FaultVector


@dataclass(frozen=True, slots=True)
class ThreadTrace:
    """What one thread did, step by step.

    Attributes
    ----------
    rows : numpy.ndarray of int64, [steps]
        The instructions that it reached, counted in its kernel.
    registers : numpy.ndarray of uint32, [steps, registers]
        Its general registers before each of them.
    ending : Ending
        How its warp, or its block, ended.
    """

    rows: NDArray[np.int64]
    registers: NDArray[np.uint32]
    ending: Ending


def trace_thread(
    runner: Runner,
    launch: Launch,
    block: int,
    thread: int,
    *,
    steps: int,
    registers: int,
    budget: int,
    fault: FaultVector,
    log_words: int = 1 << 16,
) -> ThreadTrace:
    """Run the warp, or block, of one thread and follow the thread.

    Parameters
    ----------
    runner, launch, block, budget, fault
        As for :meth:`softbeam.emulator.launching.Runner.run`.
    thread : int
        Number of the thread in its block.
    steps : int
        Room for so many instructions; a longer trace is cut off, and its run ended, there.
    registers : int
        General registers to keep.
    log_words : int
        Room for the stores of the run.

    Raises
    ------
    UnsupportedInstruction
        If it reaches an instruction that the emulator does not know.
    """
    state = new_state(
        launch.shape.warps if launch.program.has_barrier else 1,
        shared_bytes=launch.shared_bytes,
        local_bytes=launch.program.local_bytes,
        log_words=log_words,
        trace_steps=steps,
        trace_registers=registers,
    )
    ending = runner.run(
        launch,
        block,
        thread // k.LANES,
        budget=budget,
        fault=fault,
        traced=thread,
        state=state,
    )
    length = int(ending.information[k.INFO_TRACE])
    return ThreadTrace(state.trace_row[:length], state.trace_registers[:length], ending)
