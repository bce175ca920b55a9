"""One campaign at a time in a folder: who writes there, and a word to whoever comes second."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from softbeam.campaign.results.file import FILE_NAME
from softbeam.errors import ResultsError
from softbeam.files import unfinished

#: In the campaign's folder, as long as a campaign writes there.
LOCK = ".writer"


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Keep other campaigns from writing to a folder; remove what killed ones did not finish.

    The lock is the operating system's and ends with the process, however that ends.  Where the
    file system has none, nothing is kept; the results file itself takes no injection twice.

    Raises
    ------
    ResultsError
        If another campaign writes there.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    lock = _locked(path)
    try:
        for left in unfinished(folder / FILE_NAME):
            left.unlink(missing_ok=True)
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.close()
        if new:
            # Nothing came of it.
            with suppress(OSError):
                folder.rmdir()


def _locked(path: Path) -> IO[str]:
    """Open the lock's file and take the lock, of the file that has this name now."""
    while True:
        lock = path.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                lock.truncate(0)
                lock.write(f"process {os.getpid()} on {platform.node()}")
                lock.flush()
                return lock
        except FileNotFoundError:
            # Its owner has ended this very moment.
            pass
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                return lock
            lock.seek(0)
            who = lock.read(200) or "another process"
            lock.close()
            raise ResultsError(
                f"another softbeam campaign writes to {path.parent} ({who}); wait until it is "
                "done, stop it, or choose another folder with --out"
            ) from None
        lock.close()
