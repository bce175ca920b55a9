"""Measure the emulator on kernels of the kinds that public suites are made of.

    python benchmarks/suites.py [--architecture sm_90] [KERNEL ...]

Each kernel of tests/emulator/corpus/suites.cu is launched with translated code and then by the
interpreter alone, in the same minute; the seconds are processor time, the least of several runs.
That both leave the same memory is checked.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator import Machine

CORPUS = Path(__file__).parent.parent / "tests" / "emulator" / "corpus" / "machine_code"
ENGINES = ("translator", "interpreter")

#: A kernel, its grid and block, and its arguments; arrays are allocated.
Case = tuple[str, Any, Any, list[Any]]


def _file(architecture: str, kind: str) -> bytes:
    manifest = json.loads((CORPUS / "manifest.json").read_text())
    kept = manifest["the same instructions"].get(f"{architecture}/suites", architecture)
    return lzma.decompress((CORPUS / kept / f"suites.{kind}.xz").read_bytes())


def _rows(random: np.random.Generator, number: int, most: int) -> NDArray[np.int32]:
    """Return where rows of random lengths begin, and the last one ends."""
    lengths = random.integers(0, most, number)
    return np.concatenate([[0], lengths.cumsum()]).astype(np.int32)


def cases(random: np.random.Generator) -> Iterator[Case]:
    """Yield what is launched: some ten or hundred thousand warp instructions each."""

    def floats(number: int) -> NDArray[np.float32]:
        return random.uniform(1, 50, number).astype(np.float32)

    def integers(number: int, most: int = 99, dtype: Any = np.int32) -> NDArray[Any]:
        return random.integers(0, most, number).astype(dtype)

    def room(number: int, dtype: Any = np.float32) -> NDArray[Any]:
        return np.zeros(number, dtype=dtype)

    yield "sum", 16, 256, [room(16), floats(65536), 65536]
    yield "scan", 64, 256, [room(16384, np.int32), integers(16384)]
    yield "warp_scan", 64, 256, [room(16384), room(16384), integers(16384)]
    yield "heat", (16, 32), (16, 8), [room(65536), floats(65536), floats(65536), 250, 250, 0.25]
    yield "tile", (8, 8), (16, 16), [room(16900), floats(16900), 130]
    squares = [random.normal(size=9216) for _ in range(2)]
    yield "dgemm", (6, 6), (16, 16), [room(9216, np.float64), *squares, 96]
    points, centres = random.normal(size=2000), random.normal(size=16)
    out = [room(1000, np.int32), room(1000, np.float64)]
    yield "nearest", 8, 128, [*out, points, centres, 1000, 8]
    yield "axpy", 64, 128, [floats(8192), floats(8192), 0.5, 8190]
    yield "histogram", 8, 256, [room(256, np.uint32), integers(65536, 256, np.uint8), 65536]
    first = _rows(random, 16384, 12)
    level = np.where(random.random(16384) < 0.3, 3, -1).astype(np.int32)
    edges = integers(int(first[-1]), 16384)
    yield "frontier", 128, 128, [level, room(1, np.int32), first, edges, 3, 16384]
    yield "walk", 12, 128, [room(1536, np.int32), 1500]
    yield "prices", 64, 128, [room(8192), *(floats(8192) for _ in range(3)), 8190]
    yield "bodies", 2, 128, [room(1024), floats(1024), 256]
    yield "grey", 256, 128, [room(32768, np.uint8), integers(98304, 256, np.uint8), 32760]
    yield "median", 8, 128, [room(1024, np.int32), integers(1024), 32, 1024]
    yield "transpose", (8, 8), (32, 8), [room(65536), floats(65536), 256]
    yield "path", 1, 256, [room(256, np.int32), integers(51200), 256, 200]
    first = _rows(random, 128, 90)
    count = int(first[-1])
    matrix = [first, integers(count, 256), random.normal(size=count), random.normal(size=256)]
    yield "sparse", 16, 256, [room(128, np.float64), *matrix, 128]


def measure(machine: Machine, case: Case, times: int = 5) -> str:
    """Launch one kernel in both engines; return a line of the table."""
    kernel, grid, block, arguments = case
    given = [machine.allocate(one) if isinstance(one, np.ndarray) else one for one in arguments]
    buffers = [address for address, one in zip(given, arguments, strict=True)
               if isinstance(one, np.ndarray)]  # fmt: skip
    before = machine.save()
    seconds, left, number = [], [], 0
    for engine in ENGINES:
        os.environ["SOFTBEAM_ENGINE"] = engine
        machine.restore(before)
        outcome = machine.launch(f"{kernel}_k", grid, block, *given)
        number = outcome.warp_instructions
        left.append((outcome, [machine.read(buffer).tobytes() for buffer in buffers]))
        taken = []
        for _ in range(times):
            start = thread_time()
            machine.launch(f"{kernel}_k", grid, block, *given)
            taken.append(thread_time() - start)
        seconds.append(min(taken))
    if left[0] != left[1]:
        raise SystemExit(f"{kernel}: the engines leave different memory")
    each = [1e9 * one / number for one in seconds]
    return f"{kernel:12}{number:12,}{each[0]:10.1f}{each[1]:10.1f}{each[1] / each[0]:8.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", help="which; by default all")
    parser.add_argument("--architecture", default="sm_90", help="whose machine code is executed")
    options = parser.parse_args()
    machine = Machine(*(_file(options.architecture, kind) for kind in ("cubin", "json")))
    print(f"{'':12}{'warp instr.':>12}{'ns each':>10}{'interp.':>10}{'ratio':>8}")
    for case in cases(np.random.default_rng(1)):
        if not options.kernels or case[0] in options.kernels:
            print(measure(machine, case), flush=True)


if __name__ == "__main__":
    main()
