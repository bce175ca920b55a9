"""Campaigns on a Dask cluster of processes: the same rows, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from softbeam.campaign import cluster
from softbeam.campaign.cluster import CHUNK, golden_folder, on_cluster
from softbeam.campaign.engine import run_campaign
from softbeam.campaign.setup import InjectorSetup, inject_in_worker
from softbeam.campaign.specification import CampaignSpecification
from softbeam.campaign.store import ResultsStore
from softbeam.campaign.streams import InjectionName, StreamKey
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError, InternalError

distributed = pytest.importorskip("distributed", reason="softbeam[dask] is not installed")

pytestmark = pytest.mark.slow

#: A campaign whose injection 17 kills its worker and 23 raises an error that is nobody's.
DEADLY = """
import os
import signal

from softbeam.campaign.setup import InjectorSetup


class Deadly:
    def __init__(self, injector):
        self._injector = injector

    def inject(self, mode, model, index, stratum):
        if index == 17:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == 23:
            raise ZeroDivisionError("a mistake of ours")
        return self._injector.inject(mode, model, index, stratum)


class DeadlySetup(InjectorSetup):
    def injectors(self):
        return [Deadly(injector) for injector in super().injectors()]
"""


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a cluster of two processes that gives a task up at its worker's first death."""
    import dask

    folder = tmp_path_factory.mktemp("cluster")
    (folder / "deadly_setup.py").write_text(DEADLY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr("tempfile.tempdir", None)
        patch.syspath_prepend(str(folder))
        settings = {"distributed.scheduler.allowed-failures": 0}
        with (
            dask.config.set(settings),
            distributed.LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                local_directory=str(folder),
                silence_logs="CRITICAL",
            ) as running,
        ):
            yield running
    sys.modules.pop("deadly_setup", None)


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
    counts = {StreamKey("rf", "single-bit"): 8 * CHUNK + 3, StreamKey("ioa", "double-bit"): 30}
    campaign_id = prepared.setup.campaign_id
    golden = golden_folder(campaign_id)
    files: list[os.stat_result] = []
    with (
        ResultsStore.create(folder, prepared.specification) as store,
        distributed.Client(scheduler) as client,
    ):
        before = processes(client)

        def kill(done: int, of: int) -> None:
            if done == 2 * CHUNK and not files:
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
    scheduler: Any, prepared: Any, folder: Path
) -> None:
    module = import_module("deadly_setup")
    fields = {name: getattr(prepared.setup, name) for name in InjectorSetup.__slots__}
    deadly = module.DeadlySetup(**{**fields, "campaign_id": "d" * 64})
    counts = {StreamKey("rf", "single-bit"): CHUNK + 5}
    with (
        ResultsStore.create(folder, prepared.specification) as store,
        on_cluster(scheduler.scheduler_address, deadly, prepared.workload) as run,
    ):
        end = run_campaign(store, counts, run, clock=lambda: 0.0)
        failures: dict[int, str] = {one.task.index: one.message for one in end.failures}
        assert sorted(failures) == [17, 23]
        assert failures[17].startswith("it ended its workers on the cluster, at last tcp://")
        assert failures[23] == "it ended with ZeroDivisionError: a mistake of ours"
        assert store.done("rf", "single-bit") == set(range(CHUNK + 5)) - {17, 23}
        assert len(store.notes()) == 2
    assert not golden_folder("d" * 64).exists()


def test_an_error_of_the_campaigns_ends_it(scheduler: Any, prepared: Any) -> None:
    # A worker's machine where the golden run's folder is a file.
    setup = replace(prepared.setup, campaign_id="e" * 64)
    folder = golden_folder("e" * 64)
    folder.touch()
    try:
        with on_cluster(scheduler.scheduler_address, setup, prepared.workload) as run:
            results = run([InjectionName("rf", "single-bit", "", 0)])
            with pytest.raises(CampaignError, match="keeps no golden run: "):
                list(results)
    finally:
        folder.unlink(missing_ok=True)


def test_a_chunk(prepared: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    setup = replace(prepared.setup, campaign_id="f" * 64)
    chosen = cluster.ClusterSetup(setup, prepared.workload.weights, prepared.workload.images)
    names = tuple(InjectionName("rf", "single-bit", "", index) for index in range(3))
    # A stratum that no launch has is the campaign's mistake, not one injection's.
    with pytest.raises(CampaignError, match="nothing to strike"):
        cluster.inject_chunk(chosen, (replace(names[0], stratum="9/nothing"),))
    inject = cluster._injectors["f" * 64]

    def failing(name: InjectionName) -> Any:
        if name.index == 1:
            raise InternalError("it cannot be trusted")
        return inject(name)

    monkeypatch.setitem(cluster._injectors, "f" * 64, failing)
    first, second, third = cluster.inject_chunk(chosen, names)
    assert (first, third) == (inject(names[0]), inject(names[2]))
    assert second == Failure(names[1], "it cannot be trusted")
    cluster.forget("f" * 64)
    # Another worker of the machine may have been faster.
    cluster.forget("f" * 64)
    assert list(tmp_path.iterdir()) == []


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
    arguments += ["--dask", scheduler.scheduler_address, "--out", str(folder)]
    assert main(arguments) == 0
    assert capsys.readouterr().err.startswith("36 injections made, 36 in")
    counts = {StreamKey(one.mode, one.model): 12 for one in prepared.specification.streams}
    with ResultsStore.open(folder) as store:
        assert list(map(repr, store.records())) == wanted(prepared.setup, counts)
