"""Loads and stores: widths, signs, constant banks, shared memory, and what is an exception."""

from __future__ import annotations

import numpy as np
import pytest
from support.bench import BASE
from support.launching import HEAD, launch, store

#: Bytes with every pattern of signs, the same in each test.
BYTES = np.random.default_rng(11).integers(0, 256, 1024, dtype=np.uint8)
WORDS = BYTES.view(np.uint32)
PAGE = 1 << 21


def read(offset: int, size: int, signed: bool) -> int:
    number = int.from_bytes(BYTES[offset : offset + size].tobytes(), "little", signed=signed)
    return number & 0xFFFFFFFF


WIDTHS = [
    (".U8", 1, False),
    (".S8", 1, True),
    (".U16", 2, False),
    (".S16", 2, True),
    ("", 4, False),
]


@pytest.mark.parametrize(("suffix", "size", "signed"), WIDTHS)
def test_narrow_loads_from_global_and_shared_memory(suffix: str, size: int, signed: bool) -> None:
    """Each lane reads its own place, and sees the same through shared memory."""
    code = (
        *HEAD,
        f"IMAD.WIDE R6, R0, {size:#x}, c[0x0][0x210]",
        f"LDG.E{suffix} R4, [R6.64+0x40]",
        "LDG.E R9, [R2.64+0x40]",
        "IMAD.SHL.U32 R8, R0, 0x4, RZ",
        "STS [R8+0x10], R9",
        "BAR.SYNC.DEFER_BLOCKING 0x0",
        f"IMAD R8, R0, {size:#x}, RZ",
        f"LDS{suffix} R5, [R8+0x10]",
        "STG.E [R2.64+0x200], R4",
        "STG.E [R2.64+0x280], R5",
        "EXIT",
    )
    result = launch(code, WORDS, shared_bytes=256)
    wanted = [read(0x40 + size * lane, size, signed) for lane in range(32)]
    assert result.words[128:160].tolist() == wanted
    assert result.words[160:192].tolist() == wanted


@pytest.mark.parametrize(("suffix", "words"), [(".64", 2), (".128", 4)])
def test_wide_loads_and_stores(suffix: str, words: int) -> None:
    code = (
        *HEAD,
        f"IMAD.WIDE R6, R0, {4 * words:#x}, c[0x0][0x210]",
        f"LDG.E{suffix} R8, [R6.64]",
        f"IMAD R5, R0, {4 * words:#x}, RZ",
        f"STS{suffix} [R5], R8",
        f"LDS{suffix} R12, [R5]",
        f"STG.E{suffix} [R6.64+0x200], R12",
        "EXIT",
    )
    result = launch(code, np.concatenate([WORDS, np.zeros(256, np.uint32)]), shared_bytes=512)
    np.testing.assert_array_equal(result.words[128 : 128 + 32 * words], WORDS[: 32 * words])


@pytest.mark.parametrize(("suffix", "size", "signed"), WIDTHS)
def test_narrow_stores_leave_the_other_bytes(suffix: str, size: int, signed: bool) -> None:
    code = (
        *HEAD,
        "LDG.E R9, [R2.64]",
        "IMAD.WIDE R6, R0, 0x8, c[0x0][0x210]",
        f"STG.E{suffix} [R6.64+{0x100 + size:#x}], R9",
        "EXIT",
    )
    wanted = BYTES.copy()
    for lane in range(32):
        place = 0x100 + size + 8 * lane
        wanted[place : place + size] = BYTES[4 * lane : 4 * lane + size]
    np.testing.assert_array_equal(launch(code, WORDS).words.view(np.uint8), wanted)


def test_a_load_may_overwrite_its_own_address() -> None:
    code = (
        *HEAD,
        "IMAD.WIDE R4, R0, 0x10, c[0x0][0x210]",
        "LDG.E.128 R4, [R4.64]",
        *store("R7"),
    )
    assert launch(code, WORDS).words[:32].tolist() == WORDS[3:128:4].tolist()


def test_an_address_adds_registers_uniform_registers_and_offsets() -> None:
    code = (
        *HEAD,
        "ULDC.64 UR4, c[0x0][0x210]",
        "IMAD.SHL.U32 R4, R0, 0x4, RZ",
        "MOV R5, RZ",
        "LDG.E R6, [R4.64+UR4+0x8]",
        "LDG.E R7, desc[UR8][R2.64+0x10]",
        "IADD3 R4, R6, R7, RZ",
        *store(),
    )
    result = launch(code, WORDS)
    wanted = WORDS[2:34] + WORDS[4:36]
    np.testing.assert_array_equal(result.words[:32], wanted)


def test_a_negative_offset_and_a_guard_that_does_not_hold() -> None:
    """A lane whose guard does not hold makes no access, wherever its address points."""
    code = (
        *HEAD,
        "MOV R4, 0x5",
        "ISETP.GE.AND P0, PT, R0, 0x1, PT",
        "@P0 LDG.E R4, [R2.64+-0x4]",
        *store(),
    )
    result = launch(code, WORDS)
    assert result.ending == "completed"
    assert result.words[:32].tolist() == [5, *WORDS[:31].tolist()]


# Constant banks.


@pytest.mark.parametrize(("suffix", "size", "signed"), WIDTHS)
def test_constant_loads_at_an_index(suffix: str, size: int, signed: bool) -> None:
    code = (*HEAD, f"IMAD R5, R0, {size:#x}, RZ", f"LDC{suffix} R4, c[0x3][R5+0x8]", *store())
    result = launch(code, constants={3: BYTES[:256].tobytes()})
    assert result.words[:32].tolist() == [read(8 + size * n, size, signed) for n in range(32)]


def test_constants_of_several_banks() -> None:
    code = (
        *HEAD,
        "ULDC.64 UR4, c[0x4][0x8]",
        "LDC.64 R6, c[0x2][0x10]",
        "IADD3 R4, R6, UR4, RZ",
        "IADD3 R4, R4, UR5, c[0x3][0x4]",
        *store(),
    )
    banks = {bank: BYTES[64 * bank :][:64].tobytes() for bank in (2, 3, 4)}
    words = {bank: np.frombuffer(data, dtype=np.uint32) for bank, data in banks.items()}
    wanted = sum(int(words[bank][place]) for bank, place in ((2, 4), (4, 2), (4, 3), (3, 1)))
    assert launch(code, constants=banks).words[:32].tolist() == [wanted % (1 << 32)] * 32


@pytest.mark.parametrize("words", [1, 2, 4])
def test_uniform_constant_loads_at_an_index(words: int) -> None:
    """LDCU, at a uniform register's offset and an operand's."""
    suffix = {1: "", 2: ".64", 4: ".128"}[words]
    code = (
        *HEAD,
        "UMOV UR4, 0x20",
        f"LDCU{suffix} UR8, c[0x3][UR4+0x10]",
        f"MOV R4, UR{7 + words}",
        *store(),
    )
    held = np.frombuffer(BYTES[:256].tobytes(), dtype=np.uint32)
    found = launch(code, constants={3: held.tobytes()}).words[:32].tolist()
    assert found == [int(held[12 + words - 1])] * 32


# Exceptions (hardware README, point 5).


def access(address: int, kind: str = "LDG.E R6, [R4.64]", **facts: object) -> object:
    """Make one access at an address with lane 3 alone; the others stay on safe ground."""
    code = (
        *HEAD,
        "MOV R4, R2",
        "MOV R5, R3",
        "ISETP.EQ.AND P0, PT, R0, 0x3, PT",
        f"@P0 MOV R4, {address & 0xFFFFFFFF:#x}",
        f"@P0 MOV R5, {address >> 32:#x}",
        kind,
        "EXIT",
    )
    return launch(code, PAGE // 4, **facts)


@pytest.mark.parametrize("kind", ["LDG.E R6, [R4.64]", "STG.E [R4.64], R6"])
@pytest.mark.parametrize(
    ("address", "ending"),
    [
        (BASE + 64, "completed"),
        (BASE + 65, "Misaligned Address"),
        (BASE + 66, "Misaligned Address"),
        (BASE + PAGE - 4, "completed"),
        (BASE + PAGE, "Illegal Address"),
        (BASE - 4, "Illegal Address"),
        (0, "Illegal Address"),
        (0x10, "Illegal Address"),
        (BASE ^ 1 << 40, "Illegal Address"),
        (BASE ^ 1 << 56, "Out-of-range Address"),
        (BASE ^ 1 << 63, "Out-of-range Address"),
        (0x7FFE00001000, "Invalid Address Space"),
    ],
)
def test_where_an_access_may_point(kind: str, address: int, ending: str) -> None:
    result = access(address, kind, segments=[(0x7FFE00000000, 0x7FFF00000000, -3)])
    assert result.ending == ending
    if ending != "completed":
        assert result.row == 9
        assert result.address == address


@pytest.mark.parametrize(
    ("width", "bytes_"), [(".U8", 1), (".U16", 2), ("", 4), (".64", 8), (".128", 16)]
)
def test_an_address_is_a_multiple_of_the_access(width: str, bytes_: int) -> None:
    for offset in (1, 2, 4, 8):
        wanted = "Misaligned Address" if offset % bytes_ else "completed"
        result = access(BASE + 0x100 + offset, f"LDG.E{width} R8, [R4.64]")
        lanes_fit = bytes_ <= 4  # the other lanes are four bytes apart
        if lanes_fit or wanted == "Misaligned Address":
            assert result.ending == wanted, (width, offset)


def test_an_exception_leaves_memory_as_it_was() -> None:
    code = (*HEAD, "MOV R4, 0x1", "STG.E [R2.64], R4", "STG.E [R2.64+0x1], R4", "EXIT")
    result = launch(code)
    assert (result.ending, result.row) == ("Misaligned Address", 6)
    assert not result.words.any()


@pytest.mark.parametrize("split", [1, 5, 16, 31])
def test_lanes_may_reach_into_several_segments(split: int) -> None:
    """The lanes from `split` on use a page of its own, whose words lie elsewhere in the pool."""
    page = [(BASE + PAGE, BASE + PAGE + 128, 64)]
    code = (
        *HEAD,
        f"ISETP.GE.AND P0, PT, R0, {split:#x}, PT",
        "@P0 IADD3 R2, R2, 0x200000, RZ",
        "IADD3 R4, R0, 0x64, RZ",
        "STG.E [R2.64], R4",
        "LDG.E R5, [R2.64]",
        "IADD3 R5, R5, R4, RZ",
        *store("R5"),
    )
    left = launch(code, 96, segments=page).words
    wanted = np.zeros(96, dtype=np.uint32)
    lanes = np.arange(32)
    wanted[np.where(lanes >= split, 64 + lanes, lanes)] = 2 * (lanes + 100)
    np.testing.assert_array_equal(left, wanted)


def test_where_lanes_of_several_segments_meet_the_lowest_stays() -> None:
    """The same words of the pool under two addresses: lane 0 stores through the second one."""
    alias = [(BASE + PAGE, BASE + PAGE + 128, 0)]
    code = (
        *HEAD,
        "MOV R2, c[0x0][0x210]",
        "ISETP.EQ.AND P0, PT, R0, RZ, PT",
        "@P0 IADD3 R2, R2, 0x200000, RZ",
        "IADD3 R4, R0, 0x7, RZ",
        *store("R4"),
    )
    left = launch(code, 32, segments=alias).words
    assert left.tolist() == [7] + [0] * 31


def test_driver_pages_read_zero_and_lose_stores() -> None:
    pages = [(BASE + PAGE, BASE + 2 * PAGE, -1)]
    code = (
        *HEAD,
        "IADD3 R4, R2, 0x200000, RZ",
        "MOV R5, R3",
        "MOV R6, 0x99",
        "STG.E [R4.64], R6",
        "LDG.E R4, [R4.64]",
        "IADD3 R4, R4, 0x7, RZ",
        *store(),
    )
    assert launch(code, PAGE // 4, segments=pages).words[:32].tolist() == [7] * 32


def test_shared_memory_ends_where_it_ends() -> None:
    def touch(address: int, width: str = "") -> str:
        code = (f"MOV R4, {address:#x}", f"LDS{width} R8, [R4]", "EXIT")
        return launch(code, shared_bytes=128).ending

    assert touch(124) == "completed"
    assert touch(128) == "Out-of-range Address"
    assert touch(126) == "Misaligned Address"
    assert touch(112, ".128") == "completed"
    assert touch(120, ".64") == "completed"
    assert touch(116, ".64") == "Misaligned Address"
