"""A listing is held against its machine code, instruction by instruction."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.corpus import FOLDER
from support.shipped import FEW

from softbeam.errors import ListingError
from softbeam.kernels import ARCHITECTURES, cubin_bytes, listing_bytes
from softbeam.sass import link, parse_line, read_cubin, read_listing
from softbeam.sass.encoding import disagreement
from softbeam.sass.opcodes import find_opcode


def linked(listing: bytes, cubin: bytes) -> int:
    functions = link(
        read_listing(listing, origin="x.json"), read_cubin(cubin, origin="x"), origin="x.json"
    )
    return sum(len(one.instructions) for one in functions.values())


def corpus(architecture: str) -> Iterator[tuple[bytes, bytes]]:
    for path in sorted((FOLDER / "machine_code" / architecture).glob("*.json.xz")):
        cubin = path.with_name(path.name.replace(".json.", ".cubin."))
        yield lzma.decompress(path.read_bytes()), lzma.decompress(cubin.read_bytes())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_shipped_listing_agrees(architecture: str) -> None:
    for name in FEW:
        assert linked(listing_bytes(name, architecture), cubin_bytes(name, architecture)) > 10


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_listing_of_the_corpus_agrees(architecture: str) -> None:
    found = [linked(*pair) for pair in corpus(architecture)]
    # What sm_89 has in common with sm_86 is there once.
    assert sum(found) > (500 if architecture == "sm_89" else 20_000)


def test_the_recorded_listing_agrees(recordings: Path) -> None:
    listing = (recordings / "kernels.sm_90.json").read_bytes()
    assert linked(listing, (recordings / "kernels.sm_90.cubin").read_bytes()) > 1000


def changed(
    name: str, opcode: str, change: Callable[[str], str], field: str = "operands"
) -> tuple[bytes, int]:
    """Return a listing in which one instruction is another one, and its pc."""
    document = json.loads(listing_bytes(name))
    entries = document[1][0]["sass-instructions"]
    for number, entry in enumerate(entries):
        new = change(entry.get(field, ""))
        if entry["opcode"].split(".")[0] == opcode and new != entry.get(field, ""):
            entry[field] = new
            return json.dumps(document).encode(), 16 * number
    raise AssertionError(f"{name} has no such {opcode}")


@pytest.mark.parametrize(
    ("name", "opcode", "change", "odd"),
    [
        ("im2col", "IMAD", lambda text: text.replace("R11", "Rt1"), "Rt1"),
        ("im2col", "IMAD", lambda text: text.replace("R11", "R200"), "R200"),
        ("fill", "IMAD", lambda text: text.replace("R0,R0", "R3,R0", 1), "R3"),
        ("fill", "UIMAD", lambda text: text.replace("UR5", "UR9"), "UR9"),
        ("fill", "LDC", lambda text: text.replace("0x218", "0x210"), "c[0x0][0x210]"),
        ("fill", "STG", lambda text: text.replace("R2.64", "R4.64"), "desc[UR4][R4.64]"),
        ("im2col", "BRA", lambda text: "0x40", "target 0x40"),
        ("im2col", "ISETP", lambda text: text.replace("R", "R1"), "R1"),
    ],
)
def test_a_changed_operand_is_refused(name: str, opcode: str, change, odd: str) -> None:
    listing, pc = changed(name, opcode, change)
    with pytest.raises(ListingError) as refused:
        linked(listing, cubin_bytes(name))
    said = str(refused.value)
    assert f"at pc {pc:#x} of" in said
    assert f"whose {odd}" in said
    assert "not of one build" in said


def test_a_changed_guard_or_opcode_is_refused() -> None:
    listing, pc = changed("fill", "EXIT", lambda text: text.replace("P0", "!P0"), "predicate")
    with pytest.raises(ListingError, match=f"pc {pc:#x} .* whose guard"):
        linked(listing, cubin_bytes("fill"))
    listing, _ = changed("fill", "UIMAD", lambda text: "UIADD3", "opcode")
    with pytest.raises(ListingError, match="opcode UIADD3"):
        linked(listing, cubin_bytes("fill"))


def patched(name: str, opcode: str, number: int) -> tuple[bytes, int]:
    """Return a cubin in which the first such instruction has another number, and its pc."""
    cubin = bytearray(cubin_bytes(name))
    found = read_listing(listing_bytes(name), origin="x")
    kernel, code = next(iter(found.items()))
    pc = next(one.pc for one in code if one.opcode == opcode)
    start = bytes(cubin).index(read_cubin(bytes(cubin), origin="x")[1][kernel].code) + pc
    word = int.from_bytes(cubin[start : start + 2], "little")
    cubin[start : start + 2] = (word & ~0x1FF | number).to_bytes(2, "little")
    return bytes(cubin), pc


def test_a_number_that_no_opcode_has_is_an_unknown_instruction() -> None:
    cubin, pc = patched("fill", "STG", 0x1FF)
    listing = read_listing(listing_bytes("fill"), origin="x")
    functions = link(listing, read_cubin(cubin, origin="x"), origin="x")
    (function,) = functions.values()
    assert [one.pc for one in function.instructions if not one.known] == [pc]
    assert find_opcode(function.at(pc)) is None


def test_another_opcode_s_number_is_of_another_build() -> None:
    cubin, pc = patched("fill", "STG", 0x181)
    with pytest.raises(ListingError, match=f"pc {pc:#x} .* whose opcode STG"):
        linked(listing_bytes("fill"), cubin)


@pytest.mark.parametrize("operands", ["R2,<odd>", "R2,{1}R3", "R2,R3..x"])
def test_an_operand_that_cannot_be_read_is_an_unknown_instruction(operands: str) -> None:
    listing, pc = changed("fill", "IMAD", lambda text: operands)
    functions = link(
        read_listing(listing, origin="x"), read_cubin(cubin_bytes("fill"), origin="x"), origin="x"
    )
    (function,) = functions.values()
    assert not function.at(pc).known
    assert str(function.at(pc)).endswith(operands.replace(",", ", "))


def test_uniform_registers_are_told_apart_by_architecture() -> None:
    # MOV R8, UR63 of Blackwell; before it the field of UR63 is that of URZ.
    code = (0x1FE20008000F000000003F00087C02).to_bytes(16, "little")
    line = parse_line("MOV R8, UR63")
    assert disagreement(line, code, "sm_100") == ""
    assert disagreement(line, code, "sm_90") == "UR63"
    assert disagreement(parse_line("MOV R8, URZ"), code, "sm_90") == ""
