"""Worker processes that die and are replaced: tasks in, results out, none lost.

What a task is, is the caller's business.  A worker gets a few tasks at a time and answers each as
it is done; a worker that dies is replaced and its unfinished tasks are done again by others, the
one that it died on no more than :data:`ATTEMPTS` times.  Results come in any order.

Workers are started here, not by :mod:`multiprocessing`: that writes what a process starts from into
a pipe whose other end it holds itself, and waits for ever if the process died before it read; and
its processes run the caller's script once more.  Here they start from a file, and from nothing of
the caller's but its ``sys.path``.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from mmap import mmap
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from softbeam.errors import InternalError, SoftbeamError

#: How often a task may kill its worker before it is given up.
ATTEMPTS = 3

#: Tasks that a worker holds at most: enough that it never waits for the next.
HELD = 8

#: Seconds that a worker has to end in once it has closed its pipe.
GRACE = 5.0

#: What a worker's Python runs: Ctrl-C reaches the whole group of processes, and the parent decides
#: what it means.  Importing makes no garbage worth a collection.  The file with what it starts from
#: is shared, so its position is not used.
_BOOT = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import gc
gc.disable()
import mmap, pickle, sys
pipe, file = map(int, sys.argv[1:])
data = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
sys.path[:] = pickle.load(data)
from softbeam.campaign.workers import serve
serve(pipe, data)
"""

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")

#: Made once in each worker from a picklable object: the function from a task to its result.
Factory = Callable[[Any], Callable[[Any], Any]]


@dataclass(frozen=True, slots=True)
class Failure(Generic[Task]):
    """A task without a result: an error of softbeam's own, or a worker that died again and again.

    Attributes
    ----------
    task : Task
        What was to be done.
    message : str
        What happened, in one sentence.
    """

    task: Task
    message: str


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    pipe: Connection
    held: deque[Any] = field(default_factory=deque)
    ready: bool = False


def serve(descriptor: int, start: mmap) -> None:
    """Answer tasks until the pipe closes; the body of a worker process.

    Parameters
    ----------
    descriptor : int
        The worker's end of the pipe.
    start : mmap.mmap
        Positioned at a pickle of the factory and its argument.
    """
    pipe = Connection(descriptor)
    try:
        factory, argument = pickle.load(start)
        start.close()
        work = factory(argument)
        # What there is by now stays: no collection looks at it again.
        gc.freeze()
        gc.enable()
        pipe.send(("ready", None))
        while True:
            for task in pipe.recv():
                try:
                    answer = ("result", work(task))
                except InternalError as error:
                    answer = ("failure", str(error))
                pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except SoftbeamError as error:
        with suppress(OSError):
            pipe.send(("error", error))


def cores() -> int:
    """Return the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class WorkerPool(Generic[Task, Result]):
    """A number of worker processes; a context manager that ends them.

    Parameters
    ----------
    count : int
        Processes.
    factory : callable
        Importable function that makes, in each worker, the function from a task to its result; not
        one of the script that Python was started with.
    argument : object
        What `factory` is called with; pickled.
    """

    def __init__(self, count: int, factory: Factory, argument: object) -> None:
        #: Workers that died and were replaced.
        self.replaced = 0
        self._unborn = 0
        self._workers: list[_Worker] = []
        # It has no name, and so is gone with the last process that has it open.
        self._start_file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the pool)
        try:
            self._start_file.write(pickle.dumps(sys.path) + pickle.dumps((factory, argument)))
            self._start_file.flush()
            for _ in range(max(1, count)):
                self._workers.append(self._start())
        except BaseException:
            self.close()
            raise

    def _start(self) -> _Worker:
        ours, theirs = Pipe()
        given = theirs.fileno(), self._start_file.fileno()
        # A process inherits that Ctrl-C has to wait, and so cannot be interrupted before it has
        # come to ignore it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, *map(str, given)],
                stdin=subprocess.DEVNULL,
                pass_fds=given,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _Worker(process, ours)

    def __enter__(self) -> WorkerPool[Task, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, at once."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.wait()
        self._workers = []
        self._start_file.close()

    def _forget_abandoned(self) -> None:
        """Replace the workers that still have tasks of a run that nobody listens to any more."""
        for number, worker in enumerate(self._workers):
            if worker.held:
                worker.pipe.close()
                worker.process.kill()
                worker.process.wait()
                self._workers[number] = self._start()

    def run(self, tasks: Iterable[Task]) -> Iterator[Result | Failure[Task]]:
        """Do tasks and yield each one's result, in the order in which they are done.

        A run that is left before its end is given up when the next one begins.

        Raises
        ------
        SoftbeamError
            Of a worker, if it is not an :class:`InternalError` of one task: it ends everything,
            for it would come again.
        """
        source = iter(tasks)
        again: deque[Task] = deque()
        deaths: Counter[Task] = Counter()
        self._forget_abandoned()
        for worker in self._workers:
            self._feed(worker, again, source)
        while any(worker.held for worker in self._workers):
            busy = {worker.pipe: worker for worker in self._workers if worker.held}
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                try:
                    kind, answer = worker.pipe.recv()
                except (EOFError, OSError):
                    failed = self._bury(worker, again, deaths)
                    if failed is not None:
                        yield failed
                    continue
                if kind == "error":
                    raise answer
                if kind == "ready":
                    worker.ready = True
                    self._unborn = 0
                    continue
                task = worker.held.popleft()
                self._feed(worker, again, source)
                yield Failure(task, answer) if kind == "failure" else answer
            for worker in self._workers:
                self._feed(worker, again, source)

    def _feed(self, worker: _Worker, again: deque[Task], source: Iterator[Task]) -> None:
        """Give a worker more tasks when it has few left."""
        if len(worker.held) > HELD // 2:
            return
        batch: list[Task] = []
        while len(worker.held) + len(batch) < HELD:
            if again:
                batch.append(again.popleft())
                continue
            task = next(source, None)
            if task is None:
                break
            batch.append(task)
        if not batch:
            return
        worker.held.extend(batch)
        try:
            worker.pipe.send(batch)
        except (BrokenPipeError, ConnectionResetError, OSError):
            # It is dead; its next receipt says so and puts the tasks back.
            return

    def _bury(
        self, worker: _Worker, again: deque[Task], deaths: Counter[Task]
    ) -> Failure[Task] | None:
        """Replace a dead worker; return the task that it died on if that is given up."""
        worker.pipe.close()
        try:
            code = worker.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            code = worker.process.wait()
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        self._workers[self._workers.index(worker)] = self._start()
        self.replaced += 1
        if not worker.ready:
            again.extend(worker.held)
            self._unborn += 1
            if self._unborn >= ATTEMPTS * len(self._workers):
                raise InternalError(f"workers end before they have begun, with {how}")
            return None
        suspect = worker.held.popleft()
        again.extend(worker.held)
        deaths[suspect] += 1
        if deaths[suspect] < ATTEMPTS:
            again.append(suspect)
            return None
        return Failure(suspect, f"it ended its worker {ATTEMPTS} times, at last with {how}")
