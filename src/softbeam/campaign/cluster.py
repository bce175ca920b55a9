"""A campaign on a Dask cluster: the same injections, the same store, other machines' processes.

Here is the client.  Injections travel in chunks; a chunk whose worker dies is done again elsewhere,
and one that dies again and again is taken apart.  An injection that still loses its workers is done
once more at the end, with nothing beside it: only then is it to blame.  What a worker does is
in :mod:`softbeam.campaign.cluster_worker`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from softbeam.campaign.cluster_worker import ClusterSetup, forget, inject_chunk
from softbeam.campaign.setup import InjectorSetup
from softbeam.campaign.streams import Name
from softbeam.campaign.workers import Failure
from softbeam.errors import CampaignError, SoftbeamError

if TYPE_CHECKING:
    from softbeam.campaign.engine import Results, Run
    from softbeam.network.workload import Workload

#: Injections that travel together at most: about a second's work, so that a lost chunk costs
#: little; and at least, where there are so many: the scheduler takes milliseconds for a chunk.
CHUNK, LEAST_CHUNK = 200, 20

#: Chunks that each worker would get if all had the size of the next one: they become smaller, so
#: that all workers are done at about the same time.
ROUNDS = 2

#: Chunks that each worker has in hand or waiting.
AHEAD = 3

#: Seconds to wait for a scheduler to answer, and for workers before that is said.
PATIENCE, SILENCE = 10.0, 5.0

GONE = "the Dask cluster is gone; what was done is kept, run the same command again to go on"


def kept(cluster: ClusterSetup) -> ClusterSetup:
    """Return the setup: a task, so that the cluster makes it again when its keepers are gone."""
    return cluster


@contextmanager
def on_cluster(
    where: str,
    setup: InjectorSetup,
    workload: Workload,
    workers: int | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Run]:
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
    workers : int, optional
        How many to queue; by default one job's.
    say : callable
        Called, in another thread, with a sentence when there is no worker for a while.

    Raises
    ------
    CampaignError
        If Dask is not installed or the cluster does not answer.
    """
    with _client(where, workers) as client:
        cluster = ClusterSetup(setup, dict(workload.weights), workload.images)
        shared = _share(client, cluster)
        try:
            with _watched(client, say):
                yield lambda names: run_on(client, shared, names)
        finally:
            # A cluster that is gone has forgotten.
            with suppress(OSError, RuntimeError):
                client.run(forget, setup.campaign_id, on_error="ignore")


def _share(client: Any, cluster: ClusterSetup) -> Any:
    """Return a future of the setup, which travels to the scheduler once."""
    import dask

    # Dask advises against large arguments because they are mostly sent again and again.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
        return client.submit(kept, cluster, pure=False)


@contextmanager
def _client(where: str, workers: int | None) -> Iterator[Any]:
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
                # Not adapted to the work: few chunks are under way, which would ask for few.
                if workers is None:
                    jobs.scale(jobs=1)
                else:
                    jobs.scale(workers)
                yield client
        except ValueError as error:
            raise CampaignError(
                f"--dask slurm: {error}; write cores and memory into Dask's jobqueue.yaml"
            ) from None
        return
    try:
        client = Client(where, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise CampaignError(f"--dask {where}: no scheduler answers there ({error})") from None
    with client:
        yield client


def run_on(client: Any, shared: Any, names: Iterable[Name]) -> Results:
    """Make injections on a cluster and yield each answer, in the order in which chunks are done.

    Raises
    ------
    SoftbeamError
        Of a worker: it ends everything, for it would come again.
    CampaignError
        If the cluster is gone.
    """
    try:
        yield from _answers(client, shared, list(names))
    except (OSError, CancelledError) as error:
        raise CampaignError(f"{GONE} ({' '.join(str(error).split())})") from error


def chunk_size(injections: int, workers: int) -> int:
    """Return how many injections travel together next, of those that are left.

    Known as guided self-scheduling (C. D. Polychronopoulos and D. J. Kuck, IEEE Transactions on
    Computers C-36, 1987, doi:10.1109/TC.1987.5009495).

    Examples
    --------
    >>> chunk_size(1_000_000, 64), chunk_size(10_000, 64), chunk_size(1_000, 64)
    (200, 78, 20)
    """
    return max(LEAST_CHUNK, min(CHUNK, injections // (ROUNDS * workers)))


def _answers(client: Any, shared: Any, names: list[Name]) -> Results:
    from distributed import as_completed

    taken = 0
    chunks: dict[Any, tuple[Name, ...]] = {}
    suspects: list[Name] = []
    pending = as_completed()
    workers = _workers(client)

    def submit(chunk: tuple[Name, ...]) -> None:
        # Not pure: a key made of the arguments would be hashed from the weights each time.
        future = client.submit(inject_chunk, shared, chunk, pure=False)
        chunks[future] = chunk
        pending.add(future)

    def refill() -> None:
        nonlocal taken
        while len(chunks) < AHEAD * workers and taken < len(names):
            size = chunk_size(len(names) - taken, workers)
            submit(tuple(names[taken : taken + size]))
            taken += size

    refill()
    for done, future in enumerate(pending, start=1):
        chunk = chunks.pop(future)
        if _failed(future) is None:
            yield from future.result()
        elif len(chunk) == 1:
            suspects += chunk
        else:
            for name in chunk:
                submit((name,))
        # Workers come and go; to ask for their number costs a message as long as they are many.
        if done % workers == 0:
            workers = _workers(client)
        refill()
    for name in suspects:
        future = client.submit(inject_chunk, shared, (name,), pure=False)
        error = _failed(future)
        yield from future.result() if error is None else [Failure(name, error)]


def _workers(client: Any) -> int:
    return max(1, _present(client))


def _present(client: Any) -> int:
    return len(client.scheduler_info(n_workers=-1)["workers"])


@contextmanager
def _watched(client: Any, say: Callable[[str], None]) -> Iterator[None]:
    """Say it when the cluster has no worker, and again only after there was one."""
    done = threading.Event()

    def watch() -> None:
        said = False
        while not done.wait(SILENCE):
            try:
                none = _present(client) == 0
            except (OSError, RuntimeError):
                # The cluster is gone; whoever works with it says so.
                return
            if none and not said:
                say("The Dask cluster has no workers; waiting for them, Ctrl-C stops.")
            said = none

    thread = threading.Thread(target=watch, name="softbeam-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        # Not for ever, if a scheduler that is gone does not answer it.
        thread.join(SILENCE)


def _failed(future: Any) -> str | None:
    """Wait for a chunk and return why it has no result; None if it has one."""
    from distributed import wait
    from distributed.scheduler import KilledWorker

    wait(future)
    if future.status == "finished":
        return None
    if future.status != "error":
        raise CampaignError(f"{GONE} ({future.status})")
    error = future.exception()
    if isinstance(error, SoftbeamError):
        raise error
    if isinstance(error, KilledWorker):
        return f"it ended its workers on the cluster, at last {error.last_worker.address}"
    return f"it ended with {type(error).__name__}: {error}"
