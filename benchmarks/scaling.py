"""Say what a large campaign costs on few and on many cores: measured parts, simulated whole.

    python benchmarks/scaling.py [--injections 1000000] [--sample 200] [--measured FILE]

Every part is measured in processor seconds on this machine with Extraction: what a worker's start
takes, a machine's golden run, single injections of the paper's three modes, and what the process
that hands out injections and keeps their records does for each (with processes of its own, and as
the client of a Dask cluster together with the scheduler).  A discrete-event simulation then puts
workers beside that one process.  `--measured` keeps the measured parts in a file, or takes them
from it where it exists.
"""

from __future__ import annotations

import argparse
import heapq
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import numpy as np

from softbeam.campaign import cluster
from softbeam.campaign.choices import CampaignChoices
from softbeam.campaign.engine import run_campaign
from softbeam.campaign.preparation import prepare
from softbeam.campaign.results.merging import merge
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.setup import InjectorSetup, inject_in_worker, specify
from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.campaign.streams import InjectionName, StreamKey
from softbeam.campaign.workers import WorkerPool
from softbeam.faults.modes import PAPER
from softbeam.injection.record import InjectionRecord
from softbeam.jit import cache_home
from softbeam.network.choices import WorkloadChoices
from softbeam.network.golden import golden_run
from softbeam.network.workload import Workload, load_workload


@dataclass(frozen=True)
class Parts:
    """Processor seconds.

    Attributes
    ----------
    start : float
        A worker process, from its start to the first injection, with compiled code on disk.
    golden : float
        A golden run, once on each machine.
    injections : tuple of float
        Single injections, the three modes in turn.
    local : float
        What the parent of worker processes does for each injection.
    chunk, record : float
        What client and scheduler of a cluster do for each chunk and for each injection.
    join : float
        What merging parts takes for each injection.
    """

    start: float
    golden: float
    injections: tuple[float, ...]
    local: float
    chunk: float
    record: float
    join: float


def take(function: Callable[[], object]) -> float:
    """Return the processor time of this process during a call."""
    began = process_time()
    function()
    return process_time() - began


START = """
import pickle, sys
from softbeam.campaign.setup import inject_in_worker
from softbeam.campaign.streams import InjectionName
inject = inject_in_worker(pickle.load(open(sys.argv[1], "rb")))
for mode, model in (("rf", "single-bit"), ("iov", "random-value"), ("ioa", "single-bit")):
    inject(InjectionName(mode, model, "", 0))
"""


def measure_start(setup: InjectorSetup, folder: Path) -> float:
    """Return the processor time of a process that makes three injections."""
    import pickle

    path = folder / "setup.pickle"
    path.write_bytes(pickle.dumps(setup))
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", START, str(path)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def idle(record: InjectionRecord) -> Callable[[InjectionName], InjectionRecord]:
    """Return what answers at once: all that is left is the parent's work."""
    from dataclasses import replace

    return lambda name: replace(record, index=name.index)


def idle_chunk(record: InjectionRecord, names: tuple[InjectionName, ...]) -> list[InjectionRecord]:
    """Answer a chunk at once."""
    from dataclasses import replace

    return [replace(record, index=name.index) for name in names]


def measure_parent(
    specification: CampaignSpecification, record: InjectionRecord, number: int, folder: Path
) -> tuple[float, float, float, float]:
    """Return what an injection takes locally, a chunk and an injection with Dask, and joining."""
    from time import monotonic

    import distributed

    key = StreamKey("rf", "single-bit")

    def campaign(name: str, run: Callable[..., Iterator[InjectionRecord]]) -> float:
        with ResultsStore.create(folder / name, specification) as store:
            return take(lambda: run_campaign(store, {key: number}, run, clock=monotonic))

    with WorkerPool[InjectionName, InjectionRecord](2, idle, record) as pool:
        list(pool.run([InjectionName(*PAPER[0], "", n) for n in range(20)]))
        local = campaign("local", pool.run) / number
    # Two sizes of chunks tell what is for the chunk and what is for the injection.
    spent = {}
    kept = cluster.inject_chunk, cluster.chunk_size, cluster._workers
    cluster.inject_chunk = idle_chunk  # type: ignore[assignment]
    # With many workers their number is asked for rarely.
    cluster._workers = lambda client: 64
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR"
        ) as machines,
        distributed.Client(machines) as client,
    ):
        shared = client.scatter(record, broadcast=True)
        for size in (20, 200):
            cluster.chunk_size = lambda injections, workers, size=size: size  # type: ignore[misc]
            spent[size] = campaign(
                f"dask-{size}", lambda names: cluster.run_on(client, shared, names)
            )
    cluster.inject_chunk, cluster.chunk_size, cluster._workers = kept
    chunk = (spent[20] - spent[200]) / (number / 20 - number / 200)
    join = take(lambda: merge([folder / "local"], folder / "joined")) / number
    return local, chunk, spent[200] / number - chunk / 200, join


def measure(sample: int) -> Parts:
    """Measure all parts on this machine."""
    workload: Workload = load_workload("extraction", choices=WorkloadChoices(gemm="library"))
    streams = tuple(
        StreamRequest(mode=mode, model=model, injections=sample)  # type: ignore[arg-type]
        for mode, model in PAPER
    )
    specification = specify(workload, CampaignChoices(), streams)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        setup = prepare(workload, specification, folder, cache_home() / "profiles")
        image = workload.images[0]
        golden = min(
            take(lambda: golden_run(workload.plan, workload.weights, image, folder / "again.bin"))
            for _ in range(3)
        )
        inject = inject_in_worker(setup)
        for mode, model in PAPER:
            inject(InjectionName(mode, model, "", sample))
        times, record = [], None
        for index in range(sample):
            for mode, model in PAPER:
                began = process_time()
                record = inject(InjectionName(mode, model, "", index))
                times.append(process_time() - began)
        assert record is not None
        record = inject(InjectionName(*PAPER[0], "", 0))
        start = measure_start(setup, folder)
        local, chunk, each, join = measure_parent(specification, record, 12000, folder)
    return Parts(start, golden, tuple(times), local, chunk, each, join)


@dataclass(frozen=True)
class Outcome:
    """What a simulated campaign took: seconds by the clock, and how busy everybody was."""

    seconds: float
    workers: float
    parent: float


class Simulation:
    """A campaign, chunk by chunk.

    Every worker starts, waits for its machine's golden run and then does its chunks in turn.  One
    process receives what comes back, keeps it and hands out the next chunk.
    """

    def __init__(self, parts: Parts, injections: int, workers: int, dask: bool) -> None:
        self._parts, self._workers, self._dask = parts, workers, dask
        self._mean, self._deviation = np.mean(parts.injections), np.std(parts.injections)
        self._left = injections
        self._rng = np.random.default_rng(1)
        self._free = [parts.start + parts.golden] * workers
        #: When a chunk is done, its worker and size; the earliest first.
        self._under_way: list[tuple[float, int, int]] = []
        self._work = self._served = 0.0

    def _size(self) -> int:
        if self._dask:
            return min(self._left, cluster.chunk_size(self._left, self._workers))
        # Single tasks, put together so that a million is simulated in seconds.
        return min(self._left, max(1, min(100, self._left // (50 * self._workers))))

    def _hand_out(self, worker: int, now: float) -> None:
        size = self._size()
        if size == 0:
            return
        self._left -= size
        took = max(0.0, self._rng.normal(size * self._mean, self._deviation * size**0.5))
        self._work += took
        self._free[worker] = max(self._free[worker], now) + took
        heapq.heappush(self._under_way, (self._free[worker], worker, size))

    def run(self) -> Outcome:
        """Return what it took."""
        for _ in range(cluster.AHEAD):
            for worker in range(self._workers):
                self._hand_out(worker, 0.0)
        now = 0.0
        while self._under_way:
            done, worker, size = heapq.heappop(self._under_way)
            cost = size * self._parts.local
            if self._dask:
                cost = self._parts.chunk + size * self._parts.record
            now = max(now, done) + cost
            self._served += cost
            self._hand_out(worker, now)
        return Outcome(now, self._work / (now * self._workers), self._served / now)


def clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def report(parts: Parts, injections: int) -> None:
    """Print the parts, the table of campaigns, and where it stops scaling."""
    mean = float(np.mean(parts.injections))
    print(f"a worker's start        {parts.start:8.2f} s")
    print(f"a golden run            {parts.golden:8.2f} s, once a machine")
    print(
        f"an injection            {1e3 * mean:8.2f} ms ({len(parts.injections)} measured, "
        f"longest {1e3 * max(parts.injections):.0f} ms)"
    )
    print(f"parent, an injection    {1e6 * parts.local:8.0f} µs")
    print(
        f"client and scheduler    {1e6 * parts.chunk:8.0f} µs a chunk, "
        f"{1e6 * parts.record:.0f} µs an injection"
    )
    size = cluster.CHUNK
    most = (parts.chunk + size * parts.record) / size
    print(
        f"\nthe parent keeps up with {mean / parts.local:.0f} processes, a client with "
        f"{mean / most:.0f} in chunks of {size}\n"
    )
    print(f"{injections:,} injections, {injections * mean / 3600:.2f} core hours of work")
    print(
        f"{'cores':>6} {'machines':>9} {'how':>10} {'time':>8} {'speed-up':>9} {'workers':>8} "
        f"{'parent':>7}"
    )
    alone = injections * mean
    for machines, cores, dask in [
        (1, 1, False), (1, 2, False), (1, 16, False), (1, 64, False), (1, 128, False),
        (4, 16, True), (16, 16, True), (50, 20, True),
    ]:  # fmt: skip
        one = Simulation(parts, injections, machines * cores, dask).run()
        print(
            f"{machines * cores:6} {machines:9} {'Dask' if dask else 'processes':>10} "
            f"{clock(one.seconds):>8} {alone / one.seconds:9.1f} {one.workers:8.0%} "
            f"{one.parent:7.0%}"
        )
    machines = 10
    each = Simulation(parts, injections // machines, 100, dask=False).run().seconds
    print(
        f"{1000:6} {machines:9} {'parts':>10} {clock(each):>8} {alone / each:9.1f}"
        f"   and {clock(injections * parts.join)} to join them"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--injections", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=200, help="injections of each mode")
    parser.add_argument("--measured", type=Path, help="file of the measured parts")
    options = parser.parse_args()
    if options.measured and options.measured.exists():
        parts = Parts(**json.loads(options.measured.read_text()))
    else:
        parts = measure(options.sample)
        if options.measured:
            options.measured.write_text(json.dumps(asdict(parts)))
    report(parts, options.injections)


if __name__ == "__main__":
    main()
