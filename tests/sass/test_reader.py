"""Listings into instructions: what the disassembler writes, and that nothing else gets through."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.shipped import listing_of, listing_text_of, on_all_shipped

from softbeam.errors import ListingError
from softbeam.kernels import KERNELS, listing_bytes
from softbeam.sass import (
    Guard,
    Instruction,
    Operand,
    OperandKind,
    parse_line,
    parse_operand,
    read_listing,
)
from softbeam.sass.reader import parse_guard, parse_instruction, split_operands

K = OperandKind


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ("R0", Operand(K.REGISTER, "R0", index=0)),
        ("R254.reuse", Operand(K.REGISTER, "R254", index=254)),
        ("RZ", Operand(K.REGISTER, "RZ", index=255)),
        ("-R3.reuse", Operand(K.REGISTER, "-R3", index=3, negated=True)),
        ("~R3", Operand(K.REGISTER, "~R3", index=3, inverted=True)),
        ("|R8|", Operand(K.REGISTER, "|R8|", index=8, absolute=True)),
        ("-|R8|", Operand(K.REGISTER, "-|R8|", index=8, absolute=True, negated=True)),
        ("R4.H0_H0", Operand(K.REGISTER, "R4.H0_H0", index=4, selector="H0_H0")),
        ("-R4.H1_H1", Operand(K.REGISTER, "-R4.H1_H1", index=4, selector="H1_H1", negated=True)),
        ("R2.64", Operand(K.REGISTER, "R2.64", index=2, wide=True)),
        ("R6.B3", Operand(K.REGISTER, "R6.B3", index=6, selector="B3")),
        ("UR4", Operand(K.UNIFORM_REGISTER, "UR4", index=4)),
        ("URZ", Operand(K.UNIFORM_REGISTER, "URZ", index=255)),
        ("P0", Operand(K.PREDICATE, "P0", index=0)),
        ("!P6", Operand(K.PREDICATE, "!P6", index=6, inverted=True)),
        ("PT", Operand(K.PREDICATE, "PT", index=7)),
        ("!PT", Operand(K.PREDICATE, "!PT", index=7, inverted=True)),
        ("UP3", Operand(K.UNIFORM_PREDICATE, "UP3", index=3)),
        ("!UPT", Operand(K.UNIFORM_PREDICATE, "!UPT", index=7, inverted=True)),
        ("B15", Operand(K.BARRIER, "B15", index=15)),
        ("SR_TID.X", Operand(K.SPECIAL, "SR_TID.X")),
        ("SRZ", Operand(K.SPECIAL, "SRZ")),
        ("{1,3}", Operand(K.SYMBOL, "{1,3}")),
        ("0x1f", Operand(K.INTEGER, "0x1f", value=31)),
        ("-0x1", Operand(K.INTEGER, "-0x1", value=-1)),
        ("105615", Operand(K.INTEGER, "105615", value=105615)),
        ("-126", Operand(K.INTEGER, "-126", value=-126)),
        ("0.5", Operand(K.FLOAT, "0.5", value=0.5)),
        ("-7.5497894158615963534e-08", Operand(K.FLOAT, "-7.5497894158615963534e-08",
                                               value=-7.5497894158615963534e-08)),
        ("+INF ", Operand(K.FLOAT, "+INF", value=float("inf"))),
        ("-INF ", Operand(K.FLOAT, "-INF", value=float("-inf"))),
        ("c[0x0][0x28]", Operand(K.CONSTANT, "c[0x0][0x28]", value=0x28)),
        ("-c[0x0][0x160]", Operand(K.CONSTANT, "-c[0x0][0x160]", value=0x160, negated=True)),
        ("|c[0x0][0x160]|", Operand(K.CONSTANT, "|c[0x0][0x160]|", value=0x160, absolute=True)),
        ("c[0x3][R0+0x20]", Operand(K.CONSTANT, "c[0x3][R0+0x20]", index=0, value=0x20, bank=3)),
        ("c[0x4][UR6+0x8]", Operand(K.CONSTANT, "c[0x4][UR6+0x8]", uniform=6, value=8, bank=4)),
        ("cx[UR4][0x8]", Operand(K.CONSTANT, "cx[UR4][0x8]", bank=-1, value=8)),
        ("[R10+-0x4]", Operand(K.ADDRESS, "[R10+-0x4]", index=10, value=-4)),
        ("[R3+UR6]", Operand(K.ADDRESS, "[R3+UR6]", index=3, uniform=6)),
        ("[UR4]", Operand(K.ADDRESS, "[UR4]", uniform=4)),
        ("[0x10]", Operand(K.ADDRESS, "[0x10]", value=16)),
        ("[R3.X4+0x10]", Operand(K.ADDRESS, "[R3.X4+0x10]", index=3, value=16, scale=4)),
        ("[R2.U32+UR4]", Operand(K.ADDRESS, "[R2.U32+UR4]", index=2, uniform=4)),
        ("desc[UR8][R2.64+0x4]", Operand(K.ADDRESS, "desc[UR8][R2.64+0x4]", index=2, value=4,
                                         wide=True)),
        ("`($__internal_0_$__cuda_sm20_div_rn_f64_full)",
         Operand(K.SYMBOL, "`($__internal_0_$__cuda_sm20_div_rn_f64_full)")),
        ("$k$_Z4polyfi", Operand(K.SYMBOL, "$k$_Z4polyfi")),
        ("SB0", Operand(K.SYMBOL, "SB0", index=0)),
        ("2D", Operand(K.SYMBOL, "2D")),
    ],
)  # fmt: skip
def test_operands(text: str, operand: Operand) -> None:
    assert parse_operand(text) == operand


def test_nan_immediates_have_their_sign() -> None:
    for text in ("+QNAN", "-QNAN", "+SNAN"):
        operand = parse_operand(text)
        assert operand.kind is K.FLOAT
        assert operand.value != operand.value
        assert operand.text == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "R255", "R256", "R1000", "UR255", "UR256", "P7", "P8", "UP7", "B16", "RT", "PZ",
        "BT", "R٣", "c[0x0][R255]", "c[0x0][R300+0x4]", "[R255]", "[UR299]", "[R1R2]", "[R1+]",
        "[-R1]", "[0x4", "c[0x0]", "c[][0x4]x", "1.2.3", "0x", "0xg", "1e", "٣", "0.٥", "--1",
        "R1 R2", "\x00", "\ud800", "1" * 5000, "0x" + "f" * 17, "1e99999", "[" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_operand(text: str) -> None:
    with pytest.raises(ListingError, match="not an operand") as caught:
        parse_operand(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("", Guard()),
        ("@P0", Guard(0)),
        ("@!P6", Guard(6, negated=True)),
        ("@!PT", Guard(7, negated=True)),
        ("@UP2", Guard(2, uniform=True)),
        ("@!UPT", Guard(7, negated=True, uniform=True)),
    ],
)
def test_guards(text: str, guard: Guard) -> None:
    assert parse_guard(text) == guard


@pytest.mark.parametrize("text", ["P0", "@", "@P7", "@P8", "@P10", "@!!P0", "@P٣", "@R0", "@P0 "])
def test_what_is_no_guard(text: str) -> None:
    with pytest.raises(ListingError, match="not a guard"):
        parse_guard(text)


def test_scoreboards_and_two_addresses_without_a_comma() -> None:
    waits = parse_instruction(0, {"opcode": "DEPBAR.LE", "operands": "SB0,0x0,{1,3}"})
    assert [one.text for one in waits.operands] == ["SB0", "0x0", "{1,3}"]
    copies = parse_instruction(0, {"opcode": "LDGSTS.E", "operands": "[R7]desc[UR4][R2.64],!P0"})
    assert [one.text for one in copies.operands] == ["[R7]", "desc[UR4][R2.64]", "!P0"]


def test_operands_are_split_outside_brackets_only() -> None:
    assert split_operands("R0,c[0x0][0x28],desc[UR4][R2.64],0x1f,-R3") == [
        "R0", "c[0x0][0x28]", "desc[UR4][R2.64]", "0x1f", "-R3"
    ]  # fmt: skip
    assert split_operands("") == []


def test_a_line_of_a_plain_listing() -> None:
    instruction = parse_line("  /*0250*/    @P0 IMAD.WIDE.U32 R4, R2.reuse, 0x8, R8 ;", 0x250)
    assert instruction == Instruction(
        0x250,
        Guard(0),
        "IMAD.WIDE.U32",
        tuple(parse_operand(text) for text in ("R4", "R2", "0x8", "R8")),
    )
    assert (instruction.opcode, instruction.modifiers) == ("IMAD", ("WIDE", "U32"))
    assert str(instruction) == "@P0 IMAD.WIDE.U32 R4, R2, 0x8, R8"
    assert parse_line("EXIT ;").operands == ()


@pytest.mark.parametrize("text", ["", ";", "@P0", "@P0 ;", "fadd R0, R1", "FADD R0,,R1", "/*0*/"])
def test_what_is_no_line(text: str) -> None:
    with pytest.raises(ListingError):
        parse_line(text)


def _listing(*entries: Any) -> str:
    function = {"function-name": "k", "start": 0, "length": 16, "sass-instructions": list(entries)}
    return json.dumps([{"Producer": "nvdisasm"}, [function]])


def test_a_listing_names_pcs_in_steps_of_sixteen() -> None:
    functions = read_listing(
        _listing({"opcode": "NOP"}, {"opcode": "EXIT", "predicate": "@!P0"}), origin="x.json"
    )
    assert [(i.pc, str(i)) for i in functions["k"]] == [(0, "NOP"), (16, "@!P0 EXIT")]


@lru_cache(maxsize=4)
def written_of(file: str, architecture: str) -> dict[str, Any]:
    """Return the disassembler's objects of the kernels that lie in one shipped file."""
    functions = json.loads(listing_text_of(file, architecture))[1]
    return {one["function-name"]: one for one in functions}


@on_all_shipped
def test_shipped_listings(name: str, architecture: str) -> None:
    functions = listing_of(KERNELS[name].file, architecture)
    symbol = KERNELS[name].symbol
    documents = written_of(KERNELS[name].file, architecture)
    assert functions.keys() == documents.keys()
    code, document = functions[symbol], documents[symbol]
    assert 16 * len(code) == document["length"]
    assert any(instruction.opcode == "EXIT" for instruction in code)
    for instruction, entry in zip(code, document["sass-instructions"], strict=True):
        assert instruction.name == entry["opcode"]
        written = entry.get("operands", "").replace(".reuse", "").replace(" ", "")
        guard = entry.get("predicate", "")
        if guard in ("PR", "UPR"):
            # The operand PR of P2R and R2P, which nvdisasm's JSON has as a guard.
            found = [one.text for one in instruction.operands]
            found.remove(guard)
            assert (",".join(found), str(instruction.guard)) == (written, "")
            continue
        assert ",".join(operand.text for operand in instruction.operands) == written
        assert str(instruction.guard) == guard
        if instruction.opcode in ("BRA", "BSSY"):
            target = instruction.operands[-1]
            assert target.kind is K.INTEGER
            assert target.value in range(0, document["length"], 16)


def test_the_recorded_listing_as_json_and_as_text(recordings: Path) -> None:
    """The two forms of the same code, read on two ways, are the same but for branch targets."""
    functions = read_listing((recordings / "kernels.sm_90.json").read_bytes(), origin="json")
    lines: dict[str, list[str]] = {}
    name = ""
    for line in (recordings / "kernels.sm_90.sass").read_text().splitlines():
        if line.startswith(".text."):
            name = line[len(".text.") : -1]
            lines[name] = []
        elif line.lstrip().startswith("/*") and name:
            lines[name].append(line.split("(*")[0])
    assert {name for name in lines if lines[name]} == set(functions)
    for name, code in functions.items():
        assert len(code) == len(lines[name])
        for instruction, line in zip(code, lines[name], strict=True):
            plain = parse_line(line, instruction.pc)
            assert f"/*{instruction.pc:04x}*/" in line
            assert (plain.guard, plain.name) == (instruction.guard, instruction.name)
            if instruction.opcode not in ("BRA", "BSSY", "CALL", "RET"):
                assert repr(plain.operands) == repr(instruction.operands)


# No input may hang the reader or crash it, other than by a ListingError.

_FIELDS = ("opcode", "operands", "predicate", "function-name", "sass-instructions", "start")
_WORDS = (
    "FADD", "IMAD.WIDE", "R0,R1,R2", "@!P0", "@P9", "c[0x0][0x28]", "desc[UR4][R2.64+0x4]", "",
    "-0x1", "1e999", "9" * 400, "R٣", "\ud800", "[", "]", ",,,", "R0,[R1+R2+R3+UR4+0x1+-0x2]",
)  # fmt: skip
_ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(_WORDS)
)
_DOCUMENTS = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=12,
)
_ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(_WORDS) | _ATOMS for name in ("opcode", "operands", "predicate")
    },
)


def _only_a_listing_error(text: str | bytes) -> None:
    try:
        functions = read_listing(text, origin="fuzz")
    except ListingError as error:
        said, functions = str(error), {}
    else:
        said = "fuzz: "
    assert said.startswith("fuzz: ")
    for code in functions.values():
        for number, instruction in enumerate(code):
            assert instruction.pc == 16 * number
            assert str(instruction)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_fuzz_bytes_and_text(text: str | bytes) -> None:
    _only_a_listing_error(text)


@given(_DOCUMENTS)
def test_fuzz_documents(document: Any) -> None:
    _only_a_listing_error(json.dumps(document))
    _only_a_listing_error(json.dumps([{}, document]))
    _only_a_listing_error(json.dumps([{}, [{"function-name": "k", "sass-instructions": document}]]))


@given(st.lists(_ENTRIES, max_size=4))
def test_fuzz_entries(entries: list[Any]) -> None:
    _only_a_listing_error(_listing(*entries))


@given(st.data())
@settings(max_examples=200)
def test_fuzz_a_real_listing(data: st.DataObject) -> None:
    """Change, drop or double some bytes of a listing that is well."""
    text = bytearray(listing_bytes("fill"))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        match data.draw(st.sampled_from("cdrt")):
            case "c":
                text[place] = data.draw(st.integers(0, 255))
            case "d":
                del text[place + 1 : place + data.draw(st.integers(2, 40))]
            case "r":
                text[place:place] = text[place : place + data.draw(st.integers(1, 200))]
            case "t":
                del text[place + 1 :]
    _only_a_listing_error(bytes(text))


_PIECES = st.sampled_from(
    ["R", "UR", "P", "B", "Z", "T", "c", "x", "[", "]", "+", "-", "~", "!", "|", ".", ",", "0x",
     "0", "7", "255", "e", "INF", "QNAN", "desc", "SR_", "64", "X4", "H0_H0", "`(", ")", " ", "٣"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=14).map("".join))
@example("1" * 300_000 + "x")
@example("0." + "1" * 300_000 + "x")
@example("[" + "R1+" * 100_000)
@example("[" + "0x1+" * 100_000 + "]")
@example("R1" + ".a" * 100_000 + "!")
@example("-" * 100_000)
@example("|" * 100_000)
@example("c[" * 50_000)
@example("`" * 100_000 + " ")
def test_fuzz_operands(text: str) -> None:
    """Any text ends at once, and what is read keeps to what the machine has."""
    for part in split_operands(text):
        try:
            operand = parse_operand(part)
        except ListingError:
            continue
        assert 0 <= operand.index <= 255
        assert 0 <= operand.uniform <= 255


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[[]," + "[" * 100_000 + "]" * 100_000 + "]",
        "9" * 100_000,
        "[{}, [" + "9" * 100_000 + "]]",
        '[{}, [{"function-name": "k", "sass-instructions": [' + "{}," * 1000 + "{}]}]]",
        "null", "[]", "[{}, {}]", "[{}, [[]]]", '[{}, [{"function-name": 3}]]', "NaN", "",
        b"\xff\xfe\x00", "\ufeff[]", '[{}, [{"function-name": "k", "sass-instructions": 3}]]',
        _listing({"opcode": "NOP", "operands": ["R0"]}), _listing({"opcode": 3}),
        _listing({"opcode": ""}), _listing({"opcode": "nop"}), _listing(None), _listing([1]),
        _listing({"opcode": "NOP", "predicate": []}), _listing({"opcode": "NOP", "predicate": 0}),
        _listing({"opcode": "MOV", "operands": "R0," + "9" * 100_000}),
        '[{}, [{"function-name": "k", "sass-instructions": []},'
        ' {"function-name": "k", "sass-instructions": []}]]',
    ],
)  # fmt: skip
def test_what_is_no_listing(text: str | bytes) -> None:
    with pytest.raises(ListingError, match=r"^bad\.json: ") as caught:
        read_listing(text, origin="bad.json")
    assert len(str(caught.value)) < 400
