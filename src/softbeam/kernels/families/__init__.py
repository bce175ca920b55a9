"""The families of kernels: of each kernel its twin, the owner of a word, and how changes travel.

Twins compute on the host, bit for bit, what the machine code computes; that they do is a tested
property.  The owner of a word is needed only where a wild store meets another's word: within a
launch the later block's store stays (hardware README, point 3), so the order of the two threads
decides what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from softbeam.emulator.special import special_function_tables
from softbeam.kernels.behaviour import NOBODY, Behaviour, Channelwise, Pointwise
from softbeam.kernels.families import (
    activation,
    channels,
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
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.kernels.native.limits import clamp
from softbeam.kernels.signatures import Arguments, arguments_of, signature
from softbeam.kernels.stored import Stored

__all__ = [
    "BEHAVIOURS",
    "NOBODY",
    "Channelwise",
    "Pointwise",
    "Stored",
    "clamp_stored",
    "compute",
    "owner_thread",
    "stores",
]

_FAMILIES = (
    activation, channels, crop, elementwise, joining, moving, pointwise, products, reductions,
    softmax, windows,
)  # fmt: skip

#: What is known of each kernel, by its short name.
BEHAVIOURS: Mapping[str, Behaviour] = {
    name: behaviour for family in _FAMILIES for name, behaviour in family.FAMILY.items()
}


def compute(kernel: str, arguments: Iterable[Any]) -> None:
    """Compute a launch natively, in place.

    A hardened variant is its base, whose twin knows nothing of what its other parameters say; then
    what it stores is clamped where it has limits.

    Parameters
    ----------
    kernel : str
        The kernel's short name.
    arguments : iterable
        Its arguments in order, pointers as 1-D arrays that begin where the pointer points; where a
        variant reports does not matter.
    """
    base, values = base_of(kernel), tuple(arguments)
    behaviour = BEHAVIOURS[base]
    own = values if base == kernel else values[: len(signature(base).parameters)]
    given = (np.float32(one) if isinstance(one, float) else one for one in own)
    tables = special_function_tables()
    behaviour.twin(*given, *(getattr(tables, name) for name in behaviour.tables))
    if base != kernel:
        clamp_stored(arguments_of(kernel, values))


def stores(arguments: Arguments) -> tuple[Stored, ...]:
    """Return the float words that a launch stores, hardened or not.

    Parameters
    ----------
    arguments : Arguments
        The launch's; pointers do not matter.

    Examples
    --------
    >>> from softbeam.kernels import arguments
    >>> stores(arguments("fill", N=100, ALPHA=0.0, X=None, INCX=3))
    (Stored(pointer='X', sizes=(100,), steps=(3,), first=0),)
    """
    return BEHAVIOURS[base_of(arguments.kernel)].stores(arguments)


def clamp_stored(arguments: Arguments) -> None:
    """Clamp what a launch has stored, in place, where its kernel has limits.

    Parameters
    ----------
    arguments : Arguments
        The launch's, pointers as 1-D arrays that begin where the pointer points.
    """
    if "range" not in techniques_of(arguments.kernel):
        return
    for one in stores(arguments):
        clamp(one.of(getattr(arguments, one.pointer)), arguments.LOW, arguments.HIGH)


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
    return BEHAVIOURS[base_of(arguments.kernel)].owner_thread(arguments, word)
