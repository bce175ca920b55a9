"""The cache of compiled code: whose it is, and which sources it is of."""

from __future__ import annotations

import fcntl
import gc
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import float64, int64

from softbeam import jit

FALLBACK = "softbeam-{}"


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of its own, and a cache folder that cannot be made."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SOFTBEAM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.delenv("SOFTBEAM_PRIVATE_CACHE", raising=False)
    temporary = tmp_path / "tmp"
    temporary.mkdir(mode=0o777)
    temporary.chmod(0o1777)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    return temporary


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.lstat().st_mode)


def test_the_folder_that_is_chosen_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTBEAM_CACHE_DIR", str(tmp_path / "a" / "b"))
    assert jit.cache_home() == tmp_path / "a" / "b"
    monkeypatch.delenv("SOFTBEAM_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert jit.cache_home() == tmp_path / "x" / "softbeam"


def test_where_it_cannot_be_written_an_own_folder_is_made(unwritable: Path) -> None:
    home = jit.cache_home()
    assert home == unwritable / f"softbeam-{os.getuid()}"
    assert mode(home) == 0o700
    assert jit.cache_home() == home


def planted_link(wanted: Path) -> None:
    elsewhere = wanted.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    wanted.symlink_to(elsewhere)


def planted_open(wanted: Path) -> None:
    wanted.mkdir()
    wanted.chmod(0o777)


def planted_group(wanted: Path) -> None:
    wanted.mkdir()
    wanted.chmod(0o770)


def planted_file(wanted: Path) -> None:
    wanted.write_text("")


@pytest.mark.parametrize("plant", [planted_link, planted_open, planted_group, planted_file])
def test_a_folder_that_somebody_planted_is_not_used(unwritable: Path, plant) -> None:
    wanted = unwritable / f"softbeam-{os.getuid()}"
    plant(wanted)
    home = jit.cache_home()
    assert home != wanted
    assert not home.is_relative_to(wanted)
    assert home.parent == unwritable
    assert mode(home) == 0o700
    # Processes that this one starts share it.
    assert os.environ["SOFTBEAM_PRIVATE_CACHE"] == str(home)
    assert jit.cache_home() == home


def test_another_users_folder_is_not_this_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    assert jit.is_own(folder)
    monkeypatch.setattr("os.getuid", lambda: folder.stat().st_uid + 1)
    assert not jit.is_own(folder)


def test_a_folder_that_everybody_can_exchange_is_not_own(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    folder = shared / "mine"
    folder.mkdir(mode=0o700)
    shared.chmod(0o777)
    assert not jit.is_own(folder)
    shared.chmod(0o1777)
    assert jit.is_own(folder)


def test_compiled_code_is_not_read_from_a_chosen_folder_that_others_can_write(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o777)
    program = "from softbeam import jit; print(jit.compiled_folder()); print(jit.is_cold())"
    environment = {**os.environ, "SOFTBEAM_CACHE_DIR": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    environment.pop("SOFTBEAM_PRIVATE_CACHE", None)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    folder, cold = done.stdout.split()
    assert not Path(folder).is_relative_to(tmp_path)
    assert cold == "True"
    # It was this process's alone, and went with it.
    assert not Path(folder).exists()


def test_every_file_that_shapes_compiled_code_is_in_the_hash() -> None:
    package = Path(jit.__file__).parent
    found = {str(path.relative_to(package)) for path in jit.jitted_sources()}
    assert {
        "jit.py",
        "emulator/core/interpreter.py",
        "emulator/core/layout.py",
        "emulator/core/operations.py",
        "emulator/core/signatures.py",
        "emulator/arithmetic.py",
        "kernels/native/matrix.py",
    } <= found
    for path in package.rglob("*.py"):
        if "\n@jit\n" in path.read_text():
            assert str(path.relative_to(package)) in found
    assert not any(name.startswith(("cli/", "present/", "campaign/")) for name in found)


def test_a_change_in_any_of_them_is_another_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    before = jit.sources_hash()
    read = Path.read_bytes

    def changed(path: Path) -> bytes:
        return read(path) + (b"#" if path.name == "operations.py" else b"")

    monkeypatch.setattr(Path, "read_bytes", changed)
    assert jit.sources_hash() != before


def test_one_process_at_a_time_makes_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "compiled_folder", lambda: tmp_path)
    with jit.only_maker("thing"):
        assert not gc.isenabled()
        with (tmp_path / "thing.lock").open("ab") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with jit.only_maker("another"):
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with (tmp_path / "thing.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_where_nothing_can_be_locked_everything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "compiled_folder", lambda: tmp_path / "missing")
    with jit.only_maker("thing"):
        made = True
    assert made


def test_a_callee_does_in_its_caller_what_python_does() -> None:
    def share(numbers, total):
        return numbers[0] / total if total > 0 else -numbers[1]

    linked = jit.callee(share)

    @jit.entry_point
    def shares(numbers, totals, out):
        for place in range(totals.shape[0]):
            out[place] = linked(numbers, totals[place])

    numbers, totals = np.array([3.0, 5.0]), np.array([2.0, -1.0, 0.0, 7.0])
    out = np.zeros(4)
    shares(numbers, totals, out)
    assert out.tolist() == [share(numbers, total) for total in totals]
    # It has no machine code that Python could call.
    with pytest.raises(TypeError):
        linked(numbers, totals[0])


def test_what_is_not_checked_has_nothing_to_ignore() -> None:
    """Functions that Numba types are left out of mypy's checks as a whole."""
    sources = Path(jit.__file__).parent
    for path in sources.rglob("*.py"):
        assert "ignore[no-untyped-def]" not in path.read_text(encoding="utf-8"), path


def test_it_is_known_what_the_cache_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "compiled_folder", lambda: tmp_path)
    signature = int64(int64)
    assert not jit.is_kept(jit.jit(doubled), signature)
    compiled: Any = jit.jit(doubled)
    compiled.compile(signature)
    assert compiled(2) == 4
    assert jit.is_kept(jit.jit(doubled), signature)
    assert not jit.is_kept(jit.jit(doubled), int64(float64))


def doubled(number: int) -> int:
    return 2 * number


def test_scipy_is_loaded_for_products_of_matrices_alone() -> None:
    program = """
import sys
import numba, numpy
import softbeam.jit
numba.njit(lambda number: number + 1)(1)
print("scipy.linalg" in sys.modules)
print(numba.njit(lambda a: a @ a)(numpy.full((2, 2), 3.0)).tolist())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["False", "[[18.0, 18.0], [18.0, 18.0]]"]
