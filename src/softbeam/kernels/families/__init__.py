"""The families of kernels: of each kernel its twin, the owner of a word, and how changes travel.

Twins compute on the host, bit for bit, what the machine code computes; that they do is a tested
property.  The owner of a word is needed only where a wild store meets another's word: within a
launch the later block's store stays (hardware README, point 3), so the order of the two threads
decides what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from softbeam.emulator.special import special_function_tables
from softbeam.kernels.behaviour import NOBODY, Behaviour, Channelwise, Pointwise
from softbeam.kernels.families import (
    activation,
    channels,
    checks,
    crop,
    elementwise,
    joining,
    moving,
    pointwise,
    products,
    reductions,
    softmax,
    windows,
)
from softbeam.kernels.signatures import Arguments

__all__ = ["BEHAVIOURS", "NOBODY", "Channelwise", "Pointwise", "compute", "owner_thread"]

_FAMILIES = (
    activation, channels, checks, crop, elementwise, joining, moving, pointwise, products,
    reductions, softmax, windows,
)  # fmt: skip

#: What is known of each kernel, by its short name.
BEHAVIOURS: Mapping[str, Behaviour] = {
    name: behaviour for family in _FAMILIES for name, behaviour in family.FAMILY.items()
}


def compute(kernel: str, arguments: Iterable[object]) -> None:
    """Compute a launch natively, in place.

    Parameters
    ----------
    kernel : str
        The kernel's short name.
    arguments : iterable
        Its arguments in order, pointers as 1-D arrays that begin where the pointer points.
    """
    behaviour = BEHAVIOURS[kernel]
    given = (np.float32(one) if isinstance(one, float) else one for one in arguments)
    tables = special_function_tables()
    behaviour.twin(*given, *(getattr(tables, name) for name in behaviour.tables))


def owner_thread(arguments: Arguments, word: int) -> int:
    """Return the number of the thread that stores a word, blocks of 512 threads in order.

    Parameters
    ----------
    arguments : Arguments
        The launch's; pointers do not matter.
    word : int
        Place of the word, counted from where the written pointer points.

    Returns
    -------
    int
        Its number in the launch, see :data:`softbeam.kernels.behaviour.Owner`.

    Examples
    --------
    >>> from softbeam.kernels import arguments
    >>> fill = arguments("fill", N=100, ALPHA=0.0, X=None, INCX=3)
    >>> owner_thread(fill, 9), owner_thread(fill, 10)
    (3, -1)
    """
    return BEHAVIOURS[arguments.kernel].owner_thread(arguments, word)
