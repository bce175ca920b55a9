"""Measure injections a second, and what they cost beside one full inference and beside the floor.

    python benchmarks/injections.py [--gemm library] [--injections 300] [--processes 2]
        [--torch PYTHON]

Everything runs with one thread a process.  Processor time is measured, which other work on the
machine moves little, except for the last figure, which is a real run in wall-clock time.  The
floor is the floating-point operations of the matrix products of the changed regions at the rate
of NumPy's sgemm, measured here: what no way to compute these regions can be faster than.
`--torch` names a Python that has PyTorch.
"""

from __future__ import annotations

import os

# Read when NumPy is loaded.
for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "BLIS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import argparse
import json
import multiprocessing
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np

from softbeam.faults.modes import PAPER
from softbeam.injection.injector import Injector
from softbeam.injection.liveness import Live, any_live, live_words
from softbeam.injection.native import columns
from softbeam.injection.propagation import propagate
from softbeam.injection.strike import Strike, strike
from softbeam.jit import cache_home
from softbeam.kernels.products import TILES
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, golden_run, open_golden_run
from softbeam.network.layers import Convolution, MaxPool
from softbeam.network.plan import Plan
from softbeam.network.profile import struck_launches
from softbeam.network.profile_cache import Profiles, profiles_of
from softbeam.network.workload import Workload, load_workload

CAMPAIGN = "benchmark"


def best(turns: int, function: Callable[[], object]) -> float:
    """Return the shortest processor time of a function in seconds."""
    times = []
    for _ in range(turns):
        start = thread_time()
        function()
        times.append(thread_time() - start)
    return min(times)


def sgemm_rate() -> float:
    """Return the floating-point operations a second of NumPy's sgemm, one thread."""
    m, n, k = 512, 784, 2304
    a, b = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
    return 2 * m * n * k / best(7, lambda: a @ b)


class Meter:
    """Counts the floating-point operations of the matrix products that propagation computes."""

    def __init__(self) -> None:
        self.operations = 0
        self._multiply = columns.multiply

    def __enter__(self) -> Meter:
        columns.multiply = self._count
        return self

    def __exit__(self, *_: object) -> None:
        columns.multiply = self._multiply

    def _count(self, m: int, k: int, a: object, count: int, *rest: object) -> None:
        self.operations += 2 * m * k * count
        self._multiply(m, k, a, count, *rest)


@dataclass
class Measured:
    """What the injections of a mode took: seconds for each, by part."""

    mode: str
    draw: np.ndarray
    strike: np.ndarray
    propagation: np.ndarray
    operations: int
    whole: np.ndarray
    in_product: np.ndarray

    @property
    def each(self) -> float:
        """Mean processor seconds of an injection."""
        return (self.draw.sum() + self.strike.sum() + self.propagation.sum()) / self.draw.size


def inference(golden: GoldenRun) -> Callable[[], None]:
    """Return a function that runs every launch once, natively, on plain memory."""
    plan = golden.plan
    memory = {name: golden.view(name, 0).copy() for name in plan.buffers}

    def run() -> None:
        for launch in plan.launches:
            golden.execute(launch, memory)

    run()
    output = golden.answer
    if not np.array_equal(np.concatenate([memory[name] for name in plan.outputs]), output):
        raise SystemExit("the plain inference differs from the golden run")
    return run


def must_propagate(struck: Strike, live: Live) -> bool:
    """Return whether a strike changes a word that something reads later."""
    return struck.finished and any(
        any_live(live, buffer, indexes) for buffer, (indexes, _) in struck.changed.items()
    )


def measure(
    injector: Injector, profiles: Profiles, mode: str, model: str, count: int, wholes: int
) -> Measured:
    """Perform injections part by part; `wholes` of the propagations are done by launches too."""
    device, live, meter = injector.device, live_words(injector.device.plan), Meter()
    draw, hit, spread, whole, in_product = [], [], [], [], []
    # Code is compiled and files are mapped before the clock starts.
    for index in range(10**6, 10**6 + 60):
        injector.inject(mode, model, index)
    for index in range(count):
        times = [thread_time()]
        site = injector.site(mode, model, index)
        times.append(thread_time())
        struck = strike(device, injector.runner, site, profiles[site.launch].longest)
        times.append(thread_time())
        draw.append(times[1] - times[0])
        hit.append(times[2] - times[1])
        in_product.append(device.plan.launches[site.launch].kernel in TILES)
        if not must_propagate(struck, live[site.launch]):
            continue
        changed = (device.golden, live, site.launch, struck.changed)
        with meter:
            start = thread_time()
            found = propagate(*changed)
            spread.append(thread_time() - start)
        if len(whole) < wholes:
            start = thread_time()
            expected = propagate(*changed, rules={})
            whole.append(thread_time() - start)
            if not np.array_equal(found.output, expected.output):
                raise SystemExit(f"the region's output differs from the whole one's at {site}")
    parts = (np.array(part) for part in (draw, hit, spread))
    return Measured(mode, *parts, meter.operations, np.array(whole), np.array(in_product))


def torch_inference(python: str, workload: Workload) -> dict:
    """Return what benchmarks/torch_inference.py prints when that Python runs it."""
    arrays = {"image": workload.images[0].reshape(workload.network.input_shape)}
    layers = []
    for layer in workload.network.layers:
        facts: dict = {"index": layer.index, "type": layer.type, "parameters": []}
        if isinstance(layer, Convolution):
            facts |= {"stride": layer.stride, "padding": layer.padding}
            facts |= {"activation": layer.activation.name, "parameters": list(layer.trained)}
            for name in layer.trained:
                values = workload.weights[f"{layer.index}.{name}"]
                filters = (layer.filters, layer.input_shape[0], layer.size, layer.size)
                shape = filters if name == "weights" else (layer.filters, 1, 1)
                arrays[f"{layer.index}.{name}"] = values.reshape(shape)
        elif isinstance(layer, MaxPool):
            facts |= {"size": layer.size, "stride": layer.stride}
        layers.append(facts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.npz")
        np.savez(path, layers=json.dumps(layers), **arrays)
        script = Path(__file__).with_name("torch_inference.py")
        done = subprocess.run(
            [python, str(script), str(path)], check=True, capture_output=True, text=True
        )
    return json.loads(done.stdout)


_INJECTOR: list[Injector] = []


def _start(plan: Plan, path: Path, profiles: Profiles) -> None:
    device = Device(open_golden_run(plan, path))
    _INJECTOR.append(Injector(device, profiles, struck_launches(device), CAMPAIGN))
    for number in range(60):
        _inject((*PAPER[number % 3], 10**6 + number))


def _inject(name: tuple[str, str, int]) -> str:
    return _INJECTOR[0].inject(*name).outcome


def real_rate(workload: Workload, profiles: Profiles, count: int, processes: int) -> float:
    """Return the injections a second, by the clock, of processes that share a golden run."""
    names = [(*PAPER[number % 3], number // 3) for number in range(3 * count)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "golden.bin")
        golden_run(workload.plan, workload.weights, workload.images[0], path)
        start = (workload.plan, path, profiles)
        with multiprocessing.get_context("spawn").Pool(processes, _start, start) as pool:
            # Every process is ready once all have done something.
            pool.map(_inject, [(*PAPER[0], 10**7 + number) for number in range(64 * processes)], 1)
            begin = perf_counter()
            pool.map(_inject, names, 4)
            return len(names) / (perf_counter() - begin)


def report(measured: list[Measured], rate: float, plain: float, torch: dict | None) -> None:
    """Print the tables."""
    print(f"{'':>5} {'inj/s':>7} {'draw':>6} {'strike':>7} {'propagated':>10} "
          f"{'region':>8} {'floor':>7} {'of it':>6} {'whole':>8} {'gain':>6}")  # fmt: skip
    print(f"{'mode':>5} {'':>7} {'us':>6} {'us':>7} {'share':>10} {'ms':>8} {'ms':>7} {'':>6} "
          f"{'ms':>8} {'':>6}")  # fmt: skip
    for one in measured:
        region = one.propagation.mean()
        floor = one.operations / rate / one.propagation.size
        whole = one.whole.mean()
        print(
            f"{one.mode:>5} {1 / one.each:>7.0f} {1e6 * np.median(one.draw):>6.0f} "
            f"{1e6 * np.median(one.strike):>7.0f} {one.propagation.size / one.draw.size:>10.3f} "
            f"{1e3 * region:>8.2f} {1e3 * floor:>7.2f} {floor / region:>6.2f} "
            f"{1e3 * whole:>8.1f} {whole / one.propagation[: one.whole.size].mean():>6.1f}"
        )
    each = float(np.mean([one.each for one in measured]))
    floor = float(np.mean([one.operations / rate / one.draw.size for one in measured]))
    print(f"\nthe paper's mix, one process: {1 / each:.0f} injections a second of processor time")
    print(f"  floor {1e3 * floor:.2f} ms, measured {1e3 * each:.2f} ms: {each / floor:.2f} x floor")
    struck = np.concatenate([one.strike[one.in_product] for one in measured])
    if struck.size:
        drawn = np.concatenate([one.draw[one.in_product] for one in measured])
        draw, hit = 1e3 * np.median(drawn), 1e3 * np.median(struck)
        count = sum(one.draw.size for one in measured)
        print(
            f"  in products {struck.size} of {count}: medians of a draw {draw:.2f} ms and of a "
            f"strike {hit:.2f} ms, mean strike {1e3 * struck.mean():.2f} ms"
        )
    others = {"softbeam's": plain}
    if torch is not None:
        others[f"PyTorch {torch['torch']}'s"] = torch["seconds"]
    for name, seconds in others.items():
        print(
            f"  {name} full inference takes {1e3 * seconds:.0f} ms: one an injection would be "
            f"{seconds / each:.1f} x as slow"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="extraction")
    parser.add_argument("--gemm", default="struck", help="struck or library")
    parser.add_argument("--injections", type=int, default=300, help="of each mode")
    parser.add_argument("--processes", type=int, default=2, help="of the real run; 0 for none")
    parser.add_argument("--torch", metavar="PYTHON", help="a Python that has PyTorch")
    options = parser.parse_args()
    workload = load_workload(options.network, choices=WorkloadChoices(gemm=options.gemm))
    golden: GoldenRun = golden_run(workload.plan, workload.weights, workload.images[0])
    device = Device(golden)
    profiles = profiles_of(workload, device, cache_home() / "profiles")
    injector = Injector(device, profiles, struck_launches(device), CAMPAIGN)
    rate = sgemm_rate()
    plain = best(5, inference(golden))
    torch = torch_inference(options.torch, workload) if options.torch else None
    print(f"NumPy's sgemm: {rate / 1e9:.0f}e9 floating-point operations a second, one thread")
    if torch is not None and torch["top1"] != int(golden.scores.argmax()):
        raise SystemExit("PyTorch finds another class: it does not compute the same network")
    measured = [
        measure(injector, profiles, mode, model, options.injections, 20) for mode, model in PAPER
    ]
    report(measured, rate, plain, torch)
    if options.processes:
        found = real_rate(workload, profiles, options.injections, options.processes)
        print(f"{options.processes} processes by the clock: {found:.0f} injections a second")


if __name__ == "__main__":
    main()
