"""Write a reduction as a program.

python examples/reduction/make.py runs/reduction
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from softbeam import Program


def reduction(count: int = 20_000, blocks: int = 16, arch: str = "sm_90") -> Program:
    """Return the program that sums the squares of normal numbers."""
    values = np.random.default_rng(0).normal(size=count).astype(np.float32)
    program = Program("reduction")
    program.load(Path(__file__).with_name("reduction.cu"), architecture=arch)
    given = program.buffer("values", values)
    parts = program.buffer("parts", shape=blocks, dtype=np.float32)
    result = program.buffer("sum", shape=1, dtype=np.float32)
    program.launch("squares", blocks, 256, count, given, parts)
    program.launch("total", 1, 32, blocks, parts, result)
    program.output(result)
    return program


if __name__ == "__main__":
    reduction().write(sys.argv[1])
