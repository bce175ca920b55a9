"""What a worker of a Dask cluster does: injections, with golden runs that its machine shares.

The golden runs of a campaign lie in one folder of a machine's temporary directory, which every
worker process that uses them holds a lock on.  When the campaign ends its workers let go of it and
the last one removes it.  A client that is killed cannot ask for that: then the workers of the next
campaign do, sooner or later.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from softbeam.campaign.setup import InjectorSetup, InputSetup, inject_in_worker
from softbeam.campaign.streams import Name
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError, InternalError
from softbeam.files import whole_path
from softbeam.injection.inference import InferenceRecord
from softbeam.injection.record import InjectionRecord
from softbeam.network.golden import golden_run

#: Seconds after which a campaign that asks a worker for nothing is taken to be over, once another
#: one begins.  If it was not, its golden runs are made again.
IDLE = 900.0

#: What all users of a folder lock.
LOCK = "users"

Answer = InjectionRecord | InferenceRecord | Failure[Name]


@dataclass(frozen=True, slots=True)
class ClusterSetup:
    """What a machine of the cluster needs to make the golden runs and the injectors itself."""

    setup: InjectorSetup
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    images: tuple[NDArray[np.float32], ...] = field(repr=False)


@dataclass(slots=True)
class _Kept:
    """A campaign's injectors in this process, and the lock on its golden runs."""

    inject: Callable[[Name], InjectionRecord | InferenceRecord]
    lock: IO[str]
    used: float


# Injectors take turns: they are made for one thread.
_turn = threading.Lock()
_campaigns: dict[str, _Kept] = {}


def inject_chunk(cluster: ClusterSetup, names: tuple[Name, ...]) -> list[Answer]:
    """Make injections in a worker of the cluster."""
    answers: list[Answer] = []
    with _turn:
        kept = _kept(cluster)
        for name in names:
            try:
                answers.append(kept.inject(name))
            except InternalError as error:
                answers.append(Failure(name, str(error)))
        kept.used = time.monotonic()
    return answers


def forget(campaign_id: str) -> None:
    """Let go of a campaign; its golden runs go with the last worker of the machine that does."""
    kept = _campaigns.pop(campaign_id, None)
    if kept is not None:
        kept.lock.close()
    remove_unused(golden_folder(campaign_id))


def golden_folder(campaign_id: str) -> Path:
    """Return the folder in which the workers of a machine keep a campaign's golden runs."""
    return Path(tempfile.gettempdir()) / f"{_prefix()}{campaign_id[:32]}"


def _prefix() -> str:
    return f"softbeam-{os.getuid()}-"


def _kept(cluster: ClusterSetup) -> _Kept:
    """Return a campaign's injectors; a new campaign's first one clears up behind others."""
    campaign_id = cluster.setup.campaign_id
    if campaign_id not in _campaigns:
        now = time.monotonic()
        for other, kept in list(_campaigns.items()):
            if now - kept.used >= IDLE:
                forget(other)
        remove_forsaken(golden_folder(campaign_id))
        setup, lock = shared_golden_runs(cluster)
        try:
            _campaigns[campaign_id] = _Kept(inject_in_worker(setup), lock, now)
        except BaseException:
            lock.close()
            raise
    return _campaigns[campaign_id]


def shared_golden_runs(cluster: ClusterSetup) -> tuple[InjectorSetup, IO[str]]:
    """Make a machine's golden runs, unless another worker has, and return where they are.

    Returns
    -------
    setup : InjectorSetup
        With the golden runs' files.
    lock : file
        The files stay as long as it is open.

    Raises
    ------
    CampaignError
        If the machine has no room for them.
    """
    folder = golden_folder(cluster.setup.campaign_id)
    inputs = []
    try:
        lock = _shared(folder)
        try:
            for number, known in enumerate(cluster.setup.inputs):
                path = folder / f"golden-{number}.bin"
                _make_once(cluster, number, path)
                inputs.append(InputSetup(path, known.profiles))
        except BaseException:
            lock.close()
            raise
    except OSError as error:
        machine = os.uname().nodename
        raise CampaignError(f"the worker machine {machine} keeps no golden run: {error}") from error
    return replace(cluster.setup, inputs=tuple(inputs)), lock


def _make_once(cluster: ClusterSetup, number: int, path: Path) -> None:
    """Make the golden run of an input, one worker while the others wait."""
    with path.with_name(f"lock-{number}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            with whole_path(path) as unfinished:
                golden_run(cluster.setup.plan, cluster.weights, cluster.images[number], unfinished)


def _shared(folder: Path) -> IO[str]:
    """Make a folder, unless it is there, and return the lock that keeps it there."""
    while True:
        with suppress(FileExistsError):
            os.mkdir(folder, mode=0o700)
        try:
            if folder.stat().st_uid != os.getuid():
                raise PermissionError(f"{folder} is somebody else's")
            lock = (folder / LOCK).open("a")
        except FileNotFoundError:
            # Removed this very moment.
            continue
        fcntl.flock(lock, fcntl.LOCK_SH)
        if _is_still(lock, folder):
            return lock
        lock.close()


def _is_still(lock: IO[str], folder: Path) -> bool:
    """Return whether a lock is that of the folder which has this name now."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), (folder / LOCK).stat())
    except FileNotFoundError:
        return False


def remove_forsaken(own: Path) -> None:
    """Remove the folders beside one's own that no process uses any more."""
    pattern = re.compile(rf"{re.escape(_prefix())}[0-9a-f]{{32}}(\.[0-9a-f]{{32}})?")
    for folder in own.parent.glob(f"{_prefix()}*"):
        if folder != own and pattern.fullmatch(folder.name):
            remove_unused(folder)


def remove_unused(folder: Path) -> None:
    """Remove a folder of golden runs that no process uses any more."""
    try:
        if folder.stat().st_uid != os.getuid():
            return
        with (folder / LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_still(lock, folder):
                return
            # At once: nobody who comes now finds half of it.
            gone = folder.with_name(f"{folder.name}.{uuid4().hex}")
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
    except OSError:
        # It is in use, or gone already.
        return
