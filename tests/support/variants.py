"""Launches of every kernel that has hardened variants, and what a variant of it must leave.

A launch is small but odd in every size, on several warps.  What a variant leaves is what its base's
twin leaves, clamped where the base's machine code stores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from softbeam.emulator.execution import LaunchShape
from softbeam.emulator.launching import Runner
from softbeam.kernels import KERNELS
from softbeam.kernels.families import compute
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.kernels.native.limits import clamp
from support.twins import Bench, line

Given = tuple[LaunchShape, list]
"""A launch: its shape and its arguments, pointers as words of the bench."""


def _activation(kind: int | None = None) -> Callable[[Bench], Given]:
    more = [] if kind is None else [kind]
    return lambda b: (line(141), [b.buffer(141), 141, *more])


def _three(b: Bench) -> Given:
    return line(141), [b.buffer(141), 141, b.buffer(141), b.buffer(141)]


def _strided(*before: object) -> Callable[[Bench], Given]:
    return lambda b: (line(100), [100, *before, b.buffer(300), 3])


def _two_strided(b: Bench) -> Given:
    return line(99), [99, b.buffer(200), 2, b.buffer(300), 3]


def _pow(b: Bench) -> Given:
    return line(99), [99, 2.5, b.buffer(200), 2, b.buffer(300), 3]


def _axpy(b: Bench) -> Given:
    return line(99), [99, -1e-2, b.buffer(300), 2, 2, b.buffer(330), 5, 3]


def _copy(b: Bench) -> Given:
    return line(99), [99, b.buffer(300), 2, 2, b.buffer(330), 5, 3]


def _normalize(b: Bench) -> Given:
    x, mean, variance = b.buffer(371), b.buffer(7), b.buffer(7, positive=True)
    return line(371), [371, x, mean, variance, 1, 7, 53]


def _scale_bias(b: Bench) -> Given:
    return LaunchShape((1, 7, 1), (64, 1, 1)), [b.buffer(371), b.buffer(7), 7, 53]


def _add_bias(b: Bench) -> Given:
    return line(742), [b.buffer(742), b.buffer(7), 2, 7, 53]


def _im2col(b: Bench) -> Given:
    image, columns = b.buffer(3 * 9 * 11), b.buffer(27 * 5 * 6)
    return line(90), [90, image, 9, 11, 3, 1, 2, 5, 6, columns]


def _im2col_ext(b: Bench) -> Given:
    image, columns = b.buffer(2 * 9 * 11), b.buffer(2 * 6 * 20)
    return line(40), [40, image, 9, 11, 3, 2, 1, 0, 2, 3, 2, 1, 4, 5, columns]


def _maxpool(b: Bench) -> Given:
    image, output, indexes = b.buffer(5 * 42), b.buffer(5 * 30), b.buffer(5 * 30)
    return line(150), [150, 6, 7, 5, 1, 3, 1, image, output, indexes]


def _maxpool_xy(b: Bench) -> Given:
    image, output, indexes = b.buffer(450), b.buffer(180), b.buffer(180)
    return line(180), [180, 9, 10, 5, 1, 2, 3, 1, image, output, indexes]


def _maxpool_depth(b: Bench) -> Given:
    image, output, indexes = b.buffer(560), b.buffer(240), b.buffer(240)
    return line(80), [80, 8, 5, 7, 3, 2, image, output, indexes]


def _avgpool(b: Bench) -> Given:
    return line(40), [40, 7, 7, 40, b.buffer(40 * 49), b.buffer(40)]


def _softmax(b: Bench) -> Given:
    x, y = b.buffer(6 * 53), b.buffer(6 * 53)
    return line(6), [x, 53, 3, 106, 2, 53, 1, 0.7, y]


def _shortcut(b: Bench) -> Given:
    add, out = b.buffer(4 * 8 * 6), b.buffer(6 * 4 * 3)
    return line(48), [48, 3, 4, 4, 2, 1, 1, 6, 8, 4, add, 3, 4, 6, 1.0, 0.5, out]


def _shortcut_multilayer(b: Bench) -> Given:
    reach = [77, 33, 99]
    adds = [b.buffer(words) for words in reach]
    given, out, weights = b.buffer(77), b.buffer(77), b.buffer(28)
    pointers = [*adds, given, given, given]
    return line(77), [77, 77, 1, 3, *reach, 0, 0, 0, *pointers, out, given, weights, 28, 2]


def _shortcut_simple(b: Bench) -> Given:
    return line(141), [141, b.buffer(141), b.buffer(141), b.buffer(141)]


def _upsample(b: Bench) -> Given:
    return line(240), [240, b.buffer(60), 5, 4, 3, 1, 2, 0.3, b.buffer(240)]


def _reorg(b: Bench) -> Given:
    return line(192), [192, b.buffer(192), 6, 4, 8, 1, 2, 1, b.buffer(192)]


def _flatten(b: Bench) -> Given:
    return line(210), [210, b.buffer(210), 21, 5, 2, 0, b.buffer(210)]


def _levels_image(b: Bench) -> Given:
    return line(63), [b.buffer(189), b.buffer(8), 1, 9, 7, -1.0, 2.0, 0.7]


def _crop(b: Bench) -> Given:
    return line(60), [b.buffer(216), 60, 3, 8, 9, 5, 4, b.buffer(60)]


def _channels(*behind: int) -> Callable[[Bench], Given]:
    return lambda b: (line(66), [b.buffer(330), 66, 2, 5, 33, b.buffer(330), *behind])


def _scale_channels(b: Bench) -> Given:
    return line(600), [b.buffer(600), 600, 50, 300, 0, b.buffer(100), b.buffer(600)]


def _sam(b: Bench) -> Given:
    return line(141), [b.buffer(141), 141, 47, b.buffer(141), b.buffer(141)]


def _elementwise(b: Bench) -> Given:
    return line(141), [141, 6, 0.2, 0.5, b.buffer(141), b.buffer(141)]


def _broadcast(b: Bench) -> Given:
    steps = [[60, 20, 5, 1], [0, 20, 0, 1]]
    x, y, out = b.buffer(120), b.buffer(120), b.buffer(120)
    return line(120), [120, 3, 3, 4, 5, x, *steps[0], y, *steps[1], out]


def _move(b: Bench) -> Given:
    steps = [[9, 2, 0, 1, 30, 7], [1, 2, 6, 12, 24, 48]]
    return line(144), [144, 3, 2, 2, 2, 3, b.buffer(200), *steps[0], b.buffer(200), *steps[1]]


def _pool_window(b: Bench) -> Given:
    x, y = b.buffer(3 * 99), b.buffer(45)
    sizes = [9, 11, 3, 2, 1, 0, 2, 2, 1, 1, 3, 5, 0, 9, 0, 11]
    return line(45), [45, 1, *sizes, x, y]


def _reduce(b: Bench) -> Given:
    return line(20), [20, 1, 9, 5, b.buffer(180), b.buffer(20)]


def _resize(b: Bench) -> Given:
    scales = [float(np.float32(2)), float(np.float32(0.5))]
    x, y = b.buffer(60), b.buffer(60)
    return line(60), [60, 5, 5, 6, 10, 3, *scales, 0.5, -0.75, x, y]


#: A launch of each kernel.
LAUNCHES: Mapping[str, Callable[[Bench], Given]] = MappingProxyType(
    {
        "activate_array": _activation(1),
        "activate_hard_mish": _three,
        "activate_leaky": _activation(),
        "activate_logistic": _activation(),
        "activate_mish": _three,
        "activate_normalize_channels": _channels(),
        "activate_normalize_channels_softmax": _channels(1),
        "activate_relu": _activation(),
        "activate_relu6": _activation(),
        "activate_swish": _three,
        "add_bias": _add_bias,
        "avgpool": _avgpool,
        "axpy": _axpy,
        "broadcast": _broadcast,
        "const": _strided(2.5),
        "constrain": _strided(1.5),
        "copy": _copy,
        "crop": _crop,
        "elementwise": _elementwise,
        "fill": _strided(0.25),
        "flatten": _flatten,
        "im2col": _im2col,
        "im2col_ext": _im2col_ext,
        "levels_image": _levels_image,
        "maxpool": _maxpool,
        "maxpool_depth": _maxpool_depth,
        "maxpool_xy": _maxpool_xy,
        "move": _move,
        "mul": _two_strided,
        "normalize": _normalize,
        "normalize_inside": _normalize,
        "pool_window": _pool_window,
        "pow": _pow,
        "reduce": _reduce,
        "reorg": _reorg,
        "resize": _resize,
        "sam": _sam,
        "scal": _strided(-3.25),
        "scal_add": _strided(-3.25, 0.75),
        "scale_bias": _scale_bias,
        "scale_channels": _scale_channels,
        "shortcut": _shortcut,
        "shortcut_multilayer": _shortcut_multilayer,
        "shortcut_simple": _shortcut_simple,
        "softmax": _softmax,
        "upsample": _upsample,
    }
)


@dataclass(frozen=True)
class Limits:
    """Least and greatest word that a variant with ``range`` stores."""

    low: float
    high: float


def further(name: str, given: list, limits: Limits, report: np.ndarray) -> list[object]:
    """Return a variant's further arguments, the words of every buffer as they are."""
    base = KERNELS[base_of(name)].parameters
    words = [value.size for value in given if isinstance(value, np.ndarray)]
    pointers = [one.name for one in base if one.kind == "pointer"]
    named = {"ZERO": 0, "REPORT": report, "LOW": limits.low, "HIGH": limits.high}
    named |= {f"WORDS_{one}": count for one, count in zip(pointers, words, strict=True)}
    return [named[one.name] for one in KERNELS[name].parameters[len(base) :]]


def run(
    bench: Bench, name: str, architecture: str, shape: LaunchShape, given: list
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return what the emulated machine code leaves in each buffer, and which words it stores."""
    launch, starts = bench.launch(name, architecture, shape, given)
    ending = Runner().run_launch(launch, budget=10**7)
    assert ending.finished, (name, architecture, ending)
    left = ending.applied(launch.memory.words)
    stored = np.zeros(left.size, dtype=bool)
    stored[ending.words] = True
    spans = [
        slice(start, start + one.size) for start, one in zip(starts, bench.buffers, strict=False)
    ]
    return [left[span] for span in spans], [stored[span] for span in spans]


class Expected:
    """What a launch of a kernel leaves, and its variants' with given limits."""

    def __init__(self, kernel: str, edges: float, seed: int = 1) -> None:
        self.kernel, self.bench = kernel, Bench(seed, edges)
        self.shape, self.given = LAUNCHES[kernel](self.bench)
        self.report = np.zeros(2, dtype=np.uint32)
        self.bench.buffers.append(self.report)
        _, self.stored = run(self.bench, kernel, "sm_90", self.shape, self.given)

    def words(self, limits: Limits | None) -> list[np.ndarray]:
        """Return the words of all buffers by the base's twin, then clamped where it stores."""
        buffers = self.bench.buffers
        copies = {id(one): one.copy() for one in buffers}
        parameters = KERNELS[self.kernel].parameters
        native = [
            copies[id(one)].view(parameter.element) if isinstance(one, np.ndarray) else one
            for one, parameter in zip(self.given, parameters, strict=True)
        ]
        compute(self.kernel, native)
        whole = {
            id(one)
            for one, parameter in zip(self.given, parameters, strict=True)
            if parameter.element == "int32"
        }
        left = []
        for one, stored in zip(buffers, self.stored, strict=True):
            words = copies[id(one)]
            if limits is not None and id(one) not in whole:
                kept = words[stored].view(np.float32)
                clamp(kept, limits.low, limits.high)
                words[stored] = kept.view(np.uint32)
            left.append(words)
        return left

    def check(self, name: str, architecture: str, limits: Limits) -> None:
        """Compare a variant's machine code with what it must leave, reports included."""
        given = [*self.given, *further(name, self.given, limits, self.report)]
        found, _ = run(self.bench, name, architecture, self.shape, given)
        ranged = "range" in techniques_of(name)
        for number, words in enumerate(self.words(limits if ranged else None)):
            wrong = np.flatnonzero(found[number] != words)
            assert wrong.size == 0, (
                f"{name} {architecture}: buffer {number}, word {wrong[0]} emulated "
                f"{found[number][wrong[0]]:#x}, expected {words[wrong[0]]:#x}"
            )
