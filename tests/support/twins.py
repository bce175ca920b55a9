"""A launch of one kernel on random buffers, by its machine code and by its native twin."""

from __future__ import annotations

import numpy as np

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.kernels import KERNELS, program
from softbeam.kernels.families import compute

BASE = 0x7F0000000000
EDGES = np.array(
    [
        0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000,
        0x3F800000, 0xBF800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000,
        0xFFC00001, 0x7F800001, 0x7FFFFFFF, 0x3DCCCCCD, 0x42B17218, 0xC2CFF1B5, 0x0DA24260,
    ],
    dtype=np.uint32,
)  # fmt: skip


def values(rng: np.random.Generator, count: int, edges: float) -> np.ndarray:
    """Return random words: mostly ordinary floats, some random bits, a share of edge values."""
    words = rng.normal(0, 2, count).astype(np.float32).view(np.uint32).copy()
    wild = rng.random(count) < edges
    words[wild] = rng.integers(0, 2**32, count, dtype=np.uint32)[wild]
    edge = rng.random(count) < edges
    words[edge] = rng.choice(EDGES, count)[edge]
    return words


class Bench:
    """Buffers for one launch, and its results from the emulator and from the twin."""

    def __init__(self, seed: int, edges: float) -> None:
        self.rng = np.random.default_rng(seed)
        self.edges = edges
        self.buffers: list[np.ndarray] = []

    def buffer(self, count: int, *, positive: bool = False) -> np.ndarray:
        """Return a new buffer of random words."""
        words = values(self.rng, count, self.edges)
        if positive:
            words &= np.uint32(0x7FFFFFFF)
        self.buffers.append(words)
        return words

    def launch(
        self, name: str, architecture: str, shape: LaunchShape, arguments: list
    ) -> tuple[Launch, np.ndarray]:
        """Return a launch, and where in its memory each buffer begins."""
        starts = np.cumsum([0, *[128 * (-(-b.size // 128)) for b in self.buffers]])
        pool = np.zeros(starts[-1], dtype=np.uint32)
        addresses = {}
        for start, words in zip(starts, self.buffers, strict=False):
            pool[start : start + words.size] = words
            addresses[id(words)] = BASE + 4 * int(start)
        code = program(name, architecture)
        given = [addresses[id(a)] if isinstance(a, np.ndarray) else a for a in arguments]
        memory = memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)])
        constants, shared = launch_constants(code, shape, given), code.function.shared_bytes
        return Launch(code, shape, constants, memory, shared), starts

    def check(self, name: str, architecture: str, shape: LaunchShape, arguments: list) -> None:
        """Compare emulator and twin over all buffers."""
        launch, starts = self.launch(name, architecture, shape, arguments)
        ending = Runner().run_launch(launch, budget=10**7)
        assert ending.finished
        emulated = ending.applied(launch.memory.words)
        native = [
            a.view(parameter.element) if isinstance(a, np.ndarray) else a
            for a, parameter in zip(arguments, KERNELS[name].parameters, strict=True)
        ]
        compute(name, native)
        for start, words in zip(starts, self.buffers, strict=False):
            found = emulated[start : start + words.size]
            wrong = np.flatnonzero(found != words)
            assert wrong.size == 0, (
                f"{name} {architecture}: word {wrong[0]} emulated {found[wrong[0]]:#x}, "
                f"native {words[wrong[0]]:#x}"
            )


def line(count: int, block: int = 64) -> LaunchShape:
    """Return a one-dimensional launch over `count` threads."""
    return LaunchShape((-(-count // block), 1, 1), (block, 1, 1))
