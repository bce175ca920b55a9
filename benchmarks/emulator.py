"""Measure the emulator: lane-instructions a second of each kernel, profile, strikes, cold start.

    python benchmarks/emulator.py [--layer 4] [--cold]

Processor time of one thread, so that other work on the machine moves little.  Beside each rate
stands a floor measured here: a compiled loop that fetches two registers of 32 lanes, adds them and
writes a third, which is what one instruction costs at least in an interpreter of this shape.  The
ratio to it is what decoding, predicates, memory and special functions cost.  `--cold` also runs
`softbeam classify` and a first `Machine.launch`, which compiles the interpreter, with empty caches.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time

import numba
import numpy as np
from numpy.typing import NDArray

from softbeam.emulator import Machine
from softbeam.faults.modes import PAPER
from softbeam.injection.injector import Injector
from softbeam.jit import cache_home
from softbeam.kernels import cubin_bytes, listing_bytes
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.profile import profile_launch, struck_launches
from softbeam.network.profile_cache import profiles_of
from softbeam.network.workload import load_workload


@numba.njit(error_model="numpy")
def add_lanes(registers: NDArray[np.uint32], order: NDArray[np.int64], times: int) -> None:
    """Add registers of 32 lanes, in an order that no compiler can foresee."""
    for _ in range(times):
        for step in range(order.shape[0]):
            a, b, c = order[step, 0], order[step, 1], order[step, 2]
            for lane in range(32):
                registers[c, lane] = registers[a, lane] + registers[b, lane]


def floor_rate() -> float:
    """Return the additions of one lane a second that the floor's loop does."""
    random = np.random.default_rng(1)
    registers = random.integers(0, 1 << 32, (64, 32), dtype=np.uint32)
    order = random.integers(0, 64, (64, 3))
    add_lanes(registers, order, 1)
    times = 20_000
    start = thread_time()
    add_lanes(registers, order, times)
    return times * len(order) * 32 / (thread_time() - start)


def kernel_rates(device: Device, layer: int) -> dict[str, tuple[int, float]]:
    """Return for each kernel the lane-instructions and seconds of its launch nearest to a layer."""
    rates: dict[str, tuple[int, float]] = {}
    launches = device.plan.launches
    for number in sorted(
        struck_launches(device), key=lambda number: abs(launches[number].layer - layer)
    ):
        kernel = launches[number].kernel
        if kernel in rates:
            continue
        profile_launch(device, number)
        start = thread_time()
        profile = profile_launch(device, number)
        rates[kernel] = (int(profile.totals[:, 0].sum()), thread_time() - start)
    return rates


def launch_times(extra_bytes: tuple[int, ...] = (0, 200 << 20)) -> dict[int, tuple[int, float]]:
    """Return by memory allocated beside it the instructions and seconds of one small launch."""
    times = {}
    for extra in extra_bytes:
        machine = Machine(cubin_bytes("fill"), listing_bytes("fill"))
        x = machine.allocate(4 * 96)
        if extra:
            machine.allocate(extra)
        measured = []
        for _ in range(200 if not extra else 30):
            start = thread_time()
            outcome = machine.launch("fill_kernel", 1, 96, 96, 2.5, x, 1)
            measured.append(thread_time() - start)
        times[extra] = outcome.warp_instructions, median(measured)
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layer", type=int, default=4, help="whose launches are timed")
    parser.add_argument("--strikes", type=int, default=500, help="strikes of each mode")
    parser.add_argument("--cold", action="store_true", help="also start with an empty cache")
    options = parser.parse_args()
    workload = load_workload("extraction")
    device = Device(golden_run(workload.plan, workload.weights, workload.images[0]))
    floor = floor_rate()
    print(f"floor: {floor / 1e6:,.0f} M lane-additions/s\n")
    print(f"{'kernel':16}{'lane-instructions':>20}{'M/s':>8}{'of floor':>10}")
    rates = kernel_rates(device, options.layer)
    for kernel, (number, seconds) in rates.items():
        rate = number / seconds
        print(f"{kernel:16}{number:20,}{rate / 1e6:8.0f}{rate / floor:10.1%}")
    number, seconds = (sum(column) for column in zip(*rates.values(), strict=True))
    print(
        f"{'together':16}{number:20,}{number / seconds / 1e6:8.0f}{number / seconds / floor:10.1%}"
    )
    with tempfile.TemporaryDirectory() as empty:
        start = thread_time()
        profiles = profiles_of(workload, device, Path(empty))
        seconds = thread_time() - start
    number = sum(int(profile.totals[:, 0].sum()) for profile in profiles.values())
    print(f"\nwhole profile: {number:,} in {seconds:.1f} s, {number / seconds / 1e6:.0f} M/s")
    injector = Injector(device, profiles, struck_launches(device), "benchmark")
    for mode, model in PAPER:
        injector.site(mode, model, options.strikes)
        times = []
        for index in range(options.strikes):
            start = perf_counter()
            site = injector.site(mode, model, index)
            injector.strike(site)
            times.append(perf_counter() - start)
        print(f"{mode}: a draw and its strike take {median(times) * 1e6:.0f} us (median)")
    for extra, (number, seconds) in launch_times().items():
        print(
            f"Machine.launch of {number} warp instructions beside {extra >> 20} MiB: "
            f"{seconds * 1e3:.3f} ms"
        )
    if options.cold:
        cold_start()
    print(f"\ncache: {cache_home()}")


#: Programs whose first start compiles something, and the next one does not.
STARTS = {
    "softbeam classify": "from softbeam.cli import main; main(['classify', 'extraction'])",
    "Machine.launch": """
from softbeam import Machine, cubin_bytes, listing_bytes
machine = Machine(cubin_bytes("fill"), listing_bytes("fill"))
machine.launch("fill_kernel", 1, 32, 32, 2.5, machine.allocate(128), 1)
""",
}


def cold_start() -> None:
    """Time first answers, each from an empty cache, then from a full one, in processor time."""
    for program, text in STARTS.items():
        with tempfile.TemporaryDirectory() as empty:
            environment = {**os.environ, "SOFTBEAM_CACHE_DIR": empty}
            for name in ("empty", "full"):
                start = children_time()
                subprocess.run([sys.executable, "-c", text], env=environment, check=True)
                print(f"{program} with the cache {name}: {children_time() - start:.1f} s")


def children_time() -> float:
    """Return the processor time of all processes that were started here and ended, in seconds."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
