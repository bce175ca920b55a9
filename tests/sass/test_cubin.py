"""Facts of cubins: those of the recordings and of the shipped ones, and broken files."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.shipped import listing_of, on_all_shipped

from softbeam.errors import ListingError
from softbeam.kernels import ARCHITECTURES, KERNELS, cubin_bytes, listing_bytes
from softbeam.kernels.hardened import base_of
from softbeam.kernels.products import TILES
from softbeam.sass import link, read_cubin, read_listing, read_variables

SIZES = {"int32": 4, "int64": 8, "float32": 4, "pointer": 8}


@on_all_shipped
def test_shipped_cubins(name: str, architecture: str) -> None:
    kernel = KERNELS[name]
    found, kernels = read_cubin(cubin_bytes(name, architecture), origin=name)
    assert found == architecture
    # Kernels of one source lie in one cubin.
    beside = {one.symbol for one in KERNELS.values() if one.file == kernel.file}
    assert set(kernels) == beside
    facts = kernels[kernel.symbol]
    bases = {"sm_90": 0x210, "sm_100": 0x380, "sm_120": 0x380}
    assert facts.parameter_base == bases.get(architecture, 0x160)
    assert (facts.shared_bytes > 0) == (base_of(name) in TILES)
    # Offsets and sizes as C lays out the parameters of the kernel's own signature.
    position = 0
    for parameter, (offset, size) in zip(kernel.parameters, facts.parameters, strict=True):
        wanted = SIZES[parameter.kind]
        position = -(-position // wanted) * wanted
        assert (offset, size) == (position, wanted)
        position += wanted
    # What the code uses fits what the cubin allocates, and every symbol begins at an instruction.
    code = listing_of(kernel.file, architecture)[kernel.symbol]
    used = max(o.index for i in code for o in i.operands if o.kind == "register" and o.index < 255)
    assert used < facts.registers <= 255
    assert facts.symbols[kernel.symbol] == 0
    assert all(offset in range(0, 16 * len(code), 16) for offset in facts.symbols.values())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_subroutines_are_symbols_that_calls_name(architecture: str) -> None:
    functions = link(
        read_listing(listing_bytes("softmax", architecture), origin="softmax"),
        read_cubin(cubin_bytes("softmax", architecture), origin="softmax"),
        origin="softmax",
    )
    function = functions["softmax_kernel"]
    called = {i.operands[0].text for i in function.instructions if i.opcode == "CALL"}
    assert called
    for name in called:
        assert name.startswith("$__internal_")
        entry = function.at(function.symbols[name])
        assert entry.pc == function.symbols[name]
    assert any(i.opcode == "RET" for i in function.instructions)


def test_recorded_cubin(recordings: Path) -> None:
    """Registers, shared memory, parameters and symbols are those with which the GPU launched."""
    data = (recordings / "kernels.sm_90.cubin").read_bytes()
    architecture, kernels = read_cubin(data, origin="recorded")
    assert architecture == "sm_90"
    scenarios = json.loads((recordings / "scenarios.json").read_text())
    assert scenarios
    for scenario in scenarios.values():
        if scenario.get("cubin", "kernels") != "kernels":
            continue
        facts = kernels[scenario["kernel"]]
        # The driver allocates registers in steps of eight, and shared memory beside the static one.
        assert facts.registers <= scenario["registers"] <= -(-facts.registers // 8) * 8
        assert facts.shared_bytes <= scenario["shared_bytes"]
        assert facts.parameter_base == 0x210
        kinds = [argument.split(":")[0] for argument in scenario["arguments"]]
        sizes = [8 if kind == "buffer" else 4 for kind in kinds]
        assert [size for _, size in facts.parameters] == sizes


def test_a_listing_of_another_cubin_is_refused() -> None:
    listing = read_listing(listing_bytes("fill"), origin="fill")
    with pytest.raises(ListingError, match="'fill_kernel', which the cubin lacks"):
        link(listing, read_cubin(cubin_bytes("copy"), origin="copy"), origin="fill")


def test_what_is_no_cubin(tmp_path: Path) -> None:
    for data in (b"", b"\x7fELF", b"not a cubin", bytes(4096), listing_bytes("fill")):
        with pytest.raises(ListingError, match=r"^bad\.cubin: not a cubin"):
            read_cubin(data, origin="bad.cubin")
        with pytest.raises(ListingError, match=r"^bad\.cubin: not a cubin"):
            read_variables(data, origin="bad.cubin")
    host = bytearray(cubin_bytes("fill"))
    host[18:20] = (62).to_bytes(2, "little")
    with pytest.raises(ListingError, match="not one of a GPU"):
        read_cubin(bytes(host), origin="bad.cubin")


def _only_a_listing_error(data: bytes) -> None:
    for read in (read_cubin, read_variables):
        try:
            read(data, origin="fuzz")
        except ListingError as error:
            said = str(error)
        else:
            said = "fuzz: "
        assert said.startswith("fuzz: ")
        assert "\n" not in said


@given(st.integers(0, len(cubin_bytes("activate_array")) - 1))
def test_fuzz_truncated(length: int) -> None:
    _only_a_listing_error(cubin_bytes("activate_array")[:length])


@given(st.data())
@settings(max_examples=300)
def test_fuzz_mutated(data: st.DataObject) -> None:
    """Change bytes of the headers, the section table, the symbols and the attributes."""
    name = data.draw(st.sampled_from(["fill", "softmax"]))
    cubin = bytearray(cubin_bytes(name, data.draw(st.sampled_from(ARCHITECTURES))))
    table = int.from_bytes(cubin[40:48], "little")
    places = (
        st.integers(0, 63)
        | st.integers(table, len(cubin) - 1)
        | st.integers(0, min(0xA00, len(cubin) - 8))
    )
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(places)
        new = data.draw(
            st.binary(min_size=1, max_size=8)
            | st.sampled_from([b"\xff" * 8, b"\xff" * 4, bytes(8), b"\xff" * 7 + b"\x7f"])
        )
        cubin[place : place + len(new)] = new[: len(cubin) - place]
    _only_a_listing_error(bytes(cubin))


@given(st.binary(max_size=300))
def test_fuzz_bytes(data: bytes) -> None:
    _only_a_listing_error(data)
    _only_a_listing_error(cubin_bytes("fill")[:64] + data)


def test_nan_immediates_get_their_bits_back() -> None:
    """The disassembler's -QNAN can be any NaN; the machine code says which."""
    functions = link(
        read_listing(listing_bytes("softmax"), origin="softmax"),
        read_cubin(cubin_bytes("softmax"), origin="softmax"),
        origin="softmax",
    )
    code = functions["softmax_kernel"].instructions
    assert "-QNAN" in listing_bytes("softmax").decode()
    found = [o for i in code if i.opcode == "MUFU" for o in i.operands if o.kind == "integer"]
    assert {(operand.text, operand.value) for operand in found} == {("0xffc00000", 0xFFC00000)}
    assert not any("NAN" in operand.text for one in code for operand in one.operands)


def test_immediates_in_decimals_get_their_bits() -> None:
    """Every number that is written in decimals is the word that the machine code holds."""
    checked = 0
    for name, architecture in itertools.product(("normalize", "softmax", "pow"), ARCHITECTURES):
        functions = link(
            read_listing(listing_bytes(name, architecture), origin=name),
            read_cubin(cubin_bytes(name, architecture), origin=name),
            origin=name,
        )
        for one in (i for f in functions.values() for i in f.instructions):
            for operand in one.operands:
                if operand.kind == "float" and one.opcode[0] == "F":
                    assert operand.bits == int(np.float32(operand.value).view(np.uint32)), one
                    checked += 1
    assert checked > 100
