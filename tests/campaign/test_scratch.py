from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from softbeam.campaign.scratch import PREFIX, scratch_folder

OWNER = """
import sys
from softbeam.campaign.scratch import scratch_folder

with scratch_folder() as folder:
    (folder / "golden-0.bin").write_bytes(bytes(1000))
    print(folder, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


def test_it_is_there_and_then_it_is_gone(tmp_path: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == tmp_path
        (folder / "golden-0.bin").touch()
    with pytest.raises(KeyboardInterrupt), scratch_folder() as folder:
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_only_those_of_the_dead_are_removed(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}of-somebody-else").mkdir()
    (tmp_path / "another").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        theirs = Path(owner.stdout.readline().strip())
        with scratch_folder() as ours:
            assert theirs.is_dir()
            with scratch_folder():
                assert ours.is_dir()
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    assert theirs.is_dir()
    with scratch_folder():
        assert not theirs.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"another", f"{PREFIX}of-somebody-else"}
