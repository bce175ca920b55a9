"""The corpus' local arrays, branch tables, calls and variables, against plain Python."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from support.cases import M32, signed
from support.corpus import covered, kernels, on_architectures, own_machine

from softbeam.emulator import Machine
from softbeam.emulator.lowering import Program

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
COEFFICIENTS = np.array([1.5, -2, 0.25, 3, -7], dtype=np.float32)
LETTERS = (1, -2, 3, -4, 5, -6, 7, -128)
NUMBERS, SIGNED_NUMBERS = (1, 65535, 3, 32768), (1, -1, 3, -32768)

#: What a thread that stores nothing leaves.
UNTOUCHED = -77


def c_int(value: int) -> int:
    return signed(value & M32)


def divided(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    return a - b * divided(a, b)


def local_array(x: int) -> int:
    stack = [c_int(x + k * k) for k in range(16)]
    at = x & 15
    for _ in range(10):
        stack[at] ^= stack[(at + 5) & 15]
        at = (at + stack[at]) & 15
    total = 0
    for value in stack:
        total = c_int(total * 3 + value)
    return total


def local_bytes(x: int) -> int:
    text = [(x >> (k & 7)) & 0xFF for k in range(32)]
    text[x & 31] = 200
    return c_int(sum(text[(k * (x | 1)) & 31] * (k + 1) for k in range(32)))


def switch_table(x: int) -> int:
    y = x >> 4
    match x & 15:
        case 0:
            y += 7
        case 1:
            y *= 3
        case 2:
            y ^= 0x55
        case 3:
            y = -y - 2
        case 4:
            y -= 2
        case 5:
            y = divided(y, 3)
        case 6:
            y <<= 2
        case 7:
            y = remainder(y, 11)
        case 9:
            y *= 2
        case 11:
            y = (y & 0xFF) ** 2
        case 12:
            return UNTOUCHED
        case _:
            y = 1
    return c_int(y)


def early_exit(x: int) -> int:
    turns = 0
    while turns <= x & 31:
        if remainder(x ^ turns, 13) == 12:
            return -turns
        turns += 1 + (x & 1)
        if turns & 3 != x & 3:
            turns += 1
    return turns


def nested(x: int) -> int:
    total = 0
    for p in range((x & 3) + 1):
        for q in range(p, (x >> 2) & 7):
            if (p + q) & 1:
                total += p * q
            elif q & 2:
                total -= q
            else:
                total ^= p
    return total


def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def constants(x: int) -> int:
    y = np.float32(0)
    for coefficient in COEFFICIENTS:
        y = np.float32(float(y) * (x & 7) + float(coefficient))  # exact before it is rounded
    return int(y) + LETTERS[x & 7] + NUMBERS[x & 3] + SIGNED_NUMBERS[(x >> 2) & 3]


def variables(x: int) -> int:
    return (10, 20, 30, 40)[x & 3] + PRIMES[(x >> 2) & 15]


def pointers(x: int) -> int:
    y = x & 0x3FF
    return (2 * y, y * y, y - 1)[(x & M32) % 3]


MODELS: dict[str, Callable[[int], int]] = {
    "local_array": local_array,
    "local_bytes": local_bytes,
    "switch_table": switch_table,
    "calls": lambda x: 2 * (x & 0xFF) ** 2 + ((x & 0x7F) - 1) ** 2,
    "pointers": pointers,
    "recursion": lambda x: fibonacci(x & 7),
    "variables": variables,
    "constants": constants,
    "early_exit": early_exit,
    "nested": nested,
}


def values() -> np.ndarray:
    rng = np.random.default_rng(15)
    words = rng.integers(-(1 << 31), 1 << 31, 160)
    words[:64] = np.arange(64)
    words[64:72] = [-1, -2, -13, 1 << 30, -(1 << 31), (1 << 31) - 1, 255, -256]
    return words.astype(np.int32)


def machine(architecture: str) -> Machine:
    one = own_machine("control", architecture)
    one.set_constant("coefficients", COEFFICIENTS)
    return one


@pytest.mark.parametrize(("kernel", "architecture"), kernels("control", MODELS))
def test_function(kernel: str, architecture: str) -> None:
    one, x = machine(architecture), values()
    a, out = one.allocate(x), one.allocate(np.full(x.size, UNTOUCHED, dtype=np.int32))
    assert one.launch(f"{kernel}_k", 3, 64, out, a, x.size).completed
    found = one.read(out).tolist()
    for value, result in zip(x.tolist(), found, strict=True):
        assert result == MODELS[kernel](value), f"{kernel}({value})"
    if kernel == "variables":
        assert one.read(one.variable("visits"), 4, np.int32).tolist() == [10, 99, 30, 40]


architectures = on_architectures("control")


@architectures
def test_other_constants_need_no_other_code(architecture: str) -> None:
    one, x = machine(architecture), values()
    a, out = one.allocate(x), one.allocate(np.zeros(x.size, dtype=np.int32))

    def run() -> tuple[list[int], Program]:
        assert one.launch("constants_k", 3, 64, out, a, x.size).completed
        launch = one.prepare("constants_k", 3, 64, out, a, x.size)
        return one.read(out).tolist(), launch.program

    first, program = run()
    saved = one.save()
    one.set_constant("coefficients", np.flip(COEFFICIENTS))
    second, other = run()
    assert second != first
    assert other.code is program.code
    one.restore(saved)
    third, last = run()
    assert third == first
    assert last.code is program.code


@architectures
def test_a_structure_as_argument(architecture: str) -> None:
    one, x = machine(architecture), np.abs(values()[:64])
    a, out = one.allocate(x), one.allocate(np.zeros(64, dtype=np.int32))
    pair = struct.pack("<ihhhxxxxxxd", 1000, 7, -8, 9, -3.75)
    assert one.launch("structure_k", 1, 64, out, pair, a, 64).completed
    wanted = [1000 + (7, -8, 9)[int(value) % 3] * -3 for value in x]
    assert one.read(out).tolist() == wanted


@architectures
def test_vectors_of_four_words(architecture: str) -> None:
    one, x = machine(architecture), values()
    a, out = one.allocate(x), one.allocate(np.zeros_like(x))
    assert one.launch("copy_128_k", 2, 32, out, a, x.size // 4).completed
    np.testing.assert_array_equal(one.read(out).reshape(-1, 4), x.reshape(-1, 4)[:, ::-1])


@architectures
def test_dimensions(architecture: str) -> None:
    one, x = machine(architecture), np.arange(5, dtype=np.int32)
    a, out = one.allocate(x), one.allocate(np.zeros((2, 7, 5), dtype=np.int32))
    assert one.launch("volumes_k", (1, 1, 2), (5, 7), out, a, 70).completed
    z, y, place = np.meshgrid(np.arange(2), np.arange(7), np.arange(5), indexing="ij")
    np.testing.assert_array_equal(one.read(out), place * 100 + y * 10 + z + 2000)


def test_every_function_is_tested() -> None:
    covered("control", [*MODELS, "structure", "copy_128", "volumes"])
