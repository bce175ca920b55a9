"""Workers that die, that raise, that are interrupted: every task is answered exactly once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from softbeam.campaign.workers import ATTEMPTS, HELD, Failure, WorkerPool
from softbeam.errors import CampaignError, InternalError

#: What the workers run.  Spawned processes import it from a folder on their path; it counts what
#: happened in files, for a worker that dies takes its memory along.
TASKS = '''
import os
import signal
import time
from pathlib import Path

from softbeam.errors import CampaignError, InternalError


def count(folder, name):
    """Note that something happened; returns how often it has, this time included."""
    path = Path(folder) / name
    with path.open("a") as file:
        file.write(".")
    return path.stat().st_size


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def square(folder):
    def work(task):
        count(folder, f"did-{task}")
        return task * task

    return work


def process_of(folder):
    return lambda task: os.getpid()


def deadly(folder):
    """Tasks of 100 and more kill their worker; those of 10 to 99 do the first time only."""

    def work(task):
        times = count(folder, f"began-{task}")
        if task >= 100 or (10 <= task < 100 and times == 1):
            die()
        return task

    return work


def failing(folder):
    def work(task):
        if task == 3:
            raise InternalError("three is no number of ours")
        if task == 5:
            raise CampaignError("five is a mistake of the user's")
        return task

    return work


def exit_code(folder):
    def work(task):
        os._exit(7)

    return work


def stillborn(folder):
    count(folder, "born")
    os._exit(9)


def delayed_birth(folder):
    """The first worker dies before it has begun, the others do not."""
    if count(folder, "born") == 1:
        die()
    return lambda task: task


def refusing(folder):
    raise CampaignError("there is nothing to work on")


def large(data):
    return lambda task: task if data == bytes(len(data)) else None


def every_other_birth(folder):
    if count(folder, "born") % 2:
        die()

    def work(task):
        if count(folder, f"began-{task}") == 1:
            die()
        return task

    return work


def slow(folder):
    def work(task):
        count(folder, f"began-{task}")
        time.sleep(0 if task < 0 else 30)
        return task

    return work
'''


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the module of tasks, importable by workers too."""
    (tmp_path / "pool_tasks.py").write_text(TASKS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield import_module("pool_tasks")
    del sys.modules["pool_tasks"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder in which tasks count."""
    path = tmp_path / "counted"
    path.mkdir()
    return path


def counted(folder: Path, name: str) -> int:
    path = folder / name
    return path.stat().st_size if path.exists() else 0


Make = Callable[[str], object]


def test_every_task_is_done_once(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](3, tasks.square, str(folder)) as pool:
        # More than all workers hold, so that they are fed again.
        assert sorted(pool.run(range(10 * HELD))) == [n * n for n in range(10 * HELD)]
        assert all(counted(folder, f"did-{n}") == 1 for n in range(10 * HELD))
        # A pool can be used again, for nothing too, and a task that is false is a task.
        assert list(pool.run([])) == []
        assert sorted(pool.run([0, 11])) == [0, 121]
        assert pool.replaced == 0


def test_all_workers_are_used(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](2, tasks.process_of, str(folder)) as pool:
        # Whoever is first may do more, but each gets its share before any answer.
        answers = Counter(pool.run(range(2 * HELD)))
    assert sum(answers.values()) == 2 * HELD
    assert len(answers) == 2
    assert os.getpid() not in answers


def test_a_worker_that_dies_is_replaced_and_its_tasks_are_done(
    tasks: ModuleType, folder: Path
) -> None:
    names = [*range(10), 10, 11, *range(100 - 80, 100 - 75)]
    with WorkerPool[int, int](2, tasks.deadly, str(folder)) as pool:
        results = list(pool.run(names))
        assert sorted(results) == sorted(names)
        # Each of these killed one worker.
        deaths = sum(1 for n in names if n >= 10)
        assert pool.replaced == deaths
    # A task that was only waiting in the dead worker was not begun twice.
    assert all(counted(folder, f"began-{n}") == (2 if n >= 10 else 1) for n in names)


def test_a_task_that_always_kills_is_given_up_after_three_deaths(
    tasks: ModuleType, folder: Path
) -> None:
    names = [0, 1, 100, 2, 3, 101, 4, 5]
    with WorkerPool[int, int](2, tasks.deadly, str(folder)) as pool:
        results = list(pool.run(names))
        failures = [one for one in results if isinstance(one, Failure)]
        others = [one for one in results if not isinstance(one, Failure)]
        # The pool is whole afterwards.
        assert list(pool.run([7])) == [7]
    assert sorted(others) == [0, 1, 2, 3, 4, 5]
    assert sorted(failure.task for failure in failures) == [100, 101]
    for failure in failures:
        assert counted(folder, f"began-{failure.task}") == ATTEMPTS == 3
        assert failure.message == "it ended its worker 3 times, at last with signal 9"
    assert pool.replaced == 2 * ATTEMPTS


def test_an_exit_is_a_death_too(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](1, tasks.exit_code, str(folder)) as pool:
        (failure,) = pool.run([0])
    assert isinstance(failure, Failure)
    assert failure.message.endswith("with exit status 7")


def test_an_internal_error_is_the_tasks_other_errors_are_everybodys(
    tasks: ModuleType, folder: Path
) -> None:
    with WorkerPool[int, int](2, tasks.failing, str(folder)) as pool:
        results = list(pool.run([1, 2, 3, 4]))
        assert sorted(one for one in results if isinstance(one, int)) == [1, 2, 4]
        assert Failure(3, "three is no number of ours") in results
        assert pool.replaced == 0
        with pytest.raises(CampaignError, match="five is a mistake"):
            list(pool.run([5]))


def test_a_factorys_error_is_everybodys(tasks: ModuleType, folder: Path) -> None:
    with (
        WorkerPool[int, int](2, tasks.refusing, str(folder)) as pool,
        pytest.raises(CampaignError, match="nothing to work on"),
    ):
        list(pool.run([1]))


def test_workers_that_die_before_they_begin_end_the_pool(tasks: ModuleType, folder: Path) -> None:
    with (
        WorkerPool[int, int](2, tasks.stillborn, str(folder)) as pool,
        pytest.raises(InternalError, match="before they have begun, with exit status 9"),
    ):
        list(pool.run([1, 2, 3]))
    assert ATTEMPTS <= counted(folder, "born") <= 2 * ATTEMPTS + 2


def test_a_worker_that_dies_before_it_begins_is_replaced(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](1, tasks.delayed_birth, str(folder)) as pool:
        # The tasks that it held are not to blame.
        assert sorted(pool.run([1, 2])) == [1, 2]
        assert pool.replaced == 1


def test_a_worker_that_died_idle_is_replaced(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](1, tasks.square, str(folder)) as pool:
        assert list(pool.run([2])) == [4]
        (worker,) = pool._workers
        worker.process.kill()
        worker.process.wait()
        # The parent finds out when it writes.
        assert list(pool.run([3])) == [9]
        assert pool.replaced == 1


def test_closing_ends_workers_that_are_busy(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](1, tasks.slow, str(folder)) as pool:
        results = pool.run([-1, 1])
        assert next(results) == -1
        (worker,) = pool._workers
        process = worker.process.pid
        assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_what_was_abandoned_does_not_come_back(tasks: ModuleType, folder: Path) -> None:
    with WorkerPool[int, int](1, tasks.slow, str(folder)) as pool:
        results = pool.run([-1, 1, 2])
        assert next(results) == -1
        results.close()  # type: ignore[attr-defined]
        # The worker sleeps on task 1: another takes its place.
        assert list(pool.run([-2])) == [-2]
        assert counted(folder, "began-2") == 0


INTERRUPTED = """
    import os, signal, sys
    import pool_tasks
    from softbeam.campaign.workers import WorkerPool

    def interrupt():
        try:
            os.killpg(0, signal.SIGINT)
        except KeyboardInterrupt:
            return
        sys.exit("no interrupt")

    if __name__ == "__main__":
        with WorkerPool(2, pool_tasks.square, sys.argv[1]) as pool:
            interrupt()  # while the workers start
            results = pool.run(range(40))
            first = next(results)
            interrupt()  # while they work
            assert sorted([first, *results]) == [n * n for n in range(40)]
            assert pool.replaced == 0
        print("unharmed")
"""


def test_ctrl_c_is_for_the_parent_alone(tasks: ModuleType, folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(textwrap.dedent(INTERRUPTED))
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=300,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("unharmed\n", "", 0)


def test_workers_end_when_their_parent_is_killed(
    tasks: ModuleType, folder: Path, tmp_path: Path
) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent("""
        import os, signal, sys
        import pool_tasks
        from softbeam.campaign.workers import WorkerPool

        if __name__ == "__main__":
            pool = WorkerPool(2, pool_tasks.process_of, sys.argv[1])
            print(*set(pool.run(range(16))), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    # Its pipes would stay open in a worker that goes on, and this would not return.
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == -9
    assert done.stderr == ""
    assert done.stdout


STRUCK_AT_BIRTH = """
    import os, signal, sys, threading, time
    from pathlib import Path
    import pool_tasks
    from softbeam.campaign.workers import WorkerPool

    def strike(how):
        own = Path("/proc/self/cmdline").read_bytes()
        while True:
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                command = Path(f"/proc/{child}/cmdline").read_bytes()
                # As long as it is a copy of this process, the kernel lets this one wait for it,
                # whatever signals come (vfork); what a worker does begins after that.
                if command != own and b"tracker" not in command:
                    os.kill(int(child), how)
                    return

    if __name__ == "__main__":
        how = getattr(signal, sys.argv[1])
        thread = threading.Thread(target=strike, args=[how])
        thread.start()
        if how == signal.SIGSTOP:
            # It never reads what it starts from, and never ends: whoever waits must be told.
            threading.Timer(2, os.kill, [os.getpid(), signal.SIGINT]).start()
        try:
            with WorkerPool(1, pool_tasks.large, bytes(16 << 20)) as pool:
                print(list(pool.run(range(3))), pool.replaced)
        except KeyboardInterrupt:
            print("interrupted")
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's list of children")
@pytest.mark.parametrize(
    ("how", "said"), [("SIGKILL", "[0, 1, 2] 1\n"), ("SIGSTOP", "interrupted\n")]
)
def test_a_worker_that_never_reads_what_it_starts_from_holds_nobody_up(
    tasks: ModuleType, tmp_path: Path, how: str, said: str
) -> None:
    script = tmp_path / "struck_at_birth.py"
    script.write_text(textwrap.dedent(STRUCK_AT_BIRTH))
    with subprocess.Popen(
        [sys.executable, str(script), how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.communicate(timeout=300) == (said, "")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_what_workers_start_from_may_be_large(tasks: ModuleType) -> None:
    with WorkerPool[int, int](2, tasks.large, bytes(8 << 20)) as pool:
        assert sorted(pool.run(range(9))) == list(range(9))


def test_births_that_succeed_clear_those_that_failed(tasks: ModuleType, folder: Path) -> None:
    """Workers that are killed as they start, now and then in a long campaign, do not end it."""
    with WorkerPool[int, int](1, tasks.every_other_birth, str(folder)) as pool:
        assert sorted(pool.run(range(100, 108))) == list(range(100, 108))
        assert pool.replaced > 2 * ATTEMPTS


def test_a_pool_that_cannot_be_made_leaves_no_process(
    tasks: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: object, **options: object) -> None:
            if len(made) == 2:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            super().__init__(*arguments, **options)  # type: ignore[call-overload]
            made.append(self)

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", Popen)
        with pytest.raises(BlockingIOError):
            WorkerPool[int, int](3, tasks.square, str(folder))
    assert [process.returncode for process in made] == [-signal.SIGKILL] * 2


UNGUARDED = """
    import sys
    import pool_tasks
    from softbeam.campaign.workers import WorkerPool

    print("begins")
    with WorkerPool(2, pool_tasks.square, sys.argv[1]) as pool:
        print(sorted(pool.run(range(5))))
"""


def test_a_script_needs_no_guard_against_being_run_again(
    tasks: ModuleType, folder: Path, tmp_path: Path
) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(textwrap.dedent(UNGUARDED))
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.stdout, done.stderr) == ("begins\n[0, 1, 4, 9, 16]\n", "")
