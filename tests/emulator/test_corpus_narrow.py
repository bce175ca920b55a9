"""The corpus' functions on narrow numbers, against fractions rounded once and integers.

What one architecture has an instruction for, CUDA's library computes in many steps on another: both
must give the same.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from support import exact as x
from support.cases import BFLOATS, DOUBLES, FLOATS, HALVES, INTEGERS, M32
from support.corpus import (
    covered,
    each,
    kernels,
    loaded,
    on_architectures,
    own_machine,
    shared_machine,
)
from support.exact import BFLOAT, DOUBLE, HALF, SINGLE

from softbeam.emulator.lowering import lower
from softbeam.sass.cubin import read_cubin

COUNT = 150
Model = Callable[[int, int], int]


def drawn(edges: tuple[int, ...], bits: int, parts: int, seed: int) -> np.ndarray:
    """Return words of so many parts: half of the parts are edge values, the others any bits."""
    rng = np.random.default_rng(seed)
    word = bits * parts
    found = np.zeros(COUNT, dtype=np.uint64)
    for part in range(parts):
        anything = rng.integers(0, 1 << 64, COUNT, dtype=np.uint64) >> np.uint64(64 - bits)
        edge = rng.choice(np.array(edges, dtype=np.uint64), COUNT)
        values = np.where(rng.random(COUNT) < 0.5, edge, anything)
        found |= values << np.uint64(bits * part)
    return found.astype(f"u{word // 8}")


def by_part(function: Model, bits: int, parts: int) -> Model:
    """Apply a function to each part of two words."""

    def model(a: int, b: int) -> int:
        ones = (1 << bits) - 1
        return sum(
            (function(a >> bits * part & ones, b >> bits * part & ones) & ones) << bits * part
            for part in range(parts)
        )

    return model


def pair(low: Callable[[int, int, int, int], int], high: Callable[..., int], bits: int) -> Model:
    """Make a word of functions of the low and high parts of two words: a, A, b, B."""

    def model(a: int, b: int) -> int:
        ones = (1 << bits) - 1
        values = (a & ones, a >> bits, b & ones, b >> bits)
        return low(*values) | high(*values) << bits

    return model


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


def number_pair(function: Model) -> Model:
    return by_part(function, 32, 2)


def minus(bits: int, form: x.Format) -> int:
    return bits ^ form.sign


def nonnegative(bits: int, form: x.Format) -> int:
    return 0 if x.negative(bits, form) else bits


def complex_sum(form: x.Format) -> Model:
    """(a + iA)(b + iB) + (a + iA), the low part first, as __hcmadd orders its fused products."""

    def fused(a: int, b: int, c: int) -> int:
        return x.fused(a, b, c, "RN", form)

    return pair(
        lambda a, A, b, B: fused(A, minus(B, form), fused(a, b, a)),  # noqa: N803
        lambda a, A, b, B: fused(A, b, fused(a, B, A)),  # noqa: N803
        16,
    )


#: Kernels of two words to one, and what each gives.
PAIRS: dict[str, Model] = {
    "add_pair": number_pair(x.add),
    "add_pair_one": number_pair(lambda a, b: x.add(a, 0x3FC00000)),
    "add_pair_uniform": pair(
        lambda a, A, b, B: x.add(a, x.rounded(Fraction(COUNT))),  # noqa: N803
        lambda a, A, b, B: x.add(A, x.rounded(Fraction(-COUNT))),  # noqa: N803
        32,
    ),
    "multiply_pair_turned": pair(
        lambda a, A, b, B: x.multiply(a, B),  # noqa: N803
        lambda a, A, b, B: x.multiply(A, b),  # noqa: N803
        32,
    ),
    "multiply_pair_up": number_pair(lambda a, b: x.multiply(a, b, "RP")),
    "fused_pair": number_pair(lambda a, b: x.fused(a, b, a)),
    "fused_pair_negative": number_pair(lambda a, b: x.fused(minus(a, SINGLE), b, minus(b, SINGLE))),
    "fused_pair_scalar": pair(
        lambda a, A, b, B: x.fused(a, B, a & M32 >> 1),  # noqa: N803
        lambda a, A, b, B: x.fused(A, B, A & M32 >> 1),  # noqa: N803
        32,
    ),
}
BYTES: dict[str, Model] = {
    "add_bytes": by_part(lambda a, b: a + b, 8, 4),
    "subtract_bytes": by_part(lambda a, b: a - b, 8, 4),
    "add_bytes_clamped": by_part(lambda a, b: min(a + b, 255), 8, 4),
    "negative_bytes": by_part(lambda a, b: -a, 8, 4),
    "largest_bytes": by_part(max, 8, 4),
    "least_bytes": by_part(min, 8, 4),
    "least_signed_bytes": by_part(lambda a, b: min(signed(a, 8), signed(b, 8)), 8, 4),
    "bytes_in_range": by_part(lambda a, b: min(max(a, 16), 128), 8, 4),
    "average_bytes": by_part(lambda a, b: (a + b + 1) // 2, 8, 4),
    "greater_bytes": by_part(lambda a, b: 255 * (a > b), 8, 4),
    "largest_halves": by_part(lambda a, b: max(signed(a, 16), signed(b, 16)), 16, 2),
}


def whole(mode: str, bits: int, *, is_signed: bool = True, form: x.Format = HALF) -> Model:
    """Return a half as an integer; NaN is 0, of 64 bits the most negative number."""

    def model(half: int, b: int) -> int:
        if x.is_nan(half, form):
            return 1 << 63 if bits == 64 else 0
        return x.to_integer(half, mode, bits, is_signed=is_signed, form=form)

    return model


def low(function: Model) -> Model:
    return lambda a, b: function(a & 0xFFFF, b & 0xFFFF)


def high(function: Model) -> Model:
    return lambda a, b: function(a >> 16, b >> 16)


#: Kernels of words of two halves: the type of their results, and what each gives.
OF_HALVES: dict[str, tuple[str, Model]] = {
    "half_to_ushort": ("u2", high(lambda a, b: whole("RZ", 16, is_signed=False)(a & 0x7FFF, b))),
    "half_to_short": ("u2", low(lambda a, b: whole("RN", 16)(minus(a, HALF), b))),
    "half_to_uint": ("u4", high(whole("RP", 32, is_signed=False))),
    "half_to_long": ("u8", low(whole("RN", 64))),
    "half_to_char": ("u1", low(whole("RZ", 8))),
    "complex": ("u4", complex_sum(HALF)),
    "fused_relu": (
        "u4", by_part(lambda a, b: nonnegative(x.fused(a, b, a, "RN", HALF), HALF), 16, 2)
    ),
}  # fmt: skip


def brains(function: Model) -> tuple[str, Model]:
    return "u4", by_part(function, 16, 2)


def ordered(name: str, a: int, b: int) -> bool:
    return x.compare(a, b, BFLOAT) in x.COMPARISONS[name]


def brain_order(a: int, b: int) -> int:
    return (
        ordered("LT", a & 0xFFFF, b & 0xFFFF)
        + 2 * ordered("GE", a >> 16, b >> 16)
        + 4 * ordered("NE", a & 0xFFFF, b >> 16)
        + 8 * x.is_nan(a & 0xFFFF, BFLOAT)
    )


OF_BRAINS: dict[str, tuple[str, Model]] = {
    "brain_add": brains(lambda a, b: x.add(a, b, "RN", BFLOAT)),
    "brain_subtract": brains(lambda a, b: x.add(a, minus(b, BFLOAT), "RN", BFLOAT)),
    "brain_multiply": brains(lambda a, b: x.multiply(a, b, "RN", BFLOAT)),
    "brain_fused": brains(lambda a, b: x.fused(a, b, a, "RN", BFLOAT)),
    "brain_fused_constant": brains(lambda a, b: x.fused(a, 0x3FC0, 0xC000, "RN", BFLOAT)),
    "brain_fused_relu": brains(lambda a, b: nonnegative(x.fused(a, b, a, "RN", BFLOAT), BFLOAT)),
    "brain_complex": ("u4", complex_sum(BFLOAT)),
    "brain_least": brains(lambda a, b: x.minimum(a, b, maximum=False, form=BFLOAT)),
    "brain_most_or_nan": brains(
        lambda a, b: x.minimum(a, b, maximum=True, keep_nan=True, form=BFLOAT)
    ),
    "brain_negative": brains(lambda a, b: BFLOAT.nan if x.is_nan(a, BFLOAT) else minus(a, BFLOAT)),
    "brain_absolute": brains(
        lambda a, b: BFLOAT.nan if x.is_nan(a, BFLOAT) else a & BFLOAT.sign - 1
    ),
    "brain_greater": brains(lambda a, b: 0x3F80 if ordered("GT", a, b) else 0),
    "brain_mask": brains(lambda a, b: 0xFFFF if ordered("LEU", a, b) else 0),
    "brain_less": ("u4", brain_order),
    "brain_to_int": ("u4", high(whole("RZ", 32, form=BFLOAT))),
    "brain_to_short": ("u2", low(whole("RN", 16, form=BFLOAT))),
}


def packed(form: x.Format, mode: str) -> Model:
    def half(number: int) -> int:
        return nonnegative(x.convert(number, SINGLE, form, mode), form)

    return lambda a, b: half(a) << 16 | half(b)


def least_with_sign(a: int, b: int) -> int:
    value = x.minimum(a & M32 >> 1, b & M32 >> 1, maximum=False)
    return value if x.is_nan(value) else value | (a ^ b) & SINGLE.sign


OF_FLOATS: dict[str, Model] = {
    "pack_relu": packed(HALF, "RN"),
    "pack_brain_relu": packed(BFLOAT, "RZ"),
    "least_with_sign": least_with_sign,
}


def from_integer(value: int, mode: str) -> int:
    return x.rounded(Fraction(value), mode, BFLOAT) if value else 0


#: Kernels with one number of a kind of their own.
OTHERS: dict[str, tuple[np.ndarray, Model]] = {
    "brain_from_short": (
        drawn(INTEGERS[:20], 16, 1, 9), lambda a, b: from_integer(signed(a, 16), "RN")
    ),
    "brain_from_long": (drawn(INTEGERS, 64, 1, 10), lambda a, b: from_integer(a, "RZ")),
    "brain_from_double": (drawn(DOUBLES, 64, 1, 11), lambda a, b: x.convert(a, DOUBLE, BFLOAT)),
}  # fmt: skip


def compare(found: np.ndarray, model: Model, a: np.ndarray, b: np.ndarray, name: str) -> None:
    ones = (1 << 8 * found.dtype.itemsize) - 1
    for place, result in enumerate(found.tolist()):
        wanted = model(int(a[place]), int(b[place])) & ones
        assert result == wanted, f"{name}({a[place]:#x}, {b[place]:#x}): {result:#x}, {wanted:#x}"


def check(
    name: str, architecture: str, model: Model, out: str, edges: tuple[int, ...], bits: int,
    parts: int,
) -> None:  # fmt: skip
    a, b = (drawn(edges, bits, parts, seed) for seed in (1, 2))
    b[:10] = a[:10]
    machine = shared_machine("narrow", architecture)
    compare(each(machine, name, np.dtype(out), a, b), model, a, b, name)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", PAIRS))
def test_pairs_of_floats(architecture: str, name: str) -> None:
    check(name, architecture, PAIRS[name], "u8", FLOATS, 32, 2)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", BYTES))
def test_bytes(architecture: str, name: str) -> None:
    check(name, architecture, BYTES[name], "u4", (0, 1, 127, 128, 129, 255), 8, 4)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", OF_HALVES))
def test_halves(architecture: str, name: str) -> None:
    out, model = OF_HALVES[name]
    check(name, architecture, model, out, HALVES, 16, 2)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", OF_BRAINS))
def test_bfloat16(architecture: str, name: str) -> None:
    out, model = OF_BRAINS[name]
    check(name, architecture, model, out, BFLOATS, 16, 2)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", OF_FLOATS))
def test_floats(architecture: str, name: str) -> None:
    check(name, architecture, OF_FLOATS[name], "u4", FLOATS, 32, 1)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", OTHERS))
def test_conversions_to_bfloat16(architecture: str, name: str) -> None:
    numbers, model = OTHERS[name]
    machine = shared_machine("narrow", architecture)
    compare(each(machine, name, np.dtype("u2"), numbers, numbers), model, numbers, numbers, name)


def launched(machine: Any, name: str, numbers: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Launch a kernel whose elements are wider than any integer of NumPy's."""
    count = len(out)
    places = [machine.allocate(array) for array in (out, numbers, numbers)]
    assert machine.launch(f"{name}_k", -(-count // 64), 64, *places, count).completed
    return np.asarray(machine.read(places[0]))


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", ("to_e4m3", "to_e5m2")))
def test_float8_of_floats(architecture: str, name: str) -> None:
    machine = own_machine("narrow", architecture)
    numbers = np.concatenate([drawn(FLOATS, 32, 1, 3), near_float8(name[3:].upper())])
    numbers = np.resize(numbers, -(-len(numbers) // 4) * 4)
    found = launched(machine, name, numbers, np.zeros(len(numbers), dtype=np.uint8).view("u4"))
    bytes_ = found.view(np.uint8)
    compare(bytes_, lambda a, b: x.to_float8(a, name[3:].upper()), numbers, numbers, name)


def near_float8(name: str) -> np.ndarray:
    """Return every float8 as a float32, the numbers half way between two, and their neighbours."""
    every = [x.from_float8(byte, name) for byte in range(x.FLOAT8[name][1] + 1)]
    middles = [x.rounded((x.value(a) + x.value(b)) / 2) for a, b in itertools.pairwise(every)]
    return np.array([*every, *(m + d for m in middles for d in (-1, 0, 1))], dtype=np.uint32)


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", ("half_to_e4m3",)))
def test_float8_of_halves(architecture: str, name: str) -> None:
    check(name, architecture, by_two(lambda a: x.to_float8(a, "E4M3", HALF)), "u2", HALVES, 16, 2)


def by_two(function: Callable[[int], int]) -> Model:
    return lambda a, b: function(a & 0xFFFF) | function(a >> 16) << 8


@pytest.mark.parametrize(("name", "architecture"), kernels("narrow", ("from_e4m3", "from_e5m2")))
def test_floats_of_float8(architecture: str, name: str) -> None:
    machine = own_machine("narrow", architecture)
    every = np.arange(256, dtype=np.uint8)
    found = launched(machine, name, every, np.zeros((64, 4), dtype=np.uint32)).reshape(-1)
    wanted = [x.from_float8(byte, name[5:].upper()) for byte in range(256)]
    for byte, (result, number) in enumerate(zip(found.tolist(), wanted, strict=True)):
        if x.is_nan(number):
            assert x.is_nan(result), f"{name}({byte:#x})"
        else:
            assert result == number, f"{name}({byte:#x})"


@on_architectures("narrow")
def test_a_block_is_a_cluster_of_its_own(architecture: str) -> None:
    machine = own_machine("narrow", architecture)
    grid = (3, 2, 2)
    out = machine.allocate(np.zeros((12, 11), dtype=np.uint32))
    assert machine.launch("clusters_k", grid, 1, out).completed
    blocks = [(i, k) for k in range(2) for _ in range(2) for i in range(3)]
    wanted = [[1, 0, 0, 0, 1, 1, x_, z, 3, 2, 0] for x_, z in blocks]
    assert machine.read(out).tolist() == wanted


@pytest.mark.parametrize("architecture", ["sm_90", "sm_120"])
def test_nothing_is_told_of_larger_clusters(architecture: str) -> None:
    kernel = shared_machine("narrow", architecture).kernels["clusters_k"]
    assert lower(kernel).supported.all()
    refused = np.flatnonzero(~lower(replace(kernel, clustered=True)).supported)
    texts = [str(kernel.instructions[row]) for row in refused.tolist()]
    assert any("SR_CgaSize" in text or "c[0x0][0x144]" in text for text in texts)


def test_a_cubin_says_that_a_kernel_has_clusters() -> None:
    cubin, _ = loaded("narrow", "sm_90")
    plain = read_cubin(cubin, origin="narrow")[1]["clusters_k"]
    section = ELFFile(io.BytesIO(cubin)).get_section_by_name(".nv.info.clusters_k")
    # The most registers of a thread, an attribute without a payload, becomes another one.
    place = section["sh_offset"] + section.data().index(b"\x03\x1b")
    changed = cubin[: place + 1] + b"\x3e" + cubin[place + 2 :]
    kernels_ = read_cubin(changed, origin="narrow")[1]
    assert not plain.clustered
    assert [name for name, one in kernels_.items() if one.clustered] == ["clusters_k"]


def test_all_of_the_source() -> None:
    tables = (PAIRS, BYTES, OF_HALVES, OF_BRAINS, OF_FLOATS, OTHERS)
    more = ("to_e4m3", "to_e5m2", "half_to_e4m3", "from_e4m3", "from_e5m2", "clusters")
    covered("narrow", [*(name for table in tables for name in table), *more])
