from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from softbeam.files import read_file, whole_file


def make_folder(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_folder, "Is a directory"),
        (os.mkfifo, "it is a pipe, not a regular file"),
        (make_device, "it is a device, not a regular file"),
        (make_socket, "No such device or address"),
        (lambda path: None, "No such file"),
    ],
)
def test_only_regular_files_are_read(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / "file"
    make(path)
    with pytest.raises(OSError, match=reason) as caught:
        read_file(path, 100)
    assert caught.value.filename in (path, str(path))


def test_a_file_is_read_up_to_what_it_may_have(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    link = tmp_path / "link"
    link.symlink_to(path)
    assert read_file(path, 5) == read_file(link, 100) == b"12345"
    with pytest.raises(OSError, match="it has 5 bytes, more than the 4 bytes that are read"):
        read_file(path, 4)
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match=r"it has 1,099\.5 GB, more than the 1\.0 MB"):
        read_file(path, 10**6)


def test_a_file_that_says_it_is_empty_and_is_not_is_refused() -> None:
    if Path("/proc/self/status").exists():
        with pytest.raises(OSError, match="its size changes while it is read"):
            read_file(Path("/proc/self/status"), 1 << 20)


def test_what_was_there_stays_until_the_new_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), whole_file(path) as file:
        file.writelines((b"new", "no bytes"))  # type: ignore[arg-type]
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"new", [path])


def test_a_folder_that_is_not_there_is_named_by_the_file_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "none" / "file"
    with pytest.raises(FileNotFoundError) as caught, whole_file(path):
        pass
    assert caught.value.filename == str(path)


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(OSError, match="left on device") as caught, whole_file(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_about_another_file_stays_one(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="other") as caught, whole_file(tmp_path / "file"):
        raise OSError(errno.EACCES, "no", "other")
    assert caught.value.filename == "other"
