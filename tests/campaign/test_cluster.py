"""Campaigns on a Dask cluster of processes: the same rows, whatever becomes of the workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.campaign import cluster
from softbeam.campaign.cluster import CHUNK, LEAST_CHUNK, ROUNDS, chunk_size, on_cluster
from softbeam.campaign.cluster_worker import golden_folder
from softbeam.campaign.engine import run_campaign
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.setup import InjectorSetup, inject_in_worker
from softbeam.campaign.specification import CampaignSpecification
from softbeam.campaign.streams import InjectionName, StreamKey
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError
from softbeam.injection.record import InjectionRecord

distributed = pytest.importorskip("distributed", reason="softbeam[dask] is not installed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a cluster of two processes."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr("tempfile.tempdir", None)
        with distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            local_directory=str(folder),
            silence_logs="CRITICAL",
        ) as running:
            yield running


@pytest.fixture(autouse=True)
def whole(request: pytest.FixtureRequest) -> None:
    """Wait for a worker that an earlier test killed: how chunks are cut depends on their number."""
    if "scheduler" in request.fixturenames:
        with distributed.Client(request.getfixturevalue("scheduler")) as client:
            client.wait_for_workers(2)


def processes(client: Any) -> list[int]:
    return sorted(client.run(os.getpid).values())


def wanted(setup: InjectorSetup, counts: dict[StreamKey, int]) -> list[str]:
    inject = inject_in_worker(setup)
    return [
        repr(inject(InjectionName(key.mode, key.model, key.stratum, index)))
        for key in sorted(counts)
        for index in range(counts[key])
    ]


def test_a_worker_that_dies_in_mid_run_changes_nothing(
    scheduler: Any, prepared: Any, folder: Path
) -> None:
    counts = {StreamKey("rf", "single-bit"): 323, StreamKey("ioa", "double-bit"): 30}
    campaign_id = prepared.setup.campaign_id
    golden = golden_folder(campaign_id)
    files: list[os.stat_result] = []
    with (
        ResultsStore.create(folder, prepared.specification) as store,
        distributed.Client(scheduler) as client,
    ):
        before = processes(client)

        def kill(done: int, of: int) -> None:
            if done >= 80 and not files:
                files.extend(path.stat() for path in sorted(golden.glob("golden-*.bin")))
                os.kill(before[0], signal.SIGKILL)

        with on_cluster(scheduler.scheduler_address, prepared.setup, prepared.workload) as run:
            end = run_campaign(store, counts, run, clock=lambda: 0.0, progress=kill)
            # A machine has one golden run of each input, made once, for its later workers, too.
            assert len(files) == 2
            after = [path.stat() for path in sorted(golden.glob("golden-*.bin"))]
            assert [one.st_ino for one in after] == [one.st_ino for one in files]
            assert [one.st_mtime_ns for one in after] == [one.st_mtime_ns for one in files]
        assert before[0] not in processes(client)
        assert end.failures == ()
        assert end.injected == sum(counts.values())
        assert sorted(map(repr, store.records())) == sorted(wanted(prepared.setup, counts))
    assert not golden.exists()


def test_only_the_injection_that_kills_is_to_blame(
    scheduler: Any,
    make_record: Callable[..., InjectionRecord],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from distributed.core import Status
    from distributed.scheduler import KilledWorker, WorkerState

    def inject_chunk(shared: str, names: tuple[InjectionName, ...]) -> list[Any]:
        """Do what Dask does with a task that its workers die of, 17 being the reason."""
        assert shared == "the setup"
        indexes = [name.index for name in names]
        # It runs in another process: what it remembers is in files.
        second_time = (tmp_path / "18").exists()
        (tmp_path / ("18" if indexes == [18] else str(uuid4()))).write_text(json.dumps(indexes))
        # The scheduler gives up whatever a dead worker had in hand: 18 was beside 17, once.
        if 17 in indexes or (indexes == [18] and not second_time):
            last = WorkerState(
                address="tcp://10.0.0.1:1",
                status=Status.running,
                pid=1,
                name="w",
                nthreads=1,
                memory_limit=1,
                local_directory="",
                nanny="",
                server_id="w",
            )
            raise KilledWorker(str(names), last, 3)
        if 23 in indexes:
            raise ZeroDivisionError("a mistake of ours")
        return [make_record(index=index) for index in indexes]

    monkeypatch.setattr(cluster, "inject_chunk", inject_chunk)
    names = [InjectionName("rf", "single-bit", "", index) for index in range(125)]
    with distributed.Client(scheduler) as client:
        answers = list(cluster.run_on(client, "the setup", iter(names)))
    failures = {one.task.index: one.message for one in answers if isinstance(one, Failure)}
    assert failures == {
        17: "it ended its workers on the cluster, at last tcp://10.0.0.1:1",
        23: "it ended with ZeroDivisionError: a mistake of ours",
    }
    done = sorted(one.index for one in answers if not isinstance(one, Failure))
    assert done == [index for index in range(len(names)) if index not in (17, 23)]
    tried = [json.loads(path.read_text()) for path in tmp_path.iterdir() if path.name != "18"]
    # In a chunk, by itself, and by itself at the end.
    assert sum(17 in indexes for indexes in tried) == 3
    assert sum(19 in indexes for indexes in tried) == 2
    # Far from 17, whatever number of workers the chunks were made for.
    assert sum(120 in indexes for indexes in tried) == 1


def test_a_cluster_without_workers_is_waited_for(
    scheduler: Any, prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SILENCE", 0.2)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        scheduler.scale(2)

    setup = prepared.another("b")
    names = [InjectionName("rf", "single-bit", "", index) for index in range(15)]
    scheduler.scale(0)
    with distributed.Client(scheduler) as client:
        while client.scheduler_info(n_workers=-1)["workers"]:
            time.sleep(0.05)
    try:
        with on_cluster(scheduler.scheduler_address, setup, prepared.workload, None, say) as run:
            answers = list(run(names))
    finally:
        scheduler.scale(2)
    assert sorted(one.index for one in answers) == list(range(15))
    assert said == ["The Dask cluster has no workers; waiting for them, Ctrl-C stops."]
    assert not golden_folder(prepared.another("b").campaign_id).exists()


def test_a_cluster_that_goes_ends_it(
    prepared: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import dask

    script = f"""
        import sys, distributed
        with distributed.LocalCluster(
            n_workers=0, dashboard_address=":0", local_directory={str(tmp_path)!r}
        ) as cluster:
            print(cluster.scheduler_address, flush=True)
            sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    monkeypatch.setattr(cluster, "SILENCE", 0.3)
    # How long the client tries to come back.
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    setup = prepared.another("c")
    names = [InjectionName("rf", "single-bit", "", index) for index in range(5)]
    with process, dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        assert process.stdout is not None
        where = process.stdout.readline().strip()
        # When it is waited for, and so in the middle of the run.
        with (
            pytest.raises(CampaignError, match=r"^the Dask cluster is gone; what was done is kept"),
            on_cluster(where, setup, prepared.workload, None, lambda text: process.kill()) as run,
        ):
            list(run(names))


def test_an_error_of_the_campaigns_ends_it(scheduler: Any, prepared: Any) -> None:
    # A worker's machine where the golden run's folder is a file.
    setup = prepared.another("e")
    folder = golden_folder(setup.campaign_id)
    folder.touch()
    try:
        with on_cluster(scheduler.scheduler_address, setup, prepared.workload) as run:
            results = run([InjectionName("rf", "single-bit", "", 0)])
            with pytest.raises(CampaignError, match="keeps no golden run: "):
                list(results)
    finally:
        folder.unlink(missing_ok=True)


@given(st.integers(1, 10**7), st.integers(1, 5000))
def test_chunks_become_smaller(injections: int, workers: int) -> None:
    sizes, left = [], injections
    while left > 0 and len(sizes) < 1000:
        sizes.append(chunk_size(left, workers))
        left -= sizes[-1]
    assert sizes == sorted(sizes, reverse=True)
    assert all(LEAST_CHUNK <= size <= CHUNK for size in sizes)
    if LEAST_CHUNK < sizes[0] < CHUNK:
        assert sizes[0] == injections // (ROUNDS * workers)


@pytest.mark.parametrize(
    ("workers", "asked"), [(None, {"n": 0, "jobs": 1}), (24, {"n": 24, "jobs": 0})]
)
def test_slurm_jobs_are_queued_as_asked(
    scheduler: Any,
    prepared: Any,
    monkeypatch: pytest.MonkeyPatch,
    workers: int | None,
    asked: dict[str, int],
) -> None:
    seen: list[dict[str, int]] = []
    monkeypatch.setattr(scheduler, "scale", lambda n=0, jobs=0: seen.append({"n": n, "jobs": jobs}))
    module = ModuleType("dask_jobqueue")
    # A queue whose jobs run already.
    module.SLURMCluster = lambda: nullcontext(scheduler)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dask_jobqueue", module)
    setup = prepared.another("a")
    names = [InjectionName("rf", "single-bit", "", index) for index in range(15)]
    with on_cluster("slurm", setup, prepared.workload, workers) as run:
        assert len(list(run(names))) == 15
    assert seen == [asked]
    assert not golden_folder(prepared.another("a").campaign_id).exists()


def test_slurm_that_is_not_configured(prepared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ValueError("You must specify how many cores to use per job like ``cores=8``")

    module = ModuleType("dask_jobqueue")
    module.SLURMCluster = refuse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dask_jobqueue", module)
    with (
        pytest.raises(CampaignError, match=r"cores=8.*; write cores and memory into"),
        on_cluster("slurm", prepared.setup, prepared.workload),
    ):
        pass


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1"])
def test_where_no_scheduler_answers(
    prepared: Any, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with (
        pytest.raises(CampaignError, match=f"--dask {where}: no scheduler answers there"),
        on_cluster(where, prepared.setup, prepared.workload),
    ):
        pass


def test_without_dask_it_is_said_how_to_get_it(
    prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(CampaignError, match=r"pip install 'softbeam\[dask\]'"),
        on_cluster("tcp://127.0.0.1:8786", prepared.setup, prepared.workload),
    ):
        pass


def test_the_command_line_makes_the_same_rows(
    scheduler: Any,
    network_files: Any,
    prepared: Any,
    specified: Callable[..., CampaignSpecification],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from softbeam.cli import main

    images = [option for image in network_files.images[:2] for option in ("--image", str(image))]
    arguments = ["campaign", *network_files.options, *images, "--paper", "--injections", "12"]
    arguments += ["--gemm", "struck"]
    arguments += ["--dask", scheduler.scheduler_address, "--out", str(folder)]
    assert main(arguments) == 0
    assert capsys.readouterr().err.startswith("36 injections made, 36 in")
    counts = {StreamKey(one.mode, one.model): 12 for one in prepared.specification.streams}
    with ResultsStore.open(folder) as store:
        assert list(map(repr, store.records())) == wanted(prepared.setup, counts)
