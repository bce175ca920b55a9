"""The annotated listing: of shipped kernels, of files, and with a campaign's outcomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import results
from support.shipped import ALWAYS

from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.specification import StreamRequest
from softbeam.cli import main
from softbeam.injection.record import InjectionRecord
from softbeam.kernels import ARCHITECTURES, KERNELS, cubin_bytes, listing_bytes, program
from softbeam.sass import toolchain

Capture = pytest.CaptureFixture[str]

SPECIFICATION = results.SPECIFICATION.model_copy(
    update={
        "architecture": "sm_80",
        "seed": 5,
        "streams": (StreamRequest(mode="rf", model="single-bit", injections=100),),
    }
)


def rows(printed: str) -> dict[str, list[str]]:
    """Return the cells of each instruction's line, by its pc."""
    found = {}
    for line in printed.splitlines():
        if re.match(r"[0-9a-f]{4} ", line):
            pc, *cells = re.split(r" {2,}", line.strip())
            found[pc] = cells
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_shipped_kernel(architecture: str, capsys: Capture) -> None:
    assert main(["disasm", "fill", "--arch", architecture]) == 0
    printed = capsys.readouterr().out
    code = program("fill", architecture).function.instructions
    assert printed.startswith(
        f"fill_kernel {architecture}: {len(code)} instructions, "
        f"{program('fill', architecture).function.registers} registers, 0 bytes shared memory, "
        "0 unknown to softbeam"
    )
    found = rows(printed)
    assert len(found) == len(code)
    for instruction in code:
        assert found[f"{instruction.pc:04x}"][0] == str(instruction)
    store = next(f"{i.pc:04x}" for i in code if i.opcode == "STG")
    assert "none" in found[store]
    assert "7: if (i < N) X[i * INCX] = ALPHA;" in printed


def test_what_is_read_and_written_is_printed(capsys: Capture) -> None:
    assert main(["disasm", "fill"]) == 0
    found = rows(capsys.readouterr().out)
    assert found["0100"] == ["IMAD.WIDE R2, R5, 0x4, R2", "R2-R3 R5", "R2-R3", "other"]
    assert found["0110"] == ["STG.E desc[UR4][R2.64], R7", "R2-R3 R7 UR4-UR5", "none"]


@pytest.mark.parametrize("name", [*(one for one in KERNELS if "+" not in one), *ALWAYS])
def test_every_shipped_kernel_is_known(name: str, capsys: Capture) -> None:
    assert main(["disasm", name]) == 0
    printed = capsys.readouterr().out
    assert " 0 unknown to softbeam" in printed
    assert not any(cells[-1] == "unknown" for cells in rows(printed).values())


def test_files(tmp_path: Path, capsys: Capture) -> None:
    cubin, listing = tmp_path / "k.cubin", tmp_path / "k.json"
    cubin.write_bytes(cubin_bytes("copy"))
    listing.write_bytes(listing_bytes("copy"))
    assert main(["disasm", str(cubin), "--listing", str(listing)]) == 0
    of_cubin = capsys.readouterr().out
    assert main(["disasm", str(listing), "--kernel", "copy_kernel"]) == 0
    of_listing = capsys.readouterr().out
    assert "copy_kernel sm_90: " in of_cubin
    assert "registers, 0 bytes shared memory, 0 unknown" in of_cubin
    assert rows(of_listing) == rows(of_cubin)


def test_an_unknown_instruction_is_marked(tmp_path: Path, capsys: Capture) -> None:
    listing = tmp_path / "k.json"
    text = listing_bytes("fill").replace(b'"LDC.64"', b'"TEX.LL"', 1)
    listing.write_bytes(text)
    assert main(["disasm", str(listing)]) == 0
    printed = capsys.readouterr().out
    assert "1 unknown to softbeam" in printed
    assert rows(printed)["00b0"][-1] == "unknown"


def test_an_inexact_instruction_is_marked(tmp_path: Path, capsys: Capture) -> None:
    listing = tmp_path / "k.json"
    listing.write_bytes(listing_bytes("softmax").replace(b'"MUFU.EX2"', b'"MUFU.SIN"'))
    assert main(["disasm", str(listing)]) == 0
    found = rows(capsys.readouterr().out).values()
    marked = [cells[0].split()[-3] for cells in found if cells[-1] == "fp32, inexact"]
    assert marked
    assert set(marked) == {"MUFU.SIN"}


def test_vulnerability_of_instructions(
    tmp_path: Path, make_record: Callable[..., InjectionRecord], capsys: Capture
) -> None:
    with ResultsStore.create(tmp_path / "run", SPECIFICATION) as store:
        store.append(
            make_record(index=index, kernel="fill", arch="sm_80", pc=0x10, **end)
            for index, end in enumerate(
                [{"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": 0.5}] * 12
                + [{"outcome": "DUE", "detail": "hang"}] * 8
                + [{}] * 80
            )
        )
    assert main(["disasm", "fill", "--arch", "sm_80", "--run", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert "RF single-bit" in printed
    cells = rows(printed)["0010"]
    assert cells[cells.index("100") :][:3] == ["100", "12.0 [7.0, 19.8]", "8.0 [4.1, 15.0]"]
    assert main(["disasm", "fill", "--run", str(tmp_path / "run")]) == 2
    assert "struck the machine code of sm_80: add --arch sm_80" in _flat(capsys)


def _flat(capsys: Capture) -> str:
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "neither one of softbeam's kernels ("),
        (["fill", "--arch", "sm_70"], f"shipped for {', '.join(ARCHITECTURES)}, not for sm_70"),
        (["k.json", "--kernel", "nothing"], "has no kernel nothing; it has: fill_kernel"),
        (["k.json", "--run", "x"], "campaigns strike softbeam's own kernels"),
        (["bad.json"], "bad.json: not the JSON of a listing"),
        (["bad.cubin", "--listing", "k.json"], "bad.cubin: not a cubin"),
        (["fill", "--run", "nowhere"], "nowhere"),
    ],
)
def test_bad_input(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("k.json").write_bytes(listing_bytes("fill"))
    Path("bad.json").write_text("text")
    Path("bad.cubin").write_text("text")
    assert main(["disasm", *arguments]) == 2
    assert message in _flat(capsys)


def test_a_cubin_without_listing_needs_the_disassembler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    cubin = tmp_path / "k.cubin"
    cubin.write_bytes(cubin_bytes("fill"))
    monkeypatch.setattr(toolchain, "find_tool", lambda name: None)
    assert main(["disasm", str(cubin)]) == 2
    message = _flat(capsys)
    assert "nvdisasm is needed" in message
    assert "pip install 'softbeam[cuda]'" in message
