"""Which shipped kernels a test of all machine code looks at, and on which architectures.

Kernels without hardening are looked at on every architecture.  There are nine times as many
hardened variants, of the same sources and techniques on each: some are looked at everywhere,
each of them on one architecture in turn, so that between them all are.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

import pytest
from _pytest.mark import ParameterSet

from softbeam.kernels import ARCHITECTURES, KERNELS, listing_bytes
from softbeam.kernels.hardened import techniques_of
from softbeam.sass import Instruction, read_listing

#: Variants that every run looks at, on each architecture: every technique is in one of them.
ALWAYS = (
    "add_bias+duplication+range+bounds", "maxpool+triplication+bounds", "normalize+range",
    "sgemm_32x32+duplication+bounds",
)  # fmt: skip


#: What tests of everything look at where each kernel takes its time: all but most variants.
FEW = (*(name for name in KERNELS if not techniques_of(name)), *ALWAYS)


def architecture_of(name: str) -> str:
    """Return the architecture on which slow tests look at a variant.

    Variants in one cubin have the same, so that its listing is read once.
    """
    return ARCHITECTURES[crc32(KERNELS[name].file.encode()) % len(ARCHITECTURES)]


def listing_text_of(file: str, architecture: str) -> bytes:
    """Return the listing of one shipped file, as the disassembler wrote it."""
    name = next(name for name, kernel in KERNELS.items() if kernel.file == file)
    return listing_bytes(name, architecture)


@lru_cache(maxsize=4)
def listing_of(file: str, architecture: str) -> dict[str, tuple[Instruction, ...]]:
    """Return the instructions of the kernels that lie in one shipped file."""
    return read_listing(listing_text_of(file, architecture), origin=file)


def shipped(names: Iterable[str] = tuple(KERNELS)) -> list[ParameterSet]:
    """Return kernels and architectures, marked slow where they are."""
    found = []
    for name in names:
        for architecture in ARCHITECTURES:
            if not techniques_of(name) or name in ALWAYS:
                found.append(pytest.param(name, architecture))
            elif architecture == architecture_of(name):
                found.append(pytest.param(name, architecture, marks=pytest.mark.slow))
    return found


#: The parameters of a test of all machine code.
on_all_shipped = pytest.mark.parametrize(("name", "architecture"), shipped())
