"""The recorded correction tables of the special function unit, read from the package.

The functions that use them are in :mod:`softbeam.emulator.core.special`.
"""

from __future__ import annotations

import lzma
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class SpecialFunctionTables(NamedTuple):
    """Distances in ulps of the H100's MUFU results from the correctly rounded ones.

    Attributes
    ----------
    rcp, ex2 : numpy.ndarray of int8, 2^23 entries
        MUFU.RCP for inputs 1 <= x < 2 and MUFU.EX2 for inputs 0 <= x < 1, by mantissa.
    rsq : numpy.ndarray of int8, 2^24 entries
        MUFU.RSQ for inputs 1 <= x < 4.
    """

    rcp: NDArray[np.int8]
    rsq: NDArray[np.int8]
    ex2: NDArray[np.int8]


def _read(name: str) -> NDArray[np.int8]:
    packed = resources.files("softbeam.emulator").joinpath(f"tables/{name}.i8.xz").read_bytes()
    return np.frombuffer(lzma.decompress(packed), dtype=np.int8).copy()


@cache
def special_function_tables() -> SpecialFunctionTables:
    """Return the recorded tables of MUFU.RCP, MUFU.RSQ and MUFU.EX2."""
    return SpecialFunctionTables(_read("rcp"), _read("rsq"), _read("ex2"))
