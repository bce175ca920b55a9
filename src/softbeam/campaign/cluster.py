"""A campaign on a Dask cluster: the same injections, the same store, other machines' processes.

The golden run is computed once on every machine and mapped by its workers.  Injections travel in
chunks; a chunk whose worker dies is done again elsewhere, and one that dies again and again is
taken apart until the injection that kills its worker stands alone.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from softbeam.campaign.setup import InjectorSetup, InputSetup, inject_in_worker
from softbeam.campaign.streams import InjectionName
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError, InternalError, SoftbeamError
from softbeam.injection.record import InjectionRecord
from softbeam.network.golden import golden_run

if TYPE_CHECKING:
    from softbeam.campaign.engine import Results, Run
    from softbeam.network.workload import Workload

#: Injections that travel together: a second's work or less, so that a lost chunk costs little.
CHUNK = 40

#: Chunks that each worker has in hand or waiting.
AHEAD = 3

Answer = InjectionRecord | Failure[InjectionName]


@dataclass(frozen=True, slots=True)
class ClusterSetup:
    """What a machine of the cluster needs to make the golden runs and the injectors itself."""

    setup: InjectorSetup
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    images: tuple[NDArray[np.float32], ...] = field(repr=False)


def golden_folder(campaign_id: str) -> Path:
    """Return the folder in which the workers of a machine keep a campaign's golden runs."""
    return Path(tempfile.gettempdir()) / f"softbeam-{os.getuid()}-{campaign_id[:32]}"


def shared_golden_runs(cluster: ClusterSetup) -> InjectorSetup:
    """Make a machine's golden runs, unless another worker has, and return where they are."""
    folder = golden_folder(cluster.setup.campaign_id)
    folder.mkdir(exist_ok=True)
    inputs = []
    for number, (image, known) in enumerate(zip(cluster.images, cluster.setup.inputs, strict=True)):
        path = folder / f"golden-{number}.bin"
        with (folder / f"lock-{number}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                unfinished = path.with_suffix(f".{os.getpid()}")
                golden_run(cluster.setup.plan, cluster.weights, image, unfinished)
                os.replace(unfinished, path)
        inputs.append(InputSetup(path, known.profiles))
    return replace(cluster.setup, inputs=tuple(inputs))


# One injector a process: its threads take turns.
_turn = threading.Lock()
_injectors: dict[str, Callable[[InjectionName], InjectionRecord]] = {}


def inject_chunk(cluster: ClusterSetup, names: tuple[InjectionName, ...]) -> list[Answer]:
    """Make injections in a worker of the cluster."""
    answers: list[Answer] = []
    with _turn:
        known = cluster.setup.campaign_id
        if known not in _injectors:
            _injectors[known] = inject_in_worker(shared_golden_runs(cluster))
        for name in names:
            try:
                answers.append(_injectors[known](name))
            except InternalError as error:
                answers.append(Failure(name, str(error)))
    return answers


def forget(campaign_id: str) -> None:
    """Remove a campaign's golden runs from a worker's machine."""
    _injectors.pop(campaign_id, None)
    folder = golden_folder(campaign_id)
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink(missing_ok=True)
        folder.rmdir()


@contextmanager
def on_cluster(where: str, setup: InjectorSetup, workload: Workload) -> Iterator[Run]:
    """Yield what makes injections on a Dask cluster.

    Parameters
    ----------
    where : str
        A scheduler's address (``tcp://…``), or ``slurm``: workers are then queued as jobs, as
        Dask's configuration of dask-jobqueue says.
    setup : InjectorSetup
        The campaign.
    workload : Workload
        Its weights and inputs.

    Raises
    ------
    CampaignError
        If Dask is not installed or the cluster does not answer.
    """
    with _client(where) as client:
        cluster = ClusterSetup(setup, dict(workload.weights), workload.images)
        shared = client.scatter(cluster, broadcast=True)
        try:
            yield lambda names: run_on(client, shared, names)
        finally:
            client.run(forget, setup.campaign_id)


@contextmanager
def _client(where: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise CampaignError(
            "--dask needs Dask, which is not installed: pip install 'softbeam[dask]'"
        ) from None
    if where == "slurm":
        try:
            import dask_jobqueue

            with dask_jobqueue.SLURMCluster() as jobs, Client(jobs) as client:
                jobs.adapt()
                yield client
        except ValueError as error:
            raise CampaignError(
                f"--dask slurm: {error}; write cores and memory into Dask's jobqueue.yaml"
            ) from None
        return
    try:
        client = Client(where, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise CampaignError(f"--dask {where}: no scheduler answers there ({error})") from None
    with client:
        yield client


def run_on(client: Any, shared: Any, names: Iterable[InjectionName]) -> Results:
    """Make injections on a cluster and yield each answer, in the order in which chunks are done.

    Raises
    ------
    SoftbeamError
        Of a worker: it ends everything, for it would come again.
    """
    from distributed import as_completed

    source = iter(names)
    chunks: dict[Any, tuple[InjectionName, ...]] = {}
    pending = as_completed()

    def submit(chunk: tuple[InjectionName, ...]) -> None:
        # Not pure: a key made of the arguments would be hashed from the weights each time.
        future = client.submit(inject_chunk, shared, chunk, pure=False)
        chunks[future] = chunk
        pending.add(future)

    def refill() -> None:
        workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        while len(chunks) < AHEAD * workers and (chunk := tuple(islice(source, CHUNK))):
            submit(chunk)

    refill()
    for future in pending:
        chunk = chunks.pop(future)
        if future.status == "finished":
            yield from future.result()
        else:
            error = future.exception()
            if isinstance(error, SoftbeamError):
                raise error
            if len(chunk) == 1:
                yield Failure(chunk[0], f"it ended its workers: {error}")
            else:
                for name in chunk:
                    submit((name,))
        refill()
