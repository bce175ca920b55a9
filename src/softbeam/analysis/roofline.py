"""A roofline estimate of time on a GPU, from exact counts: how fast a launch could be at best.

Nothing is measured here.  Each launch is taken to last as long as its tightest limit: instructions
that its warps issue, float32 and float64 results, the longest thread, or bytes between the GPU and
its memory (S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance
model for multicore architectures", Communications of the ACM 52 (2009),
doi:10.1145/1498765.1498785).  Latency, bank conflicts, caches, integer and special function units
are left out, so that real launches take longer; how two networks compare is told better than how
long either takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

#: Warp instructions that a multiprocessor issues in a clock: its four schedulers issue one each,
#: as NVIDIA's tuning guides say of all architectures since Volta.
ISSUED = 4

#: Seconds that a launch of a stream costs besides its own time, where launches queue up: 3.8 µs
#: for each launch of a kernel that takes 2.9 µs, on a V100 (A. Gray, "Getting started with CUDA
#: graphs", NVIDIA technical blog, 2019).  Stated apart, for drivers and hosts differ most in it.
LAUNCH = 0.9e-6


@dataclass(frozen=True, slots=True)
class Gpu:
    """Peak figures of a GPU.

    Attributes
    ----------
    title : str
        Its name.
    architecture : str
        Whose machine code it runs.
    multiprocessors : int
        How many it has.
    gigahertz : float
        The boost clock, at which the published peak is reached.
    fp32, fp64 : int
        Results of float32 and of float64 arithmetic that a multiprocessor gives in a clock.
    gigabytes : float
        Bandwidth of its memory, 10^9 bytes a second.
    teraflops : float
        The published peak of float32, 10^12 a second, a multiply-add being two.
    source : str
        Where the figures are published.
    """

    title: str
    architecture: str
    multiprocessors: int
    gigahertz: float
    fp32: int
    fp64: int
    gigabytes: float
    teraflops: float
    source: str


_GUIDE = "results a clock: CUDA C++ Programming Guide, throughput of native arithmetic instructions"

#: GPUs by the name of the option.
GPUS: Mapping[str, Gpu] = {
    "h100": Gpu(
        "H100 SXM5", "sm_90", 132, 1.98, 128, 64, 3350.0, 67.0,
        f"NVIDIA H100 whitepaper (2022) and data sheet (2023); {_GUIDE}",
    ),
    "a100": Gpu(
        "A100 SXM4 80 GB", "sm_80", 108, 1.41, 64, 32, 2039.0, 19.5,
        f"NVIDIA A100 whitepaper (2020) and data sheet of the 80 GB version (2021); {_GUIDE}",
    ),
    "orin": Gpu(
        "Jetson AGX Orin 64 GB", "sm_87", 16, 1.3, 128, 2, 204.8, 5.3,
        f"NVIDIA Jetson AGX Orin technical brief (2022); {_GUIDE}, of capability 8.6",
    ),
    "b200": Gpu(
        "B200", "sm_100", 148, 1.98, 128, 64, 7700.0, 75.0,
        f"NVIDIA HGX B200 data sheet (2024), an eighth of it; {_GUIDE}",
    ),
    "l40": Gpu(
        "L40", "sm_89", 142, 2.49, 128, 2, 864.0, 90.5,
        f"NVIDIA L40 data sheet (2022) and Ada whitepaper (2022); {_GUIDE}",
    ),
    "t4": Gpu(
        "T4", "sm_75", 40, 1.59, 64, 2, 320.0, 8.1,
        f"NVIDIA T4 data sheet (2019) and Turing whitepaper (2018); {_GUIDE}",
    ),
    "a40": Gpu(
        "A40", "sm_86", 84, 1.74, 128, 2, 696.0, 37.4,
        f"NVIDIA A40 data sheet (2021) and GA102 whitepaper (2020); {_GUIDE}",
    ),
    "rtx5090": Gpu(
        "GeForce RTX 5090", "sm_120", 170, 2.407, 128, 2, 1792.0, 104.8,
        f"NVIDIA RTX Blackwell whitepaper (2025); {_GUIDE}",
    ),
}  # fmt: skip


class Counted(Protocol):
    """Launches that are alike, as they are counted: see :class:`softbeam.network.work.LaunchWork`.

    `blocks`, `warps` and `longest` are those of one launch, the others sums.
    """

    @property
    def blocks(self) -> int:
        """Blocks of a launch."""

    @property
    def warps(self) -> int:
        """Warps of a launch."""

    @property
    def longest(self) -> int:
        """Most instructions of a thread."""

    @property
    def warp_instructions(self) -> int:
        """Instructions that warps issue."""

    @property
    def fp32(self) -> int:
        """Float32 results."""

    @property
    def fp64(self) -> int:
        """Float64 results."""

    @property
    def touched(self) -> int:
        """Bytes that have to move."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimated time of some launches.

    Attributes
    ----------
    seconds : float
        At the launches' tightest limits.
    memory : float
        The part of it of launches that memory limits.
    launches : int
        How many.
    """

    seconds: float = 0.0
    memory: float = 0.0
    launches: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.seconds + other.seconds,
            self.memory + other.memory,
            self.launches + other.launches,
        )

    @property
    def between(self) -> float:
        """Seconds between the launches, which are not in :attr:`seconds`."""
        return self.launches * LAUNCH


def limits(work: Counted, gpu: Gpu, times: int = 1) -> dict[str, float]:
    """Return the seconds that one launch takes at each limit.

    Parameters
    ----------
    work : Counted
        Launches that are alike.
    gpu : Gpu
        One of :data:`GPUS`.
    times : int
        How many launches the sums of `work` are of.

    Notes
    -----
    A launch with few blocks keeps few multiprocessors busy, and with few warps few schedulers; a
    thread executes one instruction in a clock at most.

    Examples
    --------
    >>> from softbeam.network.work import LaunchWork
    >>> copy = LaunchWork(4096, 32768, 20, 0, 0, 655360, 0, 0, 0, 0, 8 << 20)
    >>> found = limits(copy, GPUS["a100"])
    >>> max(found, key=found.get), round(1e6 * found["memory"], 2)
    ('memory', 4.11)
    """
    clock = 1e9 * gpu.gigahertz
    busy = min(work.blocks, gpu.multiprocessors)
    schedulers = min(ISSUED * busy, work.warps)
    return {
        "issue": work.warp_instructions / times / (schedulers * clock),
        "fp32": work.fp32 / times / (gpu.fp32 * busy * clock),
        "fp64": work.fp64 / times / (gpu.fp64 * busy * clock),
        "longest": work.longest / clock,
        "memory": work.touched / times / (1e9 * gpu.gigabytes),
    }


def estimate(works: Iterable[tuple[Counted, int]], gpu: Gpu, inputs: int = 1) -> Estimate:
    """Return the estimated time of one inference.

    Parameters
    ----------
    works : iterable of (Counted, int)
        Launches that are alike, and how many there are in an inference.
    gpu : Gpu
        One of :data:`GPUS`.
    inputs : int
        How many inferences the sums are of.
    """
    found = Estimate()
    for work, launches in works:
        each = limits(work, gpu, launches * inputs)
        longest = launches * max(each.values())
        bound = longest if each["memory"] == max(each.values()) else 0.0
        found += Estimate(longest, bound, launches)
    return found
