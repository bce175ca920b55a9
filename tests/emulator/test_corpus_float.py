"""The corpus' float32, float64 and half functions against exact and double-precision values.

Where the machine code determines the result (additions, divisions, roots, remainders,
conversions), every bit must be right.  Where CUDA's library approximates, the error stays within
the bound that NVIDIA documents (CUDA C++ Programming Guide, "Mathematical Functions", maximum ulp
error; PTX ISA for the approximate instructions).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from support import exact as x
from support.cases import DOUBLES, FLOATS, HALVES, M32, M64, signed
from support.corpus import covered, each, kernels, on_architectures, shared_machine
from support.exact import DOUBLE, HALF, SINGLE

NAN = float("nan")


def floats(count: int, seed: int) -> np.ndarray:
    """Return float32 bits: all edge values, then moderate numbers, then any bits."""
    rng = np.random.default_rng(seed)
    moderate = (rng.normal(0, 3, count // 2) * 10.0 ** rng.integers(-3, 3, count // 2)).astype("f4")
    anything = rng.integers(0, 1 << 32, count, dtype=np.uint64).astype(np.uint32)
    edges = np.array(FLOATS, dtype=np.uint32)
    rng.shuffle(edges)
    return np.concatenate([edges, moderate.view(np.uint32), anything])[:count]


def doubles(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    moderate = rng.normal(0, 3, count // 2) * 10.0 ** rng.integers(-6, 7, count // 2)
    anything = rng.integers(0, 1 << 63, count, dtype=np.uint64) * np.uint64(2)
    edges = np.array(DOUBLES, dtype=np.uint64)
    rng.shuffle(edges)
    return np.concatenate([edges, moderate.view(np.uint64), anything])[:count]


def safely(function: Callable[..., float]) -> Callable[..., float]:
    """Let a function of Python's mathematical library answer as IEEE 754 does."""

    def answer(*arguments: float) -> float:
        try:
            return function(*arguments)
        except ValueError:
            return NAN
        except OverflowError:
            return math.inf

    return answer


def log_of(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda v: -math.inf if v == 0 else safely(function)(v)


def power(a: float, b: float) -> float:
    odd = b == math.floor(b) and b % 2 == 1 if math.isfinite(b) else False
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and odd else math.inf
    except ValueError:
        # Zero to a negative power, or a negative number to one that is not whole.
        return math.copysign(math.inf, a if odd else 1) if a == 0 else NAN


def steps(found: int, wanted: float, form: x.Format) -> float:
    """Return how many numbers lie between a result and the correctly rounded one.

    So NVIDIA's guide states the errors of its functions.
    """
    if x.is_nan(found, form) or math.isnan(wanted):
        return 0.0 if x.is_nan(found, form) and math.isnan(wanted) else math.inf
    sign = form.sign if math.copysign(1, wanted) < 0 else 0
    if math.isinf(wanted):
        right = sign | form.infinity
    else:
        right = x.rounded(Fraction(wanted), "RN", form) if wanted else sign

    def place(bits: int) -> int:
        size = bits & (form.sign - 1)
        return -size if x.negative(bits, form) else size

    return abs(place(found) - place(right))


# Functions that are approximated: maximum error in ulps, and the value in double precision.

APPROXIMATE: dict[str, tuple[float, Callable[..., float]]] = {
    "expf": (1, safely(math.exp)),
    "exp2f": (2, safely(math.exp2)),
    "expm1f": (1, safely(math.expm1)),
    "logf": (1, log_of(math.log)),
    "log2f": (1, log_of(math.log2)),
    "log10f": (2, log_of(math.log10)),
    "log1pf": (1, lambda v: -math.inf if v == -1 else safely(math.log1p)(v)),
    "sinf": (2, safely(math.sin)),
    "cosf": (2, safely(math.cos)),
    "tanf": (4, safely(math.tan)),
    "tanhf": (2, math.tanh),
    "sinhf": (3, lambda v: math.copysign(safely(math.sinh)(abs(v)), v)),
    "asinf": (2, safely(math.asin)),
    "atanf": (2, math.atan),
    "erff": (2, math.erf),
    "cbrtf": (1, math.cbrt),
    "rsqrtf": (2, lambda v: math.copysign(math.inf, v) if v == 0 else (
        NAN if v < 0 else 1 / math.sqrt(v))),
    "atan2f": (3, math.atan2),
    "powf": (4, power),
    "hypotf": (3, math.hypot),
}  # fmt: skip


def rounds(mode: str) -> Callable[[int, int], int]:
    def model(a: int, b: int) -> int:
        if x.is_nan(a):
            return SINGLE.nan
        if x.is_infinite(a):
            return a
        whole = x.integral(x.value(a), mode)
        return x.rounded(Fraction(whole)) if whole else a & SINGLE.sign

    return model


def half_away(a: int, b: int) -> int:
    if x.is_nan(a) or x.is_infinite(a):
        return SINGLE.nan if x.is_nan(a) else a
    size = abs(x.value(a)) + Fraction(1, 2)
    whole = size.numerator // size.denominator
    return a & SINGLE.sign | (x.rounded(Fraction(whole)) if whole else 0)


def quotient(a: int, b: int, mode: str = "RN", form: x.Format = SINGLE) -> int:
    """Return a / b rounded once."""
    sign = (a ^ b) & form.sign
    if x.is_nan(a, form) or x.is_nan(b, form):
        return form.nan
    if x.is_infinite(a, form):
        return form.nan if x.is_infinite(b, form) else sign | form.infinity
    if x.is_infinite(b, form):
        return sign
    if x.is_zero(b, form):
        return form.nan if x.is_zero(a, form) else sign | form.infinity
    if x.is_zero(a, form):
        return sign
    return x.rounded(x.value(a, form) / x.value(b, form), mode, form)


def root(a: int, form: x.Format = SINGLE) -> int:
    if x.is_nan(a, form) or (x.negative(a, form) and not x.is_zero(a, form)):
        return form.nan
    if x.is_zero(a, form) or x.is_infinite(a, form):
        return a
    number = x.value(a, form)
    scale = 1 << (form.mantissa_bits + 2000)
    return x.rounded(Fraction(math.isqrt(int(number * scale * scale)), scale), "RN", form)


def rest(function: Callable[[float, float], float], form: x.Format) -> Callable[[int, int], int]:
    def model(a: int, b: int) -> int:
        if x.is_nan(a, form) or x.is_nan(b, form) or x.is_infinite(a, form) or x.is_zero(b, form):
            return form.nan
        if x.is_infinite(b, form):
            return a
        return bits_of(function(number_of(a, form), number_of(b, form)), form)

    return model


CODES = {HALF: ("<e", "<H"), SINGLE: ("<f", "<I"), DOUBLE: ("<d", "<Q")}


def number_of(bits: int, form: x.Format = SINGLE) -> float:
    number, word = CODES[form]
    return float(struct.unpack(number, struct.pack(word, bits))[0])


def bits_of(value: float, form: x.Format = SINGLE) -> int:
    number, word = CODES[form]
    return form.nan if value != value else int(struct.unpack(word, struct.pack(number, value))[0])


def neighbour(a: int, b: int) -> int:
    if x.is_nan(a) or x.is_nan(b):
        return SINGLE.nan
    order = x.compare(a, b)
    if order == "=":
        return b
    if x.is_zero(a):
        return b & SINGLE.sign | 1
    return a + 1 if (order == "<") != x.negative(a) else a - 1


def integer_of(width: int, mode: str, *, is_signed: bool, form: x.Format = SINGLE):  # type: ignore[no-untyped-def]
    def model(a: int, b: int) -> int:
        if x.is_nan(a, form):
            # PTX ISA, cvt: zero, but where one side has 64 bits the most negative number.
            return 1 << (width - 1) if width == 64 or form is DOUBLE else 0
        return x.to_integer(a, mode, width, is_signed=is_signed, form=form)

    return model


EXACT: dict[str, Callable[[int, int], int]] = {
    "sqrtf": lambda a, b: root(a),
    "floorf": rounds("RM"),
    "ceilf": rounds("RP"),
    "truncf": rounds("RZ"),
    "rintf": rounds("RN"),
    "roundf": half_away,
    "fmodf": rest(math.fmod, SINGLE),
    "remainderf": rest(math.remainder, SINGLE),
    "nextafterf": neighbour,
    "divide": quotient,
    "fmaxf": lambda a, b: x.minimum(a, b, maximum=True),
    "fminf": lambda a, b: x.minimum(a, b, maximum=False),
    "add_up": lambda a, b: x.add(a, b, "RP"),
    "multiply_down": lambda a, b: x.multiply(a, b, "RM"),
    "fma_zero": lambda a, b: x.fused(a, b, a, "RZ"),
    "divide_up": lambda a, b: quotient(a, b, "RP"),
    "saturate": lambda a, b: x.saturate(x.multiply(a, b)),
    "to_int": integer_of(32, "RZ", is_signed=True),
    "to_unsigned": integer_of(32, "RZ", is_signed=False),
    "to_long": integer_of(64, "RZ", is_signed=True),
    "to_unsigned_long": integer_of(64, "RZ", is_signed=False),
    "to_int_floor": integer_of(32, "RM", is_signed=True),
    "to_int_nearest": integer_of(32, "RN", is_signed=True),
    "to_double": lambda a, b: x.convert(a, SINGLE, DOUBLE),
    "to_bits": lambda a, b: a ^ 0x40000000,
}
WIDE = ("to_long", "to_unsigned_long", "to_double")

# Approximate instructions: name, range of the operand, largest error there, the true value.
FAST: dict[str, tuple[tuple[float, float], Callable[[float, float], float], Callable]] = {  # type: ignore[type-arg]
    "fast_exp": ((-80, 80), lambda v, w: (2 + math.floor(abs(1.173 * v))) * 2.0**-23 * w,
                 math.exp),
    "fast_sin": ((-math.pi, math.pi), lambda v, w: 2.0**-21.41, math.sin),
    "fast_cos": ((-math.pi, math.pi), lambda v, w: 2.0**-21.19, math.cos),
    "fast_log": ((0.5, 2), lambda v, w: 2.0**-21.41, math.log),
    "fast_tanh": ((-9, 9), lambda v, w: 2.0**-10.987 * abs(w), math.tanh),
    "fast_sqrt": ((1e-30, 1e30), lambda v, w: 2.0**-23 * w, math.sqrt),
}  # fmt: skip

A, B = floats(448, 1), floats(448, 2)
SPECIAL = A.size - 100


@pytest.mark.parametrize(("kernel", "architecture"), kernels("float_math", EXACT))
def test_exact_function(kernel: str, architecture: str) -> None:
    dtype = np.uint64 if kernel in WIDE else np.uint32
    found = each(shared_machine("float_math", architecture), kernel, dtype, A, B).tolist()
    for a, b, result in zip(A.tolist(), B.tolist(), found, strict=True):
        wanted = EXACT[kernel](a, b)
        if result == wanted:
            continue
        # Which NaN a library function hands on is its own choice.
        form = DOUBLE if kernel == "to_double" else SINGLE
        both = x.is_nan(result, form) and x.is_nan(wanted, form) and not kernel.startswith("to_i")
        assert both, f"{kernel}({a:#x}, {b:#x}) is {result:#x}, not {wanted:#x}"


@pytest.mark.parametrize(("kernel", "architecture"), kernels("float_math", APPROXIMATE))
def test_function_within_its_documented_error(kernel: str, architecture: str) -> None:
    most, function = APPROXIMATE[kernel]
    binary = kernel in ("atan2f", "powf", "hypotf")
    found = each(shared_machine("float_math", architecture), kernel, np.uint32, A, B).tolist()
    for a, b, result in zip(A.view("f4").tolist(), B.view("f4").tolist(), found, strict=True):
        wanted = function(a, b) if binary else function(a)
        assert steps(result, wanted, SINGLE) <= most, (
            f"{kernel}({a!r}, {b!r}) is {number_of(result)!r}, not {wanted!r}"
        )


@pytest.mark.parametrize(("kernel", "architecture"), kernels("float_math", FAST))
def test_approximate_instruction(kernel: str, architecture: str) -> None:
    (low, high), bound, function = FAST[kernel]
    rng = np.random.default_rng(7)
    values = rng.uniform(low, high, 256).astype(np.float32)
    if low > 0:
        values[:128] = np.exp(rng.uniform(math.log(low), math.log(high), 128)).astype(np.float32)
    zeros = np.zeros(256, dtype=np.float32)
    found = each(shared_machine("float_math", architecture), kernel, np.float32, values, zeros)
    for value, result in zip(values.tolist(), found.tolist(), strict=True):
        wanted = function(value)
        # What is added for the rounding of the result itself is half an ulp.
        allowed = bound(value, wanted) + abs(wanted) * 2.0**-24
        assert abs(result - wanted) <= allowed, f"{kernel}({value!r}) is {result!r}, not {wanted!r}"


@pytest.mark.parametrize(("kernel", "architecture"), kernels("float_math", ["fast_divide"]))
def test_fast_division(kernel: str, architecture: str) -> None:
    """Two ulps where the divisor is not near the ends of the range."""
    rng = np.random.default_rng(8)
    a, b = (rng.normal(0, 100, 256).astype(np.float32) for _ in range(2))
    found = each(shared_machine("float_math", architecture), kernel, np.uint32, a, b)
    for first, second, result in zip(a.tolist(), b.tolist(), found.tolist(), strict=True):
        assert steps(result, first / second, SINGLE) <= 2


def test_every_function_is_tested() -> None:
    covered("float_math", [*EXACT, *APPROXIMATE, *FAST, "fast_divide"])


# Float64.

DA, DB = doubles(320, 3), doubles(320, 4)


def rounds_double(mode: str) -> Callable[[int, int], int]:
    def model(a: int, b: int) -> int:
        if x.is_nan(a, DOUBLE) or x.is_infinite(a, DOUBLE):
            return DOUBLE.nan if x.is_nan(a, DOUBLE) else a
        whole = x.integral(x.value(a, DOUBLE), mode)
        return x.rounded(Fraction(whole), "RN", DOUBLE) if whole else a & DOUBLE.sign

    return model


def compared(a: int, b: int) -> int:
    order, zero = x.compare(a, b, DOUBLE), x.compare(a, 0, DOUBLE)
    flags = (order == "<", order == "=", order in "<=", order != "=", zero == ">", False)
    return sum(flag << n for n, flag in enumerate(flags)) + 32 * x.is_nan(b, DOUBLE)


EXACT_DOUBLE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: x.add(a, b, "RN", DOUBLE),
    "sub": lambda a, b: x.add(a, b ^ DOUBLE.sign, "RN", DOUBLE),
    "mul": lambda a, b: x.multiply(a, b, "RN", DOUBLE),
    "fma_": lambda a, b: x.fused(a, b, a, "RN", DOUBLE),
    "div": lambda a, b: quotient(a, b, "RN", DOUBLE),
    "reciprocal": lambda a, b: quotient(0x3FF0000000000000, a, "RN", DOUBLE),
    "sqrt_": lambda a, b: root(a, DOUBLE),
    "fmod_": rest(math.fmod, DOUBLE),
    "floor_": rounds_double("RM"),
    "ceil_": rounds_double("RP"),
    "trunc_": rounds_double("RZ"),
    "rint_": rounds_double("RN"),
    "max_": lambda a, b: x.minimum(a, b, maximum=True, form=DOUBLE),
    "min_": lambda a, b: x.minimum(a, b, maximum=False, form=DOUBLE),
    "add_up": lambda a, b: x.add(a, b, "RP", DOUBLE),
    "mul_down": lambda a, b: x.multiply(a, b, "RM", DOUBLE),
    "fma_zero": lambda a, b: x.fused(a, b, a, "RZ", DOUBLE),
    "to_float": lambda a, b: x.convert(a, DOUBLE, SINGLE),
    "to_float_up": lambda a, b: x.convert(a, DOUBLE, SINGLE, "RP"),
    "to_int": integer_of(32, "RZ", is_signed=True, form=DOUBLE),
    "to_unsigned": integer_of(32, "RZ", is_signed=False, form=DOUBLE),
    "to_long": integer_of(64, "RZ", is_signed=True, form=DOUBLE),
    "to_unsigned_long": integer_of(64, "RZ", is_signed=False, form=DOUBLE),
    "compare": compared,
    "select": lambda a, b: a if x.compare(a, b, DOUBLE) == "<" else b ^ DOUBLE.sign,
    "absolute": lambda a, b: x.add(a & ~DOUBLE.sign, b | DOUBLE.sign, "RN", DOUBLE),
    "divide_by_one": lambda a, b: quotient(a, 0x3FF0000000000000, "RN", DOUBLE),
    "divide_by_root": lambda a, b: quotient(a, root(0x3FC999999999999A, DOUBLE), "RN", DOUBLE),
    "constant_to_float": lambda a, b: 0xBFC00000,
    "constant_to_long": lambda a, b: -8 & M64,
    "constant_from_long": lambda a, b: 0xDF000000,
}
NARROW = (
    "to_float",
    "to_float_up",
    "to_int",
    "to_unsigned",
    "compare",
    "constant_to_float",
    "constant_from_long",
)

# Python's own library errs by less than one ulp, which is allowed besides.
APPROXIMATE_DOUBLE: dict[str, tuple[float, Callable[..., float]]] = {
    "rsqrt_": (1, APPROXIMATE["rsqrtf"][1]),
    "exp_": (1, safely(math.exp)),
    "log_": (1, log_of(math.log)),
    "sin_": (2, safely(math.sin)),
    "cos_": (2, safely(math.cos)),
    "tanh_": (2, math.tanh),
    "pow_": (2, power),
}


@pytest.mark.parametrize(("kernel", "architecture"), kernels("double", EXACT_DOUBLE))
def test_exact_double(kernel: str, architecture: str) -> None:
    dtype = np.uint32 if kernel in NARROW else np.uint64
    found = each(shared_machine("double", architecture), kernel, dtype, DA, DB).tolist()
    for a, b, result in zip(DA.tolist(), DB.tolist(), found, strict=True):
        wanted = EXACT_DOUBLE[kernel](a, b)
        if result == wanted:
            continue
        form = SINGLE if kernel.startswith("to_float") else DOUBLE
        # Which NaN comes out is recorded for float32 only.
        whole = kernel in ("to_int", "to_unsigned", "to_long", "to_unsigned_long", "compare")
        both = not whole and x.is_nan(result, form) and x.is_nan(wanted, form)
        assert both, f"{kernel}({a:#x}, {b:#x}) is {result:#x}, not {wanted:#x}"


@pytest.mark.parametrize(
    ("kernel", "architecture"),
    kernels("double", APPROXIMATE_DOUBLE),
)
def test_double_within_its_documented_error(kernel: str, architecture: str) -> None:
    most, function = APPROXIMATE_DOUBLE[kernel]
    found = each(shared_machine("double", architecture), kernel, np.uint64, DA, DB).tolist()
    for a, b, result in zip(DA.view("f8").tolist(), DB.view("f8").tolist(), found, strict=True):
        wanted = function(a, b) if kernel == "pow_" else function(a)
        assert steps(result, wanted, DOUBLE) <= most + 1, (
            f"{kernel}({a!r}, {b!r}) is {number_of(result, DOUBLE)!r}, not {wanted!r}"
        )


def test_every_double_is_tested() -> None:
    covered("double", [*EXACT_DOUBLE, *APPROXIMATE_DOUBLE])


# Half precision.


def _halves(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 1 << 16, 384, dtype=np.uint64).astype(np.uint16)
    words[:200] = rng.normal(0, 4, 200).astype(np.float16).view(np.uint16)
    edge = rng.random(384) < 0.3
    words[edge] = rng.choice(np.array(HALVES, dtype=np.uint16), int(edge.sum()))
    return words


HA, HB = _halves(5), _halves(6)


def holds(signs: str) -> Callable[[int, int], int]:
    return lambda a, b: 0x3C00 if x.compare(a, b, HALF) in signs else 0


PAIRS: dict[str, Callable[[int, int], int]] = {
    "add2": lambda a, b: x.add(a, b, "RN", HALF),
    "sub2": lambda a, b: x.add(a, b ^ HALF.sign, "RN", HALF),
    "mul2": lambda a, b: x.multiply(a, b, "RN", HALF),
    "fma2": lambda a, b: x.fused(a, b, a, "RN", HALF),
    "neg2": lambda a, b: HALF.nan if x.is_nan(a, HALF) else a ^ HALF.sign,
    "sat2": lambda a, b: x.saturate(x.add(a, b, "RN", HALF), HALF),
    "gt2": holds(">"),
    "eq2": holds("="),
}


def half_compared(a: int, b: int) -> int:
    order = x.compare(a, b, HALF)
    nan = x.is_nan(a, HALF)
    return (order == "<") + 2 * (order in "=>") + 4 * (order in "<>") + 8 * nan


def half_floor(a: int, b: int) -> int:
    if x.is_nan(a, HALF) or x.is_infinite(a, HALF):
        return HALF.nan if x.is_nan(a, HALF) else a
    whole = x.integral(x.value(a, HALF), "RM")
    return x.rounded(Fraction(whole), "RN", HALF) if whole else a & HALF.sign


def product(mode: str) -> Callable[[int, int], int]:
    def model(a: int, b: int) -> int:
        single = x.multiply(x.convert(a, HALF, SINGLE), x.convert(b, HALF, SINGLE))
        return x.convert(single, SINGLE, HALF, mode)

    return model


SINGLES: dict[str, Callable[[int, int], int]] = {
    "add": PAIRS["add2"],
    "mul": PAIRS["mul2"],
    "fma_": PAIRS["fma2"],
    "to_float": lambda a, b: x.add(x.convert(a, HALF, SINGLE), x.convert(b, HALF, SINGLE)),
    "from_float": product("RN"),
    "from_float_zero": product("RZ"),
    "to_int": integer_of(32, "RZ", is_signed=True, form=HALF),
    "from_int": lambda a, b: x.rounded(Fraction(signed(a, 16)), "RN", HALF) if a else 0,
    "less": half_compared,
    "floor_": half_floor,
    "divide": lambda a, b: quotient(a, b, "RN", HALF),
    "root": lambda a, b: root(a, HALF),
}


def same_half(result: int, wanted: int) -> bool:
    return result == wanted or (x.is_nan(result, HALF) and x.is_nan(wanted, HALF))


@pytest.mark.parametrize(("kernel", "architecture"), kernels("half", PAIRS))
def test_pairs_of_halves(kernel: str, architecture: str) -> None:
    a, b = HA.view(np.uint32), HB.view(np.uint32)
    found = each(shared_machine("half", architecture), kernel, np.uint32, a, b).view(np.uint16)
    for first, second, result in zip(HA.tolist(), HB.tolist(), found.tolist(), strict=True):
        wanted = PAIRS[kernel](first, second)
        assert same_half(result, wanted), (kernel, hex(first), hex(second), hex(result))


@pytest.mark.parametrize(("kernel", "architecture"), kernels("half", SINGLES))
def test_single_halves(kernel: str, architecture: str) -> None:
    dtype = np.uint32 if kernel in ("to_float", "to_int", "less") else np.uint16
    found = each(shared_machine("half", architecture), kernel, dtype, HA, HB)
    for first, second, result in zip(HA.tolist(), HB.tolist(), found.tolist(), strict=True):
        wanted = SINGLES[kernel](first, second)
        if kernel == "to_float":
            same = result == wanted or (x.is_nan(result) and x.is_nan(wanted))
        elif dtype is np.uint16:
            same = same_half(result, wanted)
        else:
            same = result == wanted & M32
        assert same, (kernel, hex(first), hex(second), hex(result), hex(wanted))


@on_architectures("half")
def test_swapped_halves(architecture: str) -> None:
    found = each(shared_machine("half", architecture), "swap2", np.uint32,
                 HA.view(np.uint32), HB.view(np.uint32))  # fmt: skip
    assert found.view(np.uint16).reshape(-1, 2)[:, ::-1].reshape(-1).tolist() == HA.tolist()


def test_every_half_is_tested() -> None:
    covered("half", [*PAIRS, *SINGLES, "swap2"])
