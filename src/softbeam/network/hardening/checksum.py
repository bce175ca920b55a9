"""Checks of matrix products by sums, as launches behind them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import NetworkError
from softbeam.network.plan import Launch, Plan

Weights = Mapping[str, NDArray[np.float32]]


def append_check(
    launches: list[Launch], product: Launch, im2col: Launch | None, weights: Weights
) -> dict[str, int]:
    """Append the launch that checks a product to those that are planned already.

    Parameters
    ----------
    launches : list of Launch
        Those of the hardened network so far, numbered from 0; the product is the last.
    product : Launch
        The product.
    im2col : Launch or None
        The launch of im2col that made its B, which is checked with it.
    weights : mapping of str to numpy.ndarray of float32
        The network's weights, by buffer.

    Returns
    -------
    dict of str to int
        Buffers that the check needs besides, and their words.
    """
    raise NetworkError(
        f"{product.kernel} in layer {product.layer} cannot be checked by sums yet; leave checksum "
        "out"
    )


def check_weights(plan: Plan, weights: Weights) -> dict[str, NDArray[np.uint32]]:
    """Return the contents of the buffers that a hardened plan's checks need besides, by name."""
    return {}
