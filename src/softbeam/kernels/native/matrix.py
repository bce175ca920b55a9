"""The image-to-column twin, and GEMM by the host's BLAS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.jit import jit


@jit
def im2col(count, im, height, width, ksize, pad, stride, height_col, width_col, col):  # type: ignore[no-untyped-def]
    """Lay out every output pixel's neighbourhood as a column of `col`, zeros outside the image."""
    channels = count // (height_col * width_col)
    position = 0
    for channel in range(channels):
        for i in range(ksize):
            for j in range(ksize):
                for row_out in range(height_col):
                    row = row_out * stride - pad + i
                    if row < 0 or row >= height:
                        for column_out in range(width_col):
                            col[position + column_out] = 0
                    else:
                        source = (channel * height + row) * width
                        for column_out in range(width_col):
                            column = column_out * stride - pad + j
                            if column < 0 or column >= width:
                                col[position + column_out] = 0
                            else:
                                col[position + column_out] = im[source + column]
                    position += width_col


def gemm(
    m: int,
    n: int,
    k: int,
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    c: NDArray[np.float32],
) -> None:
    """Add the matrix product of `a` (m x k) and `b` (k x n) to `c` (m x n).

    The product is the host's BLAS; it is added to `c` once, element by element.  A NaN becomes the
    GPU's canonical 0x7fffffff.
    """
    target = c[: m * n]
    with np.errstate(invalid="ignore", over="ignore"):
        target += np.matmul(a[: m * k].reshape(m, k), b[: k * n].reshape(k, n)).ravel()
    if np.isnan(target).any():
        target.view(np.uint32)[np.isnan(target)] = 0x7FFFFFFF
