"""Checks of matrix products as facts: the sizes that the check kernels' source counts on.

What they compute stands with their twins, in :mod:`softbeam.kernels.families.checks`; from where
the tolerance follows in :mod:`softbeam.network.hardening.tolerance`.  Here is no arithmetic, so
that planning a network needs neither NumPy nor Numba.
"""

from __future__ import annotations

from typing import Any

#: The checks of products and of convolutions.
CHECKS = "check_product", "check_convolution"

#: Words that are summed in single precision before they are added in double precision.
RUN = 16

#: Words before the sums of A's columns: what the tolerance is made of.
HEAD = 4

#: Threads in a block.
THREADS = 64

#: Instructions with which a step of an element is computed again, at most: of a product, and of a
#: convolution, which finds each step's place in the image.
PER_STEP, PER_WINDOW_STEP = 8, 32

#: Threads that a launch has if its columns can be shared among so many.
ENOUGH_THREADS = 1 << 12


def padded_channels(channels: int) -> int:
    """Return the words that the sums of one pixel's channels take."""
    return -(-channels // 4) * 4


def check_words(channels: int, pixels: int = 1) -> int:
    """Return the words of what a check knows of the weights.

    Parameters
    ----------
    channels, pixels
        Of a window; of a product the rows of B, and 1.

    Examples
    --------
    >>> check_words(3, 49), check_words(1024)
    (200, 1028)
    """
    return HEAD + padded_channels(channels) * pixels


def share_of(columns: int, m: int, channels: int, pixels: int = 1) -> int:
    """Return the SHARE of a check, of which two to the power is how many lanes share a column.

    As many as make enough threads for a GPU, but no more than have something to do for each run of
    channels, and so few that what a thread does once is little beside its sums.

    Parameters
    ----------
    columns, m
        Columns and rows of C.
    channels, pixels
        Of a window; of a product the rows of B, and 1.

    Examples
    --------
    >>> [share_of(n, 512, c, 9) for n, c in ((12_544, 3), (784, 128), (196, 256), (49, 1024))]
    [0, 3, 4, 5]
    """
    most = min(32, channels // RUN, (m + channels * pixels) // 64)
    share = 0
    while columns << share < ENOUGH_THREADS and 2 << share <= most:
        share += 1
    return share


def most_correcting(arguments: Any) -> int:
    """Return about how many instructions a thread of a check executes that corrects all columns.

    A warp computes its columns again one after the other, each of its lanes every 32nd row.  Of any
    other kernel's launch it is 0.

    Parameters
    ----------
    arguments : Arguments
        Of a launch.
    """
    if arguments.kernel not in CHECKS:
        return 0
    if arguments.kernel == CHECKS[0]:
        steps = arguments.K * PER_STEP
    else:
        steps = arguments.channels * arguments.kernel_h * arguments.kernel_w * PER_WINDOW_STEP
    return int(steps * -(-arguments.M // 32) * (32 >> arguments.SHARE))


def grid_of(columns: int, share: int) -> tuple[int, int, int]:
    """Return the blocks of a check of so many columns.

    Examples
    --------
    >>> grid_of(784, 3), grid_of(49, 5)
    ((98, 1, 1), (25, 1, 1))
    """
    return -(-(columns << share) // THREADS), 1, 1
