"""Measure the emulator: each kernel, the profile, a matrix product, strikes, cold start.

    python benchmarks/emulator.py [--layer 4] [--network NAME] [--cold]

Processor time of one thread, so that other work on the machine moves little.  Each launch is run
with translated code and then by the interpreter alone, in the same minute, and the ratio is printed
beside the rate.  Beside both stands a floor measured here: a compiled loop that fetches two
registers of 32 lanes, adds them and writes a third, in an order that no compiler can foresee.
`--cold` also starts a new process with an empty cache and measures its first `Machine.launch`.
"""

from __future__ import annotations

import argparse
import lzma
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.profile import profile_launch, profile_network, struck_launches
from softbeam.network.profile_cache import profiles_of
from softbeam.network.workload import load_workload

CORPUS = Path(__file__).parent.parent / "tests" / "emulator" / "corpus" / "machine_code"
ENGINES = ("translator", "interpreter")


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Run with one engine."""
    before = os.environ.get("SOFTBEAM_ENGINE", "")
    os.environ["SOFTBEAM_ENGINE"] = name
    try:
        yield
    finally:
        os.environ["SOFTBEAM_ENGINE"] = before


def both(run: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Return the seconds of a run, the median of several, translated and interpreted."""
    seconds = []
    for name in ENGINES:
        with engine(name):
            run()
            taken = []
            for _ in range(times):
                start = thread_time()
                run()
                taken.append(thread_time() - start)
            seconds.append(median(taken))
    return seconds[0], seconds[1]


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


def line(name: str, number: int, translated: float, interpreted: float, floor: float) -> None:
    """Print what one launch took."""
    rates = [number / seconds / 1e6 for seconds in (translated, interpreted)]
    print(
        f"{name:16}{number:20,}{rates[0]:9.0f}{rates[1]:9.0f}{rates[0] / rates[1]:8.1f}"
        f"{rates[0] * 1e6 / floor:10.1%}",
        flush=True,
    )


def kernels(device: Device, layer: int, floor: float) -> None:
    """Print the rates of each kernel's launch nearest to a layer, and of all together."""
    launches, seen, sums = device.plan.launches, set(), [0, 0.0, 0.0]
    for number in sorted(
        struck_launches(device), key=lambda number: abs(launches[number].layer - layer)
    ):
        kernel = launches[number].kernel
        if kernel in seen:
            continue
        seen.add(kernel)
        executed = int(profile_launch(device, number).totals[:, 0].sum())
        seconds = both(lambda number=number: profile_launch(device, number))
        sums = [sums[0] + executed, sums[1] + seconds[0], sums[2] + seconds[1]]
        line(kernel, executed, *seconds, floor)
    line("together", int(sums[0]), sums[1], sums[2], floor)


def product(floor: float, size: int = 256, depth: int = 256) -> None:
    """Print the rates of a matrix product with shared memory and a register tile."""
    files = [lzma.decompress((CORPUS / "sm_90" / f"product.{kind}.xz").read_bytes())
             for kind in ("cubin", "json")]  # fmt: skip
    machine = Machine(*files)
    random = np.random.default_rng(1)
    a, b = (machine.allocate(random.normal(size=size * depth).astype(np.float32)) for _ in range(2))
    c = machine.allocate(4 * size * size)
    blocks = (size // 128, size // 128)
    executed = 0

    def run() -> None:
        nonlocal executed
        outcome = machine.launch("sgemm_k", blocks, 256, c, a, b, size, depth)
        executed = outcome.warp_instructions * 32

    seconds = both(run)
    line("sgemm", executed, *seconds, floor)


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
    parser.add_argument("--network", default="extraction", help="whose profile is timed")
    parser.add_argument("--gemm", default="struck", help="struck or library")
    parser.add_argument("--strikes", type=int, default=500, help="strikes of each mode")
    parser.add_argument("--cold", action="store_true", help="also start with an empty cache")
    options = parser.parse_args()
    if options.cold:
        cold_start()
    workload = load_workload(options.network, choices=WorkloadChoices(gemm=options.gemm))
    device = Device(golden_run(workload.plan, workload.weights, workload.images[0]))
    floor = floor_rate()
    print(f"floor: {floor / 1e6:,.0f} M lane-additions/s\n")
    print(f"{'':16}{'lane-instructions':>20}{'M/s':>9}{'interp.':>9}{'ratio':>8}{'of floor':>10}")
    kernels(device, options.layer, floor)
    product(floor)
    total = 0

    def profile() -> None:
        nonlocal total
        total = sum(int(one.totals[:, 0].sum()) for one in profile_network(device))

    seconds = both(profile, times=1)
    line("whole profile", total, *seconds, floor)
    print(f"\nwhole profile: {seconds[0]:.2f} s, interpreted {seconds[1]:.2f} s")
    with tempfile.TemporaryDirectory() as empty:
        profiles = profiles_of(workload, device, Path(empty))
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
    for extra, (number, seconds_each) in launch_times().items():
        print(
            f"Machine.launch of {number} warp instructions beside {extra >> 20} MiB: "
            f"{seconds_each * 1e3:.3f} ms"
        )
    print(f"\ncache: {cache_home()}")


#: The first launch ever: a small kernel on a machine that has nothing compiled.
FIRST_LAUNCH = """
from time import process_time
import numpy as np
from softbeam.emulator import Machine
from softbeam.kernels import cubin_bytes, listing_bytes
machine = Machine(cubin_bytes("fill"), listing_bytes("fill"))
x = machine.allocate(4 * 1024)
outcome = machine.launch(next(iter(machine.kernels)), 2, 512, 1000, 1.5, x, 1)
assert outcome.completed, outcome
print(f"{process_time():.1f}")
"""


def cold_start() -> None:
    """Time the first launch in a new process, from an empty cache and from a full one."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "SOFTBEAM_CACHE_DIR": empty}
        for name in ("cold", "warm"):
            done = subprocess.run(
                [sys.executable, "-c", FIRST_LAUNCH],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            print(f"{name} start to the end of the first launch: {done.stdout.strip()} s")


if __name__ == "__main__":
    main()
