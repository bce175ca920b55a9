"""Plans that have answers and nothing else, for judges."""

from __future__ import annotations

import math

import numpy as np

from softbeam.network.layers import AveragePool
from softbeam.network.plan import Answer, Buffer, Plan


def plan_of(*answers: tuple[str, tuple[int, ...]]) -> Plan:
    """Return a plan that has answers and nothing else."""
    parts = [
        Answer(name, f"{number}.output", sides) for number, (name, sides) in enumerate(answers)
    ]
    buffers = {
        one.buffer: Buffer(one.buffer, math.prod(one.sides), 1 << 20 << number)
        for number, one in enumerate(parts)
    }
    return Plan(
        "net", (AveragePool(0, (1, 1, 1)),), buffers, (), "-1.input", tuple(buffers), (), (), (),
        tuple(parts),
    )  # fmt: skip


def bits(values: object) -> np.ndarray:
    """Return numbers as the bits of an answer."""
    return np.asarray(values, dtype=np.float32).reshape(-1).view(np.uint32)
