"""Write ``programs.cu``: random programs that a GPU's compiler and a host's both take.

Expressions of every type, loops, switches, branches, arrays with computed indexes and functions
that are not inlined, drawn from a seed.  All of C that may differ between compilers is left out:
signed sums that overflow go through unsigned ones, counts of shifts are masked, divisors are
never zero.  The same run compiles them with the host's ``c++`` and keeps what they answer, which
is what the emulated machine code must answer.

    python tests/emulator/corpus/programs.py
"""

from __future__ import annotations

import ctypes
import lzma
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

CORPUS = Path(__file__).parent
SOURCE, ANSWERS = CORPUS / "programs.cu", CORPUS / "machine_code" / "programs.answers.xz"
SEED, PROGRAMS, THREADS = 7, 12, 96
HOST = ("-x", "c++", "-w", "-O1", "-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing", "-fPIC")

TYPES = "IuLUFD"
SIGNED = {"I": "u", "L": "U"}
CONSTANTS = {
    "F": ("0.f", "1.f", "-1.5f", "1e-3f", "3.25e7f", "1e-39f", "-1e30f"),
    "D": ("0.", "1.", "-1.5", "1e-3", "3.25e17", "1e-310", "-1e300"),
    "": (0, 1, 2, 3, 5, 31, 32, 255, 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63),
}
#: By type: functions with the types of their arguments.
FUNCTIONS = {
    "I": (("to_I", "F"), ("__mulhi", "II"), ("dot4", "uuu")),
    "u": (
        *(("to_u", "F"), ("bits_of", "F"), ("__brev", "u"), ("__popc", "u"), ("__clz", "u")),
        *(("__ffs", "u"), ("__umulhi", "uu"), ("__usad", "uuu"), ("__byte_perm", "uuu")),
        *(("__funnelshift_l", "uuu"), ("__funnelshift_rc", "uuu")),
    ),
    "L": (("to_L", "F"), ("__mul64hi", "LL")),
    "U": (("to_U", "F"), ("bits_of", "D"), ("__umul64hi", "UU")),
    "F": (
        *(("sqrtf", "F"), ("fabsf", "F"), ("floorf", "F"), ("rintf", "F"), ("truncf", "F")),
        *(("least", "FF"), ("most", "FF"), ("fmaf", "FFF"), ("from_bits", "u"), ("(F)", "D")),
    ),
    "D": (
        *(("sqrt", "D"), ("fabs", "D"), ("floor", "D"), ("least", "DD"), ("most", "DD")),
        *(("fma", "DDD"), ("from_bits_64", "U"), ("(D)", "F"), ("(D)", "I")),
    ),
}


class Writer:
    """Writes one program after another from one stream of random numbers."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._variables: list[tuple[str, str]] = []
        self._functions: list[tuple[str, str, str]] = []
        self._loops = 0

    def _constant(self, kind: str) -> str:
        if kind in "FD":
            return self._random.choice(CONSTANTS[kind])
        anything = (*CONSTANTS[""], self._random.getrandbits(64))
        return f"(({kind}){self._random.choice(anything)}ull)"

    def _leaf(self, kind: str) -> str:
        known = [name for name, of in self._variables if of == kind]
        if known and self._random.random() < 0.8:
            return self._random.choice(known)
        return self._constant(kind)

    def condition(self, depth: int) -> str:
        """Return a comparison, or two joined."""
        kind = self._random.choice(TYPES)
        sign = self._random.choice(("<", ">", "<=", ">=", "==", "!="))
        one = f"({self.expression(kind, depth - 1)} {sign} {self.expression(kind, depth - 1)})"
        if depth > 0 and self._random.random() < 0.3:
            return f"({one} {self._random.choice(('&&', '||', '!='))} {self.condition(depth - 1)})"
        return one

    def expression(self, kind: str, depth: int) -> str:
        """Return an expression of a type, of so many levels."""
        if depth <= 0:
            return self._leaf(kind)
        part = [self.expression(kind, depth - 1) for _ in range(2)]
        forms = [f"({self.condition(depth - 1)} ? {part[0]} : {part[1]})"]
        forms += [self._operation(kind, *part, depth) for _ in range(4)]
        own = [(name, takes) for name, gives, takes in self._functions if gives == kind]
        for name, takes in self._random.choices((*FUNCTIONS[kind], *own), k=3):
            arguments = ", ".join(self.expression(one, depth - 1) for one in takes)
            forms.append(f"{name}({arguments})")
        return self._random.choice(forms)

    def _operation(self, kind: str, a: str, b: str, depth: int) -> str:
        if kind in "FD":
            return f"({a} {self._random.choice('+-*/')} {b})"
        plain = SIGNED.get(kind, kind)
        width = 64 if kind in "LU" else 32
        other = self._random.choice([one for one in "IuLU" if one != kind])
        divisor = f"({a} {self._random.choice('/%')} ({b} | 1))"
        if kind in SIGNED:
            divisor = f"(({a} >> 1) {self._random.choice('/%')} (({b} & 0xffff) | 1))"
        return self._random.choice(
            [
                f"({kind})(({plain}){a} {self._random.choice('+-*&|^')} ({plain}){b})",
                f"({kind})(({plain}){a} {self._random.choice('+-*&|^')} ({plain}){b})",
                f"({kind})(({plain}){a} << ({b} & {width - 1}))",
                f"({a} >> ({b} & {width - 1}))",
                divisor,
                f"({a} {self._random.choice('/%')} ({kind}){self._random.choice((3, 7, 10, 641))})",
                f"({kind})({self._random.choice(('signed char', 'unsigned short'))})({a})",
                f"({kind})({self.expression(other, depth - 1)})",
            ]
        )

    def _statement(self, depth: int) -> str:
        choice = self._random.random()
        if depth <= 0 or choice < 0.45:
            name, kind = self._random.choice([v for v in self._variables if v[0][0] == "v"])
            return f"{name} = {self.expression(kind, 3)};"
        if choice < 0.6:
            place = self.expression("u", 2)
            return f"array[{place} & 7] ^= {self.expression('u', 2)}; total += array[{place} & 3];"
        if choice < 0.75:
            return f"if {self.condition(2)} {self._block(depth)} else {self._block(depth)}"
        if choice < 0.9:
            self._loops += 1
            turn, most = f"k{self._loops}", f"({self.expression('u', 1)} & 7) + 1"
            leave = f"if {self.condition(1)} {self._random.choice(('break', 'continue'))};"
            return (
                f"for (u {turn} = 0; {turn} < {most}; {turn}++) {{ {leave} {self._block(depth)} }}"
            )
        cases = " ".join(
            f"case {number}: {self._block(depth)} {self._random.choice(('break;', ''))}"
            for number in self._random.sample(range(8), 5)
        )
        return f"switch ({self.expression('u', 2)} & 7) {{ {cases} default: total++; }}"

    def _block(self, depth: int) -> str:
        inside = " ".join(self._statement(depth - 1) for _ in range(self._random.randint(1, 2)))
        return f"{{ {inside} }}"

    def program(self, name: str) -> str:
        """Return one program with its functions."""
        lines = []
        self._functions, functions = [], []
        for number in range(self._random.randint(0, 2)):
            gives, takes = self._random.choice(TYPES), self._random.choices(TYPES, k=2)
            self._variables = [(f"x{place}", kind) for place, kind in enumerate(takes)]
            parameters = ", ".join(f"{kind} {name}" for name, kind in self._variables)
            body = self.expression(gives, 2)
            lines.append(f"APART {gives} {name}_{number}({parameters}) {{ return {body}; }}")
            functions.append((f"{name}_{number}", gives, "".join(takes)))
        self._functions = functions
        self._variables = [("x", "U"), ("y", "U"), ("i", "I")]
        lines.append(f"HERE U {name}(U x, U y, I i) {{")
        lines.append("    u array[8]; U total = 0;")
        lines.append("    for (I k = 0; k < 8; k++) array[k] = (u)(x >> k) + k;")
        for number, kind in enumerate("u" + "".join(self._random.choices(TYPES, k=6))):
            lines.append(f"    {kind} v{number} = {self.expression(kind, 2)};")
            self._variables.append((f"v{number}", kind))
        lines += [f"    {self._statement(3)}" for _ in range(self._random.randint(4, 8))]
        for variable, kind in self._variables:
            value = f"bits_of({variable})" if kind in "FD" else variable
            lines.append(f"    total = total * 31 + (U){value};")
        lines.append("    for (I k = 0; k < 8; k++) total = total * 7 + array[k];")
        return "\n".join([*lines, "    return total;", "}", f"PROGRAM({name})"])


def written() -> str:
    """Return the source."""
    writer = Writer(SEED)
    head = f"""// Written by programs.py from seed {SEED}; do not edit.
#include "programs.h"
#ifdef __CUDACC__
#define PROGRAM(name) \\
    extern "C" __global__ void name##_k(U *out, const U *a, const U *b, int n) {{ \\
    int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) out[i] = name(a[i], b[i], i); }}
#else
#define PROGRAM(name) extern "C" void name##_k(U *out, const U *a, const U *b, int n) {{ \\
    for (int i = 0; i < n; i++) out[i] = name(a[i], b[i], i); }}
#endif
"""
    return "\n".join([head, *(writer.program(f"program{n}") for n in range(PROGRAMS))]) + "\n"


def operands() -> tuple[np.ndarray, np.ndarray]:
    """Return the two numbers of each thread: edges of all types, small ones, any bits."""
    rng = np.random.default_rng(SEED)
    edges = [0, 1, 31, 32, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, 1 << 63, (1 << 64) - 1]
    edges += [0x3F800000, 0x7F800000, 0x7FC00000, 1, 0x3FF << 52, 0x7FF << 52, 0xFFF8 << 48]
    sides = []
    for _ in range(2):
        words = rng.integers(0, 1 << 64, THREADS, dtype=np.uint64)
        words[:30] = rng.choice(np.array(edges, dtype=np.uint64), 30)
        words[30:60] >>= rng.integers(20, 60, 30).astype(np.uint64)
        sides.append(rng.permutation(words))
    return sides[0], sides[1]


def host_answers() -> np.ndarray:
    """Return what the programs answer on the host: uint64[programs, threads]."""
    answers = np.zeros((PROGRAMS, THREADS), dtype=np.uint64)
    a, b = operands()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "programs.so"
        compiler = shutil.which("c++") or "c++"
        subprocess.run([compiler, *HOST, "-shared", "-o", library, SOURCE], check=True)
        loaded = ctypes.CDLL(str(library))
        for number, row in enumerate(answers):
            pointers = [ctypes.c_void_p(array.ctypes.data) for array in (row, a, b)]
            getattr(loaded, f"program{number}_k")(*pointers, THREADS)
    return answers


def main() -> None:
    """Write the source and the host's answers."""
    SOURCE.write_text(written())
    ANSWERS.write_bytes(lzma.compress(host_answers().tobytes(), preset=9))


if __name__ == "__main__":
    main()
