"""What a debugger calls of the interpreter, jitted: one warp from where it stands, one barrier.

The interpreter's own functions are compiled into their callers and need not be callable from
Python; these are.
"""

from __future__ import annotations

from softbeam.emulator.core.interpreter import pass_barrier, run_warp
from softbeam.jit import jit


@jit
def go_on(code, constants, tables, memory, grid_block, warp, budget, fault, traced, state):
    """Run a warp on; as :func:`softbeam.emulator.core.interpreter.run_warp`."""
    return run_warp(code, constants, tables, memory, grid_block, warp, budget, fault, traced, state)


@jit
def pass_together(warps):
    """Let all warps pass the barrier that they wait at."""
    pass_barrier(warps)
