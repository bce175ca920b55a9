"""Write a matrix product as a program.

python examples/matrix_product/make.py runs/product
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from softbeam import Program


def product(rows: int = 96, columns: int = 80, steps: int = 112, arch: str = "sm_90") -> Program:
    """Return the program that multiplies two matrices of normal numbers."""
    rng = np.random.default_rng(0)
    program = Program("product")
    program.load(Path(__file__).with_name("product.cu"), architecture=arch)
    a = program.buffer("a", rng.normal(size=(rows, steps)).astype(np.float32))
    b = program.buffer("b", rng.normal(size=(steps, columns)).astype(np.float32))
    c = program.buffer("c", shape=(rows, columns), dtype=np.float32)
    grid = (-(-columns // 16), -(-rows // 16))
    program.launch("product", grid, (16, 16), rows, columns, steps, a, b, c)
    program.output(c)
    return program


if __name__ == "__main__":
    product().write(sys.argv[1])
