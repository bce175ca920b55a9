"""Instructions counted by thread, jitted: the interpreter adds them up at control flow alone."""

from __future__ import annotations

import numpy as np

from softbeam.jit import callee


@callee
def _active(mask, lane):
    """Return all ones for a lane of the mask, else zero."""
    return -np.int64((mask >> np.uint32(lane)) & np.uint32(1))


@callee
def count_steps(w, mask, steps):
    """Count instructions of the lanes of `mask`; returns the most that one of them has executed."""
    most = np.int64(0)
    for lane in range(32):
        # Without a branch, so that this is a few vector instructions.
        active = _active(mask, lane)
        counted = w.counts[lane] + (steps & active)
        w.counts[lane] = counted
        most = max(most, counted & active)
    return most


@callee
def most_counted(w, mask):
    """Return the most instructions that a lane of `mask` has executed."""
    most = np.int64(0)
    for lane in range(32):
        most = max(most, w.counts[lane] & _active(mask, lane))
    return most
