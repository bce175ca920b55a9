from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from softbeam.files import whole_file


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
