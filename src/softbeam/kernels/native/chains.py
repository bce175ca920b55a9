"""Single chains of fused multiply-adds, from any step to any other.

An element of a matrix product is one chain (:mod:`softbeam.kernels.native.matrix`).  Here chains
are begun and gone on with one by one, as a strike needs them: from +0 to the step at which a fault
strikes, and from what it left to the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.arithmetic import canonical, fma_rn
from softbeam.jit import jit

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


@jit
def gather_columns(b, leading, columns, first, last, gathered):
    """Copy columns of `b`, whose rows begin `leading` words behind each other, one after another.

    Of each the steps `first` up to `last`, which is not in it.
    """
    depth = last - first
    for step in range(depth):
        row = (first + step) * leading
        for place in range(columns.shape[0]):
            gathered[place * depth + step] = b[row + columns[place]]


@jit
def _one(a, b, from_a, from_b, first, last, total):
    for step in range(first, last):
        total = fma_rn(a[from_a + step], b[from_b + step], total)
    return total


@jit
def extend_sums(a, b, from_a, from_b, first, last, sums):
    """Go on with chains in place, each over its own steps.

    Parameters
    ----------
    a, b : float32[:]
        Rows and columns, the steps of each one after another.
    from_a, from_b : int64[:]
        By chain: where step 0 of its row and of its column is, or would be.
    first, last : int64[:]
        By chain: the step to begin with and the one behind the last.
    sums : float32[:]
        The chains' values, a NaN as the GPU's.
    """
    number = sums.shape[0]
    for chain in range(0, number, 8):
        # Eight at once, for each step waits for the one before; one that is not there is the last.
        c0, end = chain, number - 1
        c1, c2, c3 = min(chain + 1, end), min(chain + 2, end), min(chain + 3, end)
        c4, c5, c6 = min(chain + 4, end), min(chain + 5, end), min(chain + 6, end)
        c7 = min(chain + 7, end)
        begin, stop = first[c0], last[c0]
        for one in range(chain, min(chain + 8, number)):
            begin, stop = max(begin, first[one]), min(stop, last[one])
        if begin < stop:
            for one in range(chain, min(chain + 8, number)):
                sums[one] = _one(a, b, from_a[one], from_b[one], first[one], begin, sums[one])
            a0, a1, a2, a3 = from_a[c0], from_a[c1], from_a[c2], from_a[c3]
            a4, a5, a6, a7 = from_a[c4], from_a[c5], from_a[c6], from_a[c7]
            b0, b1, b2, b3 = from_b[c0], from_b[c1], from_b[c2], from_b[c3]
            b4, b5, b6, b7 = from_b[c4], from_b[c5], from_b[c6], from_b[c7]
            s0, s1, s2, s3 = sums[c0], sums[c1], sums[c2], sums[c3]
            s4, s5, s6, s7 = sums[c4], sums[c5], sums[c6], sums[c7]
            for step in range(begin, stop):
                s0 = fma_rn(a[a0 + step], b[b0 + step], s0)
                s1 = fma_rn(a[a1 + step], b[b1 + step], s1)
                s2 = fma_rn(a[a2 + step], b[b2 + step], s2)
                s3 = fma_rn(a[a3 + step], b[b3 + step], s3)
                s4 = fma_rn(a[a4 + step], b[b4 + step], s4)
                s5 = fma_rn(a[a5 + step], b[b5 + step], s5)
                s6 = fma_rn(a[a6 + step], b[b6 + step], s6)
                s7 = fma_rn(a[a7 + step], b[b7 + step], s7)
            sums[c7], sums[c6], sums[c5], sums[c4] = s7, s6, s5, s4
            sums[c3], sums[c2], sums[c1], sums[c0] = s3, s2, s1, s0
        else:
            stop = np.int64(-1)
        for one in range(chain, min(chain + 8, number)):
            rest = first[one] if stop < 0 else stop
            total = _one(a, b, from_a[one], from_b[one], rest, last[one], sums[one])
            sums[one] = canonical(total)
