"""IEEE 754 arithmetic on bit patterns, exact with Python's fractions and rounded once.

Nothing here shares code with softbeam: values become fractions, results are rounded by the
definition, NaNs become the GPU's canonical one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt


@dataclass(frozen=True)
class Format:
    """A binary interchange format: bits of exponent and of stored mantissa."""

    exponent_bits: int
    mantissa_bits: int

    @property
    def bias(self) -> int:
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def bits(self) -> int:
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def sign(self) -> int:
        return 1 << (self.bits - 1)

    @property
    def infinity(self) -> int:
        return ((1 << self.exponent_bits) - 1) << self.mantissa_bits

    @property
    def nan(self) -> int:
        """The GPU's canonical NaN: everything but the sign is ones (recorded for float32)."""
        return self.sign - 1

    @property
    def smallest_normal(self) -> int:
        return 1 << self.mantissa_bits


HALF, SINGLE, DOUBLE = Format(5, 10), Format(8, 23), Format(11, 52)
BFLOAT = Format(8, 7)


def is_nan(bits: int, form: Format = SINGLE) -> bool:
    return bits & (form.sign - 1) > form.infinity


def is_infinite(bits: int, form: Format = SINGLE) -> bool:
    return bits & (form.sign - 1) == form.infinity


def is_zero(bits: int, form: Format = SINGLE) -> bool:
    return bits & (form.sign - 1) == 0


def negative(bits: int, form: Format = SINGLE) -> bool:
    return bits >= form.sign


@lru_cache(maxsize=1 << 16)
def value(bits: int, form: Format = SINGLE) -> Fraction:
    """Return the value of a finite number."""
    mantissa = bits & (form.smallest_normal - 1)
    exponent = (bits >> form.mantissa_bits) & ((1 << form.exponent_bits) - 1)
    if exponent:
        mantissa += form.smallest_normal
    power = max(exponent, 1) - form.bias - form.mantissa_bits
    size = Fraction(mantissa) * Fraction(2) ** power
    return -size if negative(bits, form) else size


def flush(bits: int, form: Format = SINGLE) -> int:
    """Return a subnormal as the zero of its sign."""
    return bits & form.sign if bits & (form.sign - 1) < form.smallest_normal else bits


def integral(exact: Fraction, mode: str) -> int:
    """Return a fraction as an integer: RN to nearest even, RM down, RP up, RZ to zero."""
    floor = exact.numerator // exact.denominator
    rest = exact - floor
    if mode == "RM" or not rest:
        return floor
    if mode == "RP" or (mode == "RZ" and exact < 0):
        return floor + 1
    if mode == "RZ":
        return floor
    half = Fraction(1, 2)
    return floor + (rest > half or (rest == half and floor % 2 == 1))


def rounded(exact: Fraction, mode: str = "RN", form: Format = SINGLE) -> int:
    """Return the bits of an exact value that is not zero, rounded once."""
    sign = form.sign if exact < 0 else 0
    size = abs(exact)
    # The exponent of the leading bit, and the distance of neighbours there.
    power = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** power > size:
        power -= 1
    power = max(power, 1 - form.bias)
    unit = Fraction(2) ** (power - form.mantissa_bits)
    towards = {"RM": "RP", "RP": "RM"}.get(mode, mode) if sign else mode
    steps = integral(size / unit, towards)
    # A step too many carries into the exponent by itself.
    bits = steps + ((power + form.bias - 1) << form.mantissa_bits)
    if bits >= form.infinity:
        stays = towards in ("RM", "RZ")
        return sign | (form.infinity - 1 if stays else form.infinity)
    return sign | bits


def fused(a: int, b: int, c: int, mode: str = "RN", form: Format = SINGLE) -> int:
    """Return a * b + c with one rounding."""
    if any(is_nan(x, form) for x in (a, b, c)):
        return form.nan
    sign = (a ^ b) & form.sign
    if is_infinite(a, form) or is_infinite(b, form):
        if is_zero(a, form) or is_zero(b, form):
            return form.nan
        if is_infinite(c, form) and (c & form.sign) != sign:
            return form.nan
        return sign | form.infinity
    if is_infinite(c, form):
        return c
    exact = value(a, form) * value(b, form) + value(c, form)
    if exact:
        return rounded(exact, mode, form)
    product_is_zero = is_zero(a, form) or is_zero(b, form)
    if product_is_zero and is_zero(c, form) and sign == c & form.sign:
        return sign
    return form.sign if mode == "RM" else 0


def add(a: int, b: int, mode: str = "RN", form: Format = SINGLE) -> int:
    """Return a + b."""
    return fused(a, form.bias << form.mantissa_bits, b, mode, form)


def multiply(a: int, b: int, mode: str = "RN", form: Format = SINGLE) -> int:
    """Return a * b; a product of zero keeps its sign."""
    return fused(a, b, (a ^ b) & form.sign, mode, form)


def saturate(bits: int, form: Format = SINGLE) -> int:
    """Return a number clamped to [0, 1]; NaN and both zeros are +0."""
    one = form.bias << form.mantissa_bits
    if is_nan(bits, form) or negative(bits, form):
        return 0
    return min(bits, one)


def compare(a: int, b: int, form: Format = SINGLE) -> str:
    """Return ``<``, ``=``, ``>``, or ``?`` if one is NaN."""
    if is_nan(a, form) or is_nan(b, form):
        return "?"

    def order(bits: int) -> int:
        size = bits & (form.sign - 1)
        return -size if negative(bits, form) else size

    return "<" if order(a) < order(b) else ("=" if order(a) == order(b) else ">")


#: What each comparison of the hardware holds for; those with U hold for NaN too.
COMPARISONS = {
    "F": "", "LT": "<", "EQ": "=", "LE": "<=", "GT": ">", "NE": "<>", "GE": "=>", "NUM": "<=>",
    "NAN": "?", "LTU": "<?", "EQU": "=?", "LEU": "<=?", "GTU": ">?", "NEU": "<>?", "GEU": "=>?",
    "T": "<=>?",
}  # fmt: skip


def minimum(a: int, b: int, *, maximum: bool, keep_nan: bool = False, form: Format = SINGLE) -> int:
    """Return the smaller or larger number: a number before NaN, -0 before +0."""
    if is_nan(a, form) or is_nan(b, form):
        if keep_nan or (is_nan(a, form) and is_nan(b, form)):
            return form.nan
        return b if is_nan(a, form) else a
    order = compare(a, b, form)
    if order == "=":
        order = "<" if negative(a, form) else ">"
    return a if (order == "<") != maximum else b


def to_integer(bits: int, mode: str, width: int, *, is_signed: bool, form: Format = SINGLE) -> int:
    """Return a number that is no NaN as an integer of `width` bits, clamped to its range."""
    low, high = (
        (-(1 << (width - 1)), (1 << (width - 1)) - 1) if is_signed else (0, (1 << width) - 1)
    )
    if is_infinite(bits, form):
        whole = low if negative(bits, form) else high
    else:
        whole = min(max(integral(value(bits, form), mode), low), high)
    return whole & ((1 << width) - 1)


def convert(bits: int, source: Format, target: Format, mode: str = "RN") -> int:
    """Return a number in another format."""
    if is_nan(bits, source):
        return target.nan
    sign = target.sign if negative(bits, source) else 0
    if is_infinite(bits, source):
        return sign | target.infinity
    if is_zero(bits, source):
        return sign
    return rounded(value(bits, source), mode, target)


def reciprocal_root(exact: Fraction) -> Fraction:
    """Return 1 / sqrt(exact) to 80 bits beyond what any format keeps."""
    scale = 1 << 400
    return Fraction(scale, isqrt(exact.numerator * scale * scale // exact.denominator))


#: The formats of float8, and the bits of the largest number: E4M3 has no infinity and one NaN.
FLOAT8 = {"E4M3": (Format(4, 3), 0x7E), "E5M2": (Format(5, 2), 0x7B)}


def float8_value(byte: int, name: str) -> Fraction | None:
    """Return a float8's value; None for what is no number."""
    form, largest = FLOAT8[name]
    return None if byte & 0x7F > largest else value(byte, form)


@lru_cache(maxsize=1 << 16)
def to_float8(bits: int, name: str, form: Format = SINGLE) -> int:
    """Return the nearest float8, of two the even one; the largest if beyond; NaN is 0x7f."""
    if is_nan(bits, form):
        return 0x7F
    largest = FLOAT8[name][1]
    sign = 0x80 if negative(bits, form) else 0
    if is_infinite(bits, form):
        return sign | largest
    size = abs(value(bits, form))
    found = [(abs(size - (float8_value(byte, name) or 0)), byte & 1, byte)
             for byte in range(largest + 1)]  # fmt: skip
    return sign | min(found)[2]


def from_float8(byte: int, name: str, form: Format = SINGLE) -> int:
    """Return a float8 in another format."""
    sign = form.sign if byte & 0x80 else 0
    exact = float8_value(byte, name)
    if exact is None:
        infinite = name == "E5M2" and byte & 0x7F == 0x7C
        return sign | form.infinity if infinite else form.nan
    return rounded(exact, "RN", form) if exact else sign
