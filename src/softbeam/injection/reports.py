"""What a hardened network's checks have reported, and what an injection is called for it.

A kernel of two or three copies, or a launch that checks a product, counts in a buffer that the host
reads at the end what it detected and what it corrected.  Whether a count is zero is what matters:
several warps of one launch that are struck apart each count from what was there before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from softbeam.injection.changes import BufferChange
from softbeam.injection.classification import Outcome
from softbeam.network.golden import GoldenRun

Bits = NDArray[np.uint32]

#: What is said where nothing is reported; a plan without a report has this.
NOTHING = np.zeros(2, dtype=np.uint32)


def report(golden: GoldenRun, changes: Mapping[str, BufferChange]) -> Bits:
    """Return what is reported at the end of an inference.

    Parameters
    ----------
    golden : GoldenRun
        The fault-free run, which reports nothing.
    changes : mapping of str to BufferChange
        By buffer what differs at the end.

    Returns
    -------
    numpy.ndarray of uint32, [2]
        How much was detected, and how much corrected.
    """
    name = golden.plan.report
    if name not in changes:
        return NOTHING
    found = golden.view(name, len(golden.plan.launches)).copy()
    changes[name].put(found)
    return found


def is_detected(golden: GoldenRun, changed: Mapping[str, tuple[NDArray[np.int64], Bits]]) -> bool:
    """Return whether words that differ behind a launch say that an error was detected."""
    indexes, values = changed.get(golden.plan.report, (None, None))
    if indexes is None or values is None:
        return False
    return bool((values[indexes == 0] != 0).any())


def reported(outcome: Outcome, found: Bits) -> Outcome:
    """Return what an inference that came to its end is called for what it reported.

    What is detected is noticed, whatever the answer is: a DUE.  What was corrected is told where
    the answer is the fault-free one.

    Parameters
    ----------
    outcome : Outcome
        As the answer alone has it.
    found : numpy.ndarray of uint32, [2]
        As of :func:`report`.
    """
    if found[0]:
        return Outcome.of("detected")
    if found[1] and outcome.outcome == "Masked":
        return replace(outcome, detail="corrected")
    return outcome
