"""What a hardened kernel makes of a word that it stores: kept within limits, else a limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def clamp(values: NDArray[np.float32], low: float, high: float) -> None:
    """Clamp numbers in place, as hardened kernels do before they store them.

    NaN and what is below `low` become `low`, what is above `high` becomes `high`; every other
    number keeps all of its bits.

    Parameters
    ----------
    values : numpy.ndarray of float32
        The numbers, of any shape and steps.
    low, high : float
        The limits, `low` not above `high`; a zero is -0 as the lower and +0 as the upper one, so
        that a minimum that orders zeros by their signs keeps both.

    Examples
    --------
    >>> numbers = np.array([np.nan, -3, -0.0, 0.5, np.inf], dtype=np.float32)
    >>> clamp(numbers, -1.0, 2.0)
    >>> numbers.tolist()
    [-1.0, -1.0, -0.0, 0.5, 2.0]
    """
    np.copyto(values, np.float32(high), where=values > high)
    np.copyto(values, np.float32(low), where=~(values >= low))
