"""The folder of a campaign's golden runs: gone when the campaign ends, however it ends.

Golden runs are large, half a gigabyte for Extraction.  A process that is killed cannot remove its
own, so the next campaign removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "softbeam-golden-"

#: Locked as long as the folder's owner lives, on every system that ends locks with processes.
LOCK = "owner"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder in the system's temporary directory, and remove it afterwards.

    Folders whose owners were killed are removed, too.
    """
    remove_forsaken(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        unlocked = Path(name) / f".{LOCK}"
        with unlocked.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Under its name it is locked from the first moment on.
            os.replace(unlocked, Path(name) / LOCK)
            yield Path(name)


def remove_forsaken(parent: Path) -> None:
    """Remove this user's scratch folders whose owners do not live any more."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            if folder.stat().st_uid != os.getuid():
                continue
            with (folder / LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # It has an owner, or is gone already.
            continue
