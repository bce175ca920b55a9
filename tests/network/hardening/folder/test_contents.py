"""What is written of a chosen hardening: sources that compile, arguments without a bit lost."""

from __future__ import annotations

import csv
import re
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from support.hardened import limits_of

from softbeam.kernels import KERNELS, program
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.kernels.signatures import signature
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.checksum import check_weights
from softbeam.network.hardening.folder.arguments import (
    c_float,
    entry_of,
    header,
    launches_csv,
    trailing,
)
from softbeam.network.hardening.folder.contents import Chosen, contents
from softbeam.network.hardening.folder.darknet import HOSTS, host_of
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import read_rules
from softbeam.sass import link, read_cubin, read_listing
from softbeam.sass.toolchain import compile_source, disassemble, find_tool

RULES = "lean, maxpool=range+bounds, add_bias@0=duplication, gemm@0=checksum"


def chosen_by(tiny, rules: str) -> Chosen:  # type: ignore[no-untyped-def]
    limits = limits_of(tiny.plan, tiny.weights, tiny.image)
    after = harden(tiny.plan, read_rules(rules), limits, tiny.weights)
    sums = {
        name: words.view(np.float32) for name, words in check_weights(after, tiny.weights).items()
    }
    return Chosen(rules, tiny.plan, after, limits, sums)


def written(chosen: Chosen, folder: Path) -> Path:
    """Write everything and return where."""
    request = {"network": "tiny.cfg", "paper": True, "injections": 7}
    for name, content in contents(chosen, request, "It removes 99.0 %.").items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def chosen(tiny) -> Chosen:  # type: ignore[no-untyped-def]
    return chosen_by(tiny, RULES)


@pytest.fixture
def folder(chosen: Chosen, tmp_path: Path) -> Path:
    return written(chosen, tmp_path)


def test_every_source_is_there_with_what_it_includes(folder: Path, chosen: Chosen) -> None:
    names = {path.name for path in (folder / "cuda").iterdir()}
    variants = {one.kernel for one in chosen.after.launches if techniques_of(one.kernel)}
    assert variants == {"maxpool+range+bounds", "add_bias+duplication"}
    assert {f"{kernel.replace('+', '_')}.cu" for kernel in variants} <= names
    for path in (folder / "cuda").rglob("*.cu*"):
        for included in re.findall(r'^#include "(.+)"', path.read_text(), re.MULTILINE):
            assert (path.parent / included).is_file()


def test_limits_and_rules_are_read_as_they_were(folder: Path, chosen: Chosen) -> None:
    assert tomllib.loads((folder / "hardening.toml").read_text()) == {
        "network": "tiny.cfg",
        "paper": True,
        "injections": 7,
        "harden": chosen.rules,
        "limits": "limits.json",
    }
    assert Limits.from_json((folder / "limits.json").read_text()) == chosen.limits


def test_the_table_has_every_launch_of_a_variant(folder: Path, chosen: Chosen) -> None:
    with (folder / "launches.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    launches = [one for one in chosen.after.launches if techniques_of(one.kernel)]
    assert [int(row["launch"]) for row in rows] == [one.index for one in launches]
    for row, launch in zip(rows, launches, strict=True):
        assert row["entry"] == KERNELS[launch.kernel].symbol
        values = dict(one.split("=") for one in row["arguments"].split(", "))
        own = len(signature(base_of(launch.kernel)).parameters)
        names = [one.name for one in signature(launch.kernel).parameters[own:]]
        assert list(values) == names
        if "LOW" in values:
            low = float.fromhex(values["LOW"].removesuffix("f"))
            assert np.float32(low).tobytes() == np.float32(launch.arguments.LOW).tobytes()


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, -3.25e-40, 3.4028234663852886e38])
def test_a_float_is_written_bit_for_bit(value: float) -> None:
    single = float(np.float32(value))
    back = np.float32(float.fromhex(c_float(single).removesuffix("f")))
    assert back.tobytes() == np.float32(value).tobytes()


def test_turns_count_the_launches_of_a_kernel_in_a_layer(chosen: Chosen) -> None:
    seen: dict[tuple[int, str], int] = {}
    turns = {one.launch: one.turn for one in trailing(chosen.after)}
    for launch in chosen.after.launches:
        key = launch.layer, base_of(launch.kernel)
        if launch.index in turns:
            assert turns[launch.index] == seen.get(key, 0)
        seen[key] = seen.get(key, 0) + 1


@pytest.mark.skipif(not Path("/usr/bin/cc").exists(), reason="there is no C compiler")
def test_the_header_finds_the_arguments_in_c(folder: Path, chosen: Chosen) -> None:
    """Oracle: a C compiler, and the plan."""
    rows = trailing(chosen.after)
    prints = "\n".join(
        f"    one = softbeam_find(SOFTBEAM_{row.kernel.upper().replace('+', '_')}, {row.layer}, "
        f"{row.turn});\n"
        '    printf("%a %a %d\\n", one->low, one->high, one->words[0]);'
        for row in rows
    )
    (folder / "main.c").write_text(
        '#include <stdio.h>\n#include "hardening.h"\nint main(void) {\n'
        "    const softbeam_launch *one;\n"
        f"{prints}\n    return softbeam_find(0, 9999, 0) != NULL;\n}}\n"
    )
    program_file = folder / "main"
    subprocess.run(
        ["/usr/bin/cc", "-Wall", "-Werror", folder / "main.c", "-o", program_file], check=True
    )
    printed = subprocess.run([program_file], check=True, capture_output=True, text=True).stdout
    for line, row in zip(printed.splitlines(), rows, strict=True):
        low, high, words = line.split()
        found = float.fromhex(low), float.fromhex(high)
        assert found == (row.limits or (0.0, 0.0))
        assert int(words) == (row.words or (0,))[0]


def test_nothing_is_lost_between_table_and_header(chosen: Chosen) -> None:
    assert header(chosen.after).count("\n    {") == len(launches_csv(chosen.after).splitlines()) - 1


def test_the_instructions_name_what_has_to_change(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    for part in (
        "It removes 99.0 %.",
        "`maxpool_layer_kernels.cu`, `forward_maxpool_layer_gpu`",
        "`blas_kernels.cu`, `add_bias_gpu`",
        "Launches to leave out",
        "Checks of products",
        "`report` points to two words",
    ):
        assert part in text
    (sums,) = (folder / "checks").iterdir()
    assert sums.name in text


def test_every_host_function_is_of_a_kernel_that_there_is() -> None:
    assert HOSTS.keys() <= KERNELS.keys()
    assert host_of("sgemm_64x128") == ("gemm.c", "gemm_gpu")


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("nvcc") is None or find_tool("nvdisasm") is None,
    reason="nvcc and nvdisasm are not installed (pip install 'softbeam[cuda]')",
)
@pytest.mark.parametrize("number", range(2))
def test_the_sources_compile_to_the_shipped_code(tiny, tmp_path: Path, number: int) -> None:  # type: ignore[no-untyped-def]
    """Oracle: the shipped machine code, which is what the campaign struck."""
    gemm = sorted({one.layer for one in tiny.plan.launches if one.product is not None})
    products = f"gemm@{gemm[0]}=duplication, gemm@{gemm[-1]}=duplication+range+bounds"
    chosen = chosen_by(tiny, (RULES, products)[number])
    folder = written(chosen, tmp_path)
    defined: list[str] = []
    for kernel in sorted({one.kernel for one in trailing(chosen.after)}):
        cubin = compile_source(folder / "cuda" / f"{kernel.replace('+', '_')}.cu", "sm_90")
        listing = disassemble(cubin, origin=kernel)
        found = link(
            read_listing(listing.encode(), origin=kernel),
            read_cubin(cubin, origin=kernel),
            origin=kernel,
        )
        shipped = program(kernel, "sm_90").function
        assert found[entry_of(kernel)].instructions == shipped.instructions
        defined += found
    # Files that are linked together define nothing twice.
    assert len(defined) == len(set(defined))
    assert len(gemm) > 1
