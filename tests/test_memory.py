"""What a process can still take, of machines that are made up."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from softbeam.errors import TooLargeError
from softbeam.memory import address_space, available_memory, require_disk, require_memory

NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a machine with 8 GB left, whose processes have no limits of their own."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: NO_LIMIT)
    write(tmp_path, "proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:  8000000 kB\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_machine_alone_says_what_is_left(machine: Path) -> None:
    assert available_memory(machine) == 8_192_000_000
    assert address_space(machine) == 1 << 62


def test_without_its_file_the_memory_is_that_of_the_machine(tmp_path: Path) -> None:
    assert available_memory(tmp_path) > 1 << 20


@pytest.mark.parametrize("own", ["/", "/job/step"])
def test_a_control_group_of_version_2_leaves_less(machine: Path, own: str) -> None:
    write(machine, "proc/self/cgroup", f"0::{own}\n")
    write(machine, "sys/fs/cgroup/memory.max", "4000000\n")
    write(machine, "sys/fs/cgroup/memory.current", "3000000\n")
    write(machine, "sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 400000\n")
    assert available_memory(machine) == 1_400_000


def test_the_innermost_group_counts_too_and_none_says_max(machine: Path) -> None:
    write(machine, "proc/self/cgroup", "0::/job/step\n")
    for folder, most in (("", "max"), ("/job", "5000000"), ("/job/step", "max")):
        write(machine, f"sys/fs/cgroup{folder}/memory.max", f"{most}\n")
        write(machine, f"sys/fs/cgroup{folder}/memory.current", "1000000\n")
    assert available_memory(machine) == 4_000_000


def test_a_control_group_of_version_1_leaves_less(machine: Path) -> None:
    write(machine, "proc/self/cgroup", "3:cpu:/\n4:memory:/job\n0::/\n")
    write(machine, "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4000000\n")
    write(machine, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "5000000\n")
    assert available_memory(machine) == 0


def test_a_limit_of_the_process_leaves_less(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_AS: 10**9, resource.RLIMIT_DATA: 6 * 10**8}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limits[which], limits[which]))
    page = resource.getpagesize()
    write(machine, "proc/self/statm", f"{10**8 // page} 2 3 4 0 {10**8 // page} 0\n")
    assert available_memory(machine) == 6 * 10**8 - 10**8 // page * page
    assert address_space(machine) == available_memory(machine)


def test_what_fits_is_let_through_to_the_byte() -> None:
    require_memory(5, "it", "do", room=5)
    with pytest.raises(TooLargeError, match="it needs 6 bytes of memory, and 5 bytes are avail"):
        require_memory(6, "it", "do", room=5)


def test_what_a_disk_has_no_room_for_is_refused(tmp_path: Path) -> None:
    require_disk(1, tmp_path, "they", "do")
    with pytest.raises(TooLargeError, match=rf"they need 1,180.* of {tmp_path}, and .* do$"):
        require_disk(1 << 70, tmp_path, "they", "do")
