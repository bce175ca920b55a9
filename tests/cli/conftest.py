"""Where campaigns on the command line keep what they can recompute: in a folder of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from softbeam.jit import cache_home


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder for profiles."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def own_cache(session_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep profiles and golden runs apart from the user's, but not what is compiled."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache_home() / "compiled"))
    monkeypatch.setenv("SOFTBEAM_CACHE_DIR", str(session_cache))
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    return scratch
