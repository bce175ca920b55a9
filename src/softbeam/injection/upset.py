"""A fault in memory: one word changes before a launch, and everything behind it is computed.

Nothing is emulated: the launches read the word as they read any other.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.ending import COMPLETED
from softbeam.faults.site import MemorySite
from softbeam.injection.strike import Strike
from softbeam.network.golden import GoldenRun


def upset(golden: GoldenRun, site: MemorySite) -> Strike:
    """Return what a fault in memory changes: one word, or none where the value is the old one.

    Parameters
    ----------
    golden : GoldenRun
        The fault-free run; not changed.
    site : MemorySite
        The fault.
    """
    index = np.array([site.word])
    before = int(golden.words_at(site.buffer, site.launch, index)[0])
    after = site.change.of(before)
    value = np.array([after], dtype=np.uint32)
    return Strike(
        ending=COMPLETED,
        changed={} if after == before else {site.buffer: (index, value)},
        before=before,
        after=after,
        unrecorded=0,
        instructions=0,
    )
