"""Plans whose matrix products are checked, and nothing else of which is hardened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from softbeam.network.hardening.checksum import REPORT, append_check, check_weights
from softbeam.network.plan import Buffer, Launch, Plan

#: Buffers begin at multiples of so many bytes.
STEP = 512


def checked(
    plan: Plan, weights: dict[str, np.ndarray], wanted: Callable[[Launch], bool] = bool
) -> tuple[Plan, dict[str, np.ndarray]]:
    """Return a plan with a check behind each wanted product, and its weights.

    What the checks need besides lies in memory behind all buffers.
    """
    launches: list[Launch] = []
    more: dict[str, int] = {}
    for launch in plan.launches:
        launches.append(replace(launch, index=len(launches)))
        if launch.product is not None and wanted(launch):
            before = launches[-2]
            laid = before if before.kernel.startswith("im2col") else None
            more |= append_check(launches, launches[-1], laid, weights)
    buffers = dict(plan.buffers)
    for name, words in {**more, REPORT: 2}.items():
        end = max(buffer.end for buffer in buffers.values())
        buffers[name] = Buffer(name, words, -(-end // STEP) * STEP)
    made = replace(plan, buffers=buffers, launches=tuple(launches))
    sums = {name: words.view("f4") for name, words in check_weights(made, weights).items()}
    return made, {**weights, **sums}
