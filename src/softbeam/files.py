"""Files that are there whole or not at all.

For what a user asks to be written.  Results (:mod:`softbeam.campaign.store`) and caches, which
also have to stand several writers, see to themselves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that is in its place only once it is complete.

    Parameters
    ----------
    path : Path
        The file; one that is there already is replaced at the end.

    Raises
    ------
    OSError
        If it cannot be written; it names `path`, not the unfinished file beside it, and a full
        disk names it too.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     place = Path(folder) / "answer"
    ...     with whole_file(place) as file:
    ...         _ = file.write(b"42")
    ...         before = place.exists()
    ...     before, place.read_bytes(), len(list(Path(folder).iterdir()))
    (False, b'42', 1)
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with unfinished.open("wb") as file:
            yield file
        os.replace(unfinished, path)
    except OSError as error:
        if error.filename is None or Path(error.filename) == unfinished:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        if unfinished.exists():
            unfinished.unlink()
