"""What a worker of a cluster keeps, and when it lets go: of injectors, and of golden runs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from softbeam.campaign import cluster_worker
from softbeam.campaign.cluster_worker import (
    LOCK,
    ClusterSetup,
    forget,
    golden_folder,
    inject_chunk,
    remove_forsaken,
    remove_unused,
    shared_golden_runs,
)
from softbeam.campaign.streams import InjectionName
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError, InternalError

NAMES = tuple(InjectionName("rf", "single-bit", "", index) for index in range(3))


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a machine's temporary directory; the process is a worker that has done nothing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(cluster_worker, "_campaigns", {})
    yield tmp_path
    for campaign_id in list(cluster_worker._campaigns):
        forget(campaign_id)


def campaign(prepared: Any, letter: str) -> ClusterSetup:
    """Return what workers are sent of a campaign."""
    setup = prepared.another(letter)
    return ClusterSetup(setup, prepared.workload.weights, prepared.workload.images)


def folders(machine: Path) -> set[str]:
    """Return the folders of the campaigns whose golden runs are kept."""
    return {path.name for path in machine.iterdir()}


def folders_of(prepared: Any, *letters: str) -> set[str]:
    """Return the folders of some campaigns."""
    return {golden_folder(prepared.another(one).campaign_id).name for one in letters}


def test_a_chunk(prepared: Any, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = campaign(prepared, "f")
    campaign_id = chosen.setup.campaign_id
    # A stratum that no launch has is the campaign's mistake, not one injection's.
    with pytest.raises(CampaignError, match="nothing to strike"):
        inject_chunk(chosen, (replace(NAMES[0], stratum="9/nothing"),))
    inject = cluster_worker._campaigns[campaign_id].inject

    def failing(name: InjectionName) -> Any:
        if name.index == 1:
            raise InternalError("it cannot be trusted")
        return inject(name)

    monkeypatch.setattr(cluster_worker._campaigns[campaign_id], "inject", failing)
    first, second, third = inject_chunk(chosen, NAMES)
    assert (first, third) == (inject(NAMES[0]), inject(NAMES[2]))
    assert second == Failure(NAMES[1], "it cannot be trusted")
    forget(campaign_id)
    # Another worker of the machine may have been faster.
    forget(campaign_id)
    assert list(machine.iterdir()) == []


def test_golden_runs_stay_as_long_as_a_worker_uses_them(prepared: Any, machine: Path) -> None:
    chosen = campaign(prepared, "a")
    answers = inject_chunk(chosen, NAMES)
    # Another worker of the machine: its lock is another one.
    setup, lock = shared_golden_runs(chosen)
    assert {one.golden.parent for one in setup.inputs} == {
        golden_folder(prepared.another("a").campaign_id)
    }
    forget(prepared.another("a").campaign_id)
    assert all(one.golden.exists() for one in setup.inputs)
    lock.close()
    assert inject_chunk(chosen, NAMES) == answers
    forget(prepared.another("a").campaign_id)
    assert list(machine.iterdir()) == []


def test_what_a_killed_client_left_goes_with_the_next_campaign(
    prepared: Any, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandoned, busy = campaign(prepared, "a"), campaign(prepared, "b")
    inject_chunk(abandoned, NAMES)
    inject_chunk(busy, NAMES)
    # Shortly after, they may both go on.
    assert folders(machine) == folders_of(prepared, "a", "b")
    now = cluster_worker.time.monotonic()
    monkeypatch.setattr(cluster_worker.time, "monotonic", lambda: now + cluster_worker.IDLE - 1)
    inject_chunk(busy, NAMES)
    monkeypatch.setattr(cluster_worker.time, "monotonic", lambda: now + cluster_worker.IDLE + 1)
    inject_chunk(campaign(prepared, "c"), NAMES)
    assert folders(machine) == folders_of(prepared, "b", "c")
    assert set(cluster_worker._campaigns) == {
        prepared.another("b").campaign_id,
        prepared.another("c").campaign_id,
    }
    # If it was not over, it goes on from the beginning.
    assert [one.index for one in inject_chunk(abandoned, NAMES)] == [0, 1, 2]  # type: ignore[union-attr]


@pytest.mark.slow
def test_what_killed_workers_left_goes_with_the_next_campaign(prepared: Any, machine: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from softbeam.campaign.cluster_worker import _shared
        folder = Path(sys.argv[1])
        lock = _shared(folder)
        (folder / "golden-0.bin").write_bytes(b"half")
        print("ready", flush=True)
        signal.pause()
    """
    forsaken = golden_folder(prepared.another("d").campaign_id)
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(forsaken)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    inject_chunk(campaign(prepared, "e"), NAMES)
    assert folders(machine) == folders_of(prepared, "d", "e")
    worker.kill()
    worker.wait()
    worker.stdout.close()
    inject_chunk(campaign(prepared, "f"), NAMES)
    assert folders(machine) == folders_of(prepared, "e", "f")


def test_only_folders_of_golden_runs_are_removed(machine: Path) -> None:
    own = golden_folder("0" * 64)
    prefix = own.name.removesuffix("0" * 32)
    kept = [own.name, f"{prefix}notes", f"{prefix}{'a' * 31}", f"other-{prefix}{'a' * 32}"]
    # The last one was renamed by a worker that was killed before it had removed it.
    removed = [f"{prefix}{'a' * 32}", f"{prefix}{'b' * 32}.{'c' * 32}"]
    for name in kept + removed:
        (machine / name).mkdir()
        (machine / name / "golden-0.bin").touch()
    (machine / f"{prefix}{'e' * 32}").touch()
    remove_forsaken(own)
    assert {path.name for path in machine.iterdir()} == {*kept, f"{prefix}{'e' * 32}"}


def test_a_folder_of_somebody_else_is_left_alone(
    prepared: Any, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = campaign(prepared, "a")
    folder = golden_folder(prepared.another("a").campaign_id)
    folder.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    monkeypatch.setattr(cluster_worker, "golden_folder", lambda campaign_id: folder)
    with pytest.raises(CampaignError, match="somebody else's"):
        inject_chunk(chosen, NAMES)
    remove_unused(folder)
    assert folder.exists()
    assert not (folder / LOCK).exists()


def test_nobody_finds_golden_runs_half_removed(
    prepared: Any, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that come and go at the same time, as those of several campaigns do."""
    monkeypatch.setattr(
        cluster_worker, "golden_run", lambda plan, weights, image, path: path.write_bytes(b"whole")
    )
    chosen = campaign(prepared, "a")

    def come_and_go(worker: int) -> None:
        for _ in range(400):
            setup, lock = shared_golden_runs(chosen)
            with lock:
                assert [one.golden.read_bytes() for one in setup.inputs] == [b"whole"] * 2
            remove_unused(golden_folder(prepared.another("a").campaign_id))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(come_and_go, range(4)))
    assert list(machine.iterdir()) == []
