"""Files that are there whole or not at all, and files that are read no further than they may be.

For what a user asks to be written, and for what a user names to be read: a regular file, no
larger than its kind can be.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from io import BytesIO
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What a file can be that is none to be read, by the test for it.
_OTHERS = {
    stat.S_ISFIFO: "a pipe",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISSOCK: "a socket",
}


def in_words(size: int) -> str:
    """Return a number of bytes as a person says it.

    Examples
    --------
    >>> in_words(12), in_words(493_000), in_words(43_100_000_000)
    ('12 bytes', '493.0 kB', '43.1 GB')
    """
    for unit, bytes_each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_each:
            return f"{size / bytes_each:,.1f} {unit}"
    return f"{size} bytes"


@contextmanager
def regular_file(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file for reading.

    Parameters
    ----------
    path : Path
        The file, or a link to it.

    Yields
    ------
    (BinaryIO, int)
        The open file, and its size in bytes.

    Raises
    ------
    OSError
        If it cannot be opened, or is a folder, a pipe, a device or a socket: these may never end,
        or never begin.
    """
    # A pipe that nobody writes to keeps who opens it waiting, unless told not to.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        for is_it, what in _OTHERS.items():
            if is_it(found.st_mode):
                raise OSError(errno.EINVAL, f"it is {what}, not a regular file", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            yield file, found.st_size
    finally:
        os.close(descriptor)


def read_file(path: Path, most: int) -> bytes:
    """Return the contents of a regular file.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        Bytes that such a file can have.

    Raises
    ------
    OSError
        As for :func:`regular_file`, and if the file has more than `most` bytes, or another number
        of them than its size says.

    Examples
    --------
    >>> read_file(Path("/dev/zero"), 100)
    Traceback (most recent call last):
    OSError: [Errno 22] it is a device, not a regular file: '/dev/zero'
    """
    with regular_file(path) as (file, size):
        if size > most:
            problem = f"it has {in_words(size)}, more than the {in_words(most)} that are read"
            raise OSError(errno.EFBIG, problem, str(path))
        content = file.read(size + 1)
        if len(content) != size:
            raise OSError(errno.EIO, "its size changes while it is read", str(path))
        return content


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """Yield another path for a file that is in its place only once it is complete.

    Parameters
    ----------
    path : Path
        The file; one that is there already is replaced at the end.

    Raises
    ------
    OSError
        If it cannot be written; it names `path`, not the unfinished file beside it, and a full
        disk names it too.
    """
    other = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        yield other
        os.replace(other, path)
    except OSError as error:
        if error.filename is None or Path(error.filename) == other:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        with suppress(OSError):
            other.unlink(missing_ok=True)


def unfinished(path: Path) -> list[Path]:
    """Return the unfinished forms of a file, with their journals, that killed processes left."""
    return sorted(path.parent.glob(f".{escape(path.name)}.*.new*"))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that is in its place only once it is complete.

    Parameters
    ----------
    path : Path
        As for :func:`whole_path`.

    Raises
    ------
    OSError
        As for :func:`whole_path`.

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
    with whole_path(path) as unfinished, unfinished.open("wb") as file:
        yield file


def array_of(content: bytes) -> NDArray[Any]:
    """Return the array in a ``.npy`` file's contents, once its header fits them.

    No more is made than was read: a header can promise anything.

    Raises
    ------
    ValueError
        If it is no such file, promises more than it holds, or holds objects.
    """
    import numpy as np
    from numpy.lib import format as npy

    stream = BytesIO(content)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        shape, _, dtype = readers[npy.read_magic(stream)](stream)
        promised, held = prod(shape) * dtype.itemsize, len(content) - stream.tell()
        if dtype.hasobject or promised > held:
            raise ValueError(f"it promises {promised} bytes of {dtype} and holds {held}")
        stream.seek(0)
        array: NDArray[Any] = np.load(stream, allow_pickle=False)
    except (KeyError, EOFError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return array
