"""The corpus of small CUDA functions, as machines that have it loaded."""

from __future__ import annotations

import lzma
from collections.abc import Container, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from softbeam.emulator import Machine
from softbeam.kernels import ARCHITECTURES
from support.architectures import on, with_marks

FOLDER = Path(__file__).resolve().parents[1] / "emulator" / "corpus"


def _file(architecture: str, name: str) -> bytes:
    return lzma.decompress((FOLDER / "machine_code" / architecture / f"{name}.xz").read_bytes())


def architectures(name: str) -> list[str]:
    """Return the architectures for which a source's machine code is not an earlier one's."""
    folder = FOLDER / "machine_code"
    return [one for one in ARCHITECTURES if (folder / one / f"{name}.cubin.xz").is_file()]


def on_architectures(name: str) -> pytest.MarkDecorator:
    """Return the parameters of a test of a source, once for each architecture that has its own."""
    return on(architectures(name))


@cache
def loaded(name: str, architecture: str) -> tuple[bytes, bytes]:
    """Return the cubin and the listing of a source of the corpus."""
    return _file(architecture, f"{name}.cubin"), _file(architecture, f"{name}.json")


@cache
def shared_machine(name: str, architecture: str) -> Machine:
    """Return a machine that all tests use: for kernels that keep nothing between launches."""
    return Machine(*loaded(name, architecture), origin=name)


def own_machine(name: str, architecture: str) -> Machine:
    """Return a machine of the test's own."""
    return Machine(*loaded(name, architecture), origin=name)


def each(machine: Machine, kernel: str, out: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Launch ``kernel_k(out, a, b, n)``, one thread an element, and return out.

    `out` is the dtype of the results.
    """
    results = np.zeros(a.size, dtype=out)
    addresses = [buffer(machine, number, array) for number, array in enumerate((results, a, b))]
    outcome = machine.launch(f"{kernel}_k", -(-a.size // 64), 64, *addresses, int(a.size))
    assert outcome.completed, outcome
    return machine.read(addresses[0], a.size, out)


def buffer(machine: Machine, number: int, array: np.ndarray) -> int:
    """Return the address of a machine's buffer of this number, which now holds the array."""
    places: dict[int, int] = machine.__dict__.setdefault("test_buffers", {})
    if number not in places:
        places[number] = machine.allocate(1 << 15)
    machine.write(places[number], array)
    return places[number]


def kernels(name: str, among: Container[str] | None = None) -> list[ParameterSet]:
    """Return every kernel of a source (`among` some) with every architecture that has its code."""
    return [
        with_marks(architecture, kernel.removesuffix("_k"))
        for architecture in architectures(name)
        for kernel in sorted(shared_machine(name, architecture).kernels)
        if among is None or kernel.removesuffix("_k") in among
    ]


def covered(name: str, tested: Sequence[str]) -> None:
    """Fail unless these are all the kernels of a source."""
    assert {case.values[0] for case in kernels(name)} == set(tested)
