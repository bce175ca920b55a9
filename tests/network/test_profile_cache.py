"""Profiles on disk: the same when read back, computed anew where they are damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.networks import NetworkFiles

from softbeam.network import profile_cache
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.profile import LaunchProfile
from softbeam.network.profile_cache import (
    profile_key,
    profiles_of,
    read_profiles,
    write_profiles,
)
from softbeam.network.workload import Workload, load_workload


@pytest.fixture(scope="module")
def workload(network_files: NetworkFiles) -> Workload:
    """Return a tiny network with two inputs."""
    return load_workload(
        str(network_files.cfg), weights=network_files.weights, images=network_files.images[:2]
    )


@pytest.fixture(scope="module")
def device(workload: Workload) -> Device:
    """Return its golden run of the first input."""
    return Device(golden_run(workload.plan, workload.weights, workload.images[0]), "sm_90")


def same(one: dict[int, LaunchProfile], other: dict[int, LaunchProfile]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[n].classes, other[n].classes)
        and one[n].classes.dtype == other[n].classes.dtype
        and np.array_equal(one[n].class_of_unit, other[n].class_of_unit)
        and one[n].longest == other[n].longest
        and one[n].launch == other[n].launch == n
        for n in one
    )


def forbidden(*_: object) -> None:
    raise AssertionError("it was to be read, not computed")


def test_the_second_time_it_is_read(
    workload: Workload, device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a" / "b"
    calls: list[tuple[int, int]] = []
    first = profiles_of(workload, device, folder, lambda done, of: calls.append((done, of)))
    assert calls
    assert calls[-1][0] == calls[-1][1]
    assert [path.suffix for path in folder.iterdir()] == [".profile"]
    monkeypatch.setattr(profile_cache, "profile_network", forbidden)
    assert same(profiles_of(workload, device, folder), first)


def test_a_damaged_file_is_computed_anew(
    workload: Workload, device: Device, tmp_path: Path
) -> None:
    first = profiles_of(workload, device, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for broken in (b"", b"no archive", whole[: len(whole) // 2], whole[:200] + b"\xff" * 400):
        path.write_bytes(broken)
        assert read_profiles(path) is None
        assert same(profiles_of(workload, device, tmp_path), first)
        assert path.read_bytes() != broken


def test_any_damage_is_found(workload: Workload, device: Device, tmp_path: Path) -> None:
    first = profiles_of(workload, device, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for place in [*range(64), *range(64, len(whole), 97)]:
        broken = bytearray(whole)
        broken[place] ^= 1
        path.write_bytes(broken)
        assert read_profiles(path) is None
    path.write_bytes(whole)
    assert same(read_profiles(path) or {}, first)


def test_a_folder_that_cannot_be_written_to_costs_no_result(
    workload: Workload, device: Device, tmp_path: Path
) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    assert profiles_of(workload, device, occupied)
    assert occupied.read_bytes() == b""


def test_what_cannot_be_written_is_not_begun(
    workload: Workload, device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = profiles_of(workload, device, tmp_path / "other")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_profiles(tmp_path / "one.profile", profiles)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_everything_that_a_profile_depends_on_is_in_its_name(
    workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {profile_key(workload), profile_key(workload, 1)}
    for change in (
        {"plan_sha256": "0" * 64},
        {"weights_sha256": "0" * 64},
        {"kernels_sha256": "0" * 64},
        {"choices": WorkloadChoices(architecture="sm_80")},
        {"inputs_sha256": ("0" * 64,)},
    ):
        keys.add(profile_key(replace(workload, **change)))  # type: ignore[arg-type]
    monkeypatch.setattr(profile_cache, "EMULATOR_SEMANTICS", 10**6)
    keys.add(profile_key(workload))
    monkeypatch.setattr(profile_cache, "FORMAT", 10**6)
    keys.add(profile_key(workload))
    assert len(keys) == 9
