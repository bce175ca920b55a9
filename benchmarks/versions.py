"""Compare the emulator's speed in several versions of the sources, in turns.

    git worktree add ../before COMMIT
    python benchmarks/versions.py ../before/src src [--rounds 3]

Each version runs in a process and with a cache of its own, so that the first round also says how
long it compiles.  Processor time of one thread; of each of the ten kernels the launch nearest to
layer 4 of Extraction, the better of two runs; lane-instructions a second over all ten.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

KERNELS = [
    "fill",
    "copy",
    "im2col",
    "add_bias",
    "scale_bias",
    "normalize",
    "activate_array",
    "maxpool",
    "avgpool",
    "softmax",
]


def golden() -> Any:
    """Return Extraction's golden run, by whatever names this version has for it."""
    # The first versions asked a library, which is not needed any more, for one thread.
    stand_in: Any = types.ModuleType("threadpoolctl")
    stand_in.threadpool_limits = lambda **_: contextlib.nullcontext()
    sys.modules.setdefault("threadpoolctl", stand_in)
    from softbeam.network.golden import golden_run

    try:
        from softbeam.network.workload import load_workload
    except ImportError:
        from softbeam.network import catalogue, image, weights

        network = catalogue.load_network("extraction")
        trained = weights.shipped_weights("extraction", network.layers)  # type: ignore[arg-type]
        photo = image.load_image(None, network.input_shape)
        return golden_run(network.plan(), trained, photo)
    workload = load_workload("extraction")
    return golden_run(workload.plan, workload.weights, workload.images[0])


def measure() -> None:
    """Print lane-instructions a second of the softbeam that is imported, and seconds to compile."""
    from softbeam.network.device import Device
    from softbeam.network.profile import profile_launch

    device = Device(golden())
    launches = device.plan.launches
    nearest: dict[str, int] = {}
    for number in sorted(range(len(launches)), key=lambda n: abs(launches[n].layer - 4)):
        nearest.setdefault(launches[number].kernel, number)
    start = thread_time()
    profile_launch(device, nearest["softmax"])
    compiling = thread_time() - start
    instructions, seconds = 0, 0.0
    for kernel in KERNELS:
        times = []
        for _ in range(3):
            start = thread_time()
            profile = profile_launch(device, nearest[kernel])
            times.append(thread_time() - start)
        instructions += int(profile.totals[:, 0].sum())
        # The first of the three may have compiled a part that the kernel needs.
        seconds += min(times[1:])
    print(instructions / seconds, compiling)


def main() -> None:
    """Measure each version in turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, help="folders that hold softbeam/")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not options.sources:
        measure()
        return
    found: dict[Path, list[tuple[float, float]]] = {source: [] for source in options.sources}
    with tempfile.TemporaryDirectory() as caches:
        for _ in range(options.rounds):
            for number, source in enumerate(found):
                environment = {
                    **os.environ,
                    "PYTHONPATH": str(source.resolve()),
                    "SOFTBEAM_CACHE_DIR": f"{caches}/{number}",
                    "OPENBLAS_NUM_THREADS": "1",
                }
                line = subprocess.run(
                    [sys.executable, __file__],
                    env=environment,
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                ).stdout
                rate, compiling = map(float, line.split())
                found[source].append((rate, compiling))
    print(f"{'M lane-instructions/s':>22}{'compiling, s':>14}")
    for source, runs in found.items():
        rate = median(rate for rate, _ in runs)
        print(f"{rate / 1e6:22.0f}{runs[0][1]:14.1f}  {source}")


if __name__ == "__main__":
    main()
