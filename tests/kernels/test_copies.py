"""The copies in hardened kernels stand in the machine code: no compiler has merged them."""

from __future__ import annotations

from collections import Counter

import pytest
from support.shipped import shipped

from softbeam.kernels import KERNELS, program
from softbeam.kernels.hardened import REPORTING, base_of, techniques_of, variant

#: What a thread computes with; moves, which compilers make as they like, are left out.
ARITHMETIC = {"FADD", "FMUL", "FFMA", "MUFU", "FSETP", "FMNMX", "I2F", "F2I"}

COPIED = [name for name in KERNELS if {"duplication", "triplication"} & set(techniques_of(name))]
COPIED = [name for name in COPIED if not name.startswith("sgemm")]

#: Kernels whose base is compiled with its loops unrolled otherwise, or with other branches, so that
#: its instructions cannot be counted against the variant's; their own accesses are compared.
LOOPS = {
    "activate_normalize_channels", "activate_normalize_channels_softmax", "avgpool", "im2col",
    "im2col_ext", "maxpool", "maxpool_depth", "maxpool_xy", "pool_window", "reduce", "resize",
    "shortcut_multilayer", "softmax",
}  # fmt: skip


ON = pytest.mark.parametrize(("name", "architecture"), shipped(COPIED))


def counted(name: str, architecture: str) -> Counter[str]:
    """Return how often each opcode stands in a kernel's code, subroutines behind it left out.

    What a division or a root rarely needs is a subroutine, of which every copy calls the same.
    """
    function = program(name, architecture).function
    calls = [one for one in function.instructions if one.opcode == "CALL"]
    targets = [function.symbols.get(one.operands[-1].text) for one in calls]
    end = min((one for one in targets if one is not None), default=None)
    own = [one for one in function.instructions if end is None or one.pc < end]
    return Counter(one.opcode for one in own)


@ON
def test_a_copy_loads_and_computes_by_itself(name: str, architecture: str) -> None:
    base, techniques = base_of(name), techniques_of(name)
    copies = 3 if "triplication" in techniques else 2
    # Of the same source, so that its branches are the same.
    plain = variant(base, {"range", *techniques} - set(REPORTING)) or base
    one, several = counted(plain, architecture), counted(name, architecture)
    if base in LOOPS:
        # An unrolled loop has its load several times; a copy has at least one.
        assert several["LDG"] >= copies
        return
    clamps = set() if "range" in techniques else {"FMNMX"}
    for opcode in {"LDG", *ARITHMETIC} - clamps:
        assert several[opcode] >= copies * one[opcode], opcode


@ON
def test_what_is_found_is_reported_by_one_atomic_addition(name: str, architecture: str) -> None:
    found = counted(name, architecture)
    assert found["RED"] + found["REDG"] + found["ATOMG"] >= 1
