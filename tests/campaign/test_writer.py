"""One campaign at a time writes to a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from softbeam.campaign.results.file import FILE_NAME
from softbeam.campaign.writer import LOCK, sole_writer
from softbeam.errors import ResultsError

HOLDER = """
import sys
from pathlib import Path
from softbeam.campaign.writer import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Return another process that writes to the folder ``run``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_one_is_told_who_writes(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with (
        pytest.raises(ResultsError, match=rf"writes to {folder} \(process {holder.pid} on "),
        sole_writer(folder),
    ):
        pytest.fail("two write")
    holder.communicate("go\n")
    with sole_writer(folder):
        assert (folder / LOCK).read_text().startswith(f"process {os.getpid()} on ")


def test_a_killed_one_leaves_the_folder_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.communicate()
    assert (tmp_path / "run" / LOCK).exists()
    with sole_writer(tmp_path / "run"):
        pass
    assert list((tmp_path / "run").iterdir()) == []


def test_nothing_is_left_where_nothing_came_of_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), sole_writer(tmp_path / "a" / "b"):
        raise ValueError("no")
    assert not (tmp_path / "a" / "b").exists()
    with sole_writer(tmp_path / "c"):
        (tmp_path / "c" / "results").touch()
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["results"]


def test_what_killed_ones_did_not_finish_goes(tmp_path: Path) -> None:
    left = [tmp_path / f".{FILE_NAME}.{name}" for name in ("17.new", "17.new-journal")]
    kept = tmp_path / ".something.17.new"
    for path in (*left, kept):
        path.write_bytes(b"")
    with sole_writer(tmp_path):
        assert not any(path.exists() for path in left)
        assert kept.exists()
