"""Random programs of the corpus against what a host's compiler makes of the same source."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import sys

import numpy as np
import pytest
from support.corpus import FOLDER, on_architectures, shared_machine

from softbeam.kernels import ARCHITECTURES
from softbeam.sass.toolchain import find_tool

sys.path.insert(0, str(FOLDER))

import build
import programs

KINDS = ("cubin", "json")
ANSWERS = np.frombuffer(lzma.decompress(programs.ANSWERS.read_bytes()), dtype=np.uint64)


@on_architectures("programs")
@pytest.mark.parametrize("number", range(programs.PROGRAMS))
def test_a_program_answers_as_on_the_host(number: int, architecture: str) -> None:
    machine = shared_machine("programs", architecture)
    a, b = (machine.allocate(side) for side in programs.operands())
    out = machine.allocate(8 * programs.THREADS)
    # Warps of 32 and of 16 threads.
    outcome = machine.launch(f"program{number}_k", 2, 48, out, a, b, programs.THREADS)
    assert outcome.completed, outcome
    wanted = ANSWERS.reshape(programs.PROGRAMS, -1)[number]
    np.testing.assert_array_equal(machine.read(out, wanted.size, np.uint64), wanted)


def test_answers_of_the_programs_depend_on_the_thread() -> None:
    """A program that answers the same everywhere would test little."""
    answers = ANSWERS.reshape(programs.PROGRAMS, -1)
    assert min(np.unique(row).size for row in answers) > programs.THREADS // 4


def test_the_programs_are_what_their_seed_gives() -> None:
    assert programs.SOURCE.read_text() == programs.written()


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("c++") is None or sys.platform != "linux",
    reason="no C++ compiler for the host on this Linux",
)
def test_the_answers_are_the_hosts() -> None:
    np.testing.assert_array_equal(programs.host_answers().reshape(-1), ANSWERS)


# All of the corpus: sources and machine code belong together.


def test_the_manifest_names_every_file_of_the_corpus_as_it_is() -> None:
    """Whoever changes a source must compile it again."""
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.[ch]*")
    }
    for path in build.MACHINE_CODE.glob("*/*.xz"):
        data = lzma.decompress(path.read_bytes())
        files[f"{path.parent.name}/{path.stem}"] = hashlib.sha256(data).hexdigest()
    manifest = json.loads((build.MACHINE_CODE / "manifest.json").read_text())
    assert manifest["files"] == files
    sources = [path.stem for path in FOLDER.glob("*.cu")]
    shared = {tuple(name.split("/")) for name in manifest["the same instructions"]}
    kept = {
        (architecture, f"{name}.{kind}")
        for architecture in ARCHITECTURES
        for name in sources
        for kind in KINDS
        if (architecture, name) not in shared
    }
    assert {tuple(name.split("/")) for name in files if "/" in name} == kept


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("nvcc") is None or find_tool("nvdisasm") is None,
    reason="nvcc and nvdisasm are not installed (pip install 'softbeam[cuda]')",
)
@pytest.mark.parametrize("name", ["control", "warp"])
def test_compiling_again_gives_the_machine_code_of_the_corpus(name: str) -> None:
    manifest = json.loads((build.MACHINE_CODE / "manifest.json").read_text())
    for file, data in build.build(FOLDER / f"{name}.cu", "sm_80").items():
        assert manifest["files"][f"sm_80/{file}"] == build.sha256(data)
