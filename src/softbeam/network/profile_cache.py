"""Profiles on disk: a profile is computed once for each network, weights, input and code.

A file's name is a hash over everything that a profile depends on, so that a file is never stale;
one that cannot be read is computed anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from softbeam.emulator.semantics import EMULATOR_SEMANTICS
from softbeam.files import whole_file
from softbeam.logs import timed
from softbeam.network.device import Device
from softbeam.network.profile import LaunchProfile, profile_network
from softbeam.network.workload import Workload

#: Version of the files' contents: since 2, SHA-256 of the rest, and NumPy's archive of arrays.
FORMAT = 2

_LOG = logging.getLogger(__name__)

Profiles = dict[int, LaunchProfile]
Progress = Callable[[int, int], None]


def profile_key(workload: Workload, image: int = 0) -> str:
    """Return a hash over everything that the profile of a workload and input depends on."""
    facts = [
        FORMAT,
        EMULATOR_SEMANTICS,
        workload.plan_sha256,
        workload.choices.architecture,
        workload.kernels_sha256,
        workload.weights_sha256,
        workload.inputs_sha256[image],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def profiles_of(
    workload: Workload,
    device: Device,
    folder: Path,
    progress: Progress = lambda done, of: None,
    image: int = 0,
) -> Profiles:
    """Return the profile of every launch that can be struck, from disk or by emulation.

    Parameters
    ----------
    workload : Workload
        What the profile is of.
    device : Device
        Its golden run.
    folder : Path
        Where profiles are kept; made where it does not exist.
    progress : callable
        Called with the launches done and all launches while it is computed.
    image : int
        Which of the workload's inputs the golden run has.
    """
    if workload.profiles is not None:
        return dict(workload.profiles)
    path = folder / f"{workload.network.name}-{profile_key(workload, image)}.profile"
    known = read_profiles(path)
    if known is None:
        _LOG.debug("no profile of input %d is kept in %s: counting", image, path)
        with timed(_LOG, f"counted the profile of input {image}"):
            known = {profile.launch: profile for profile in profile_network(device, progress)}
        # A disk that is full or write-protected costs time at the next run, no result.
        with suppress(OSError):
            write_profiles(path, known)
            _LOG.debug("kept the profile in %s", path)
    else:
        _LOG.debug("read the profile of input %d from %s", image, path)
    return known


def write_profiles(path: Path, profiles: Profiles) -> None:
    """Write profiles to a file that is complete from the first moment on."""
    arrays: dict[str, np.ndarray] = {}
    for number, profile in profiles.items():
        arrays[f"{number}.classes"] = profile.classes
        arrays[f"{number}.units"] = profile.class_of_unit
        arrays[f"{number}.longest"] = np.array(profile.longest)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(hashlib.sha256(content.getbuffer()).digest())
        file.write(content.getbuffer())


def read_profiles(path: Path) -> Profiles | None:
    """Return the profiles in a file; None if there is none, or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    # NumPy's format has a checksum for each array and none for their names.
    digest, content = data[:32], data[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(io.BytesIO(content)) as file:
        numbers = [int(name.partition(".")[0]) for name in file if name.endswith(".longest")]
        return {
            number: LaunchProfile(
                number,
                file[f"{number}.classes"],
                file[f"{number}.units"],
                int(file[f"{number}.longest"]),
            )
            for number in numbers
        }
