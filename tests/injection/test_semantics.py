"""Every bit-flip model and its warp-wide form, and whose rules it follows, lane by lane.

A program whose lanes differ in what they do is struck through the same path as a network's kernel:
site, fault vector, interpreter.  Lanes 20 to 31 have left it, lanes 0 to 2 are predicated off, so
that its struck instruction is active in lanes 0 to 19 and executed in lanes 3 to 19.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.bench import BASE, RUNNER, program
from support.launching import HEAD, PARAMETERS

from softbeam.emulator.core import layout as k
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.faults.models import MODELS, SEMANTICS, Change, change, positions
from softbeam.faults.modes import sassifi_address_change
from softbeam.faults.site import FaultSite

ACTIVE, EXECUTED = set(range(20)), set(range(3, 20))

#: Of the kernel; R20 and on are not allocated.
REGISTERS = 20

#: Where the second area of 32 words begins: R5 is stored there.
SECOND = 32


def code(struck: str) -> list[str]:
    return [
        *HEAD,
        "MOV R4, 0x1005",
        "MOV R5, 0x77",
        "ISETP.GE.AND P1, PT, R0, 0x14, PT",
        "@P1 EXIT",
        "ISETP.GE.AND P0, PT, R0, 0x3, PT",
        struck,
        *(["STG.E [R2.64], R4"] if "STG" not in struck else []),
        "STG.E [R2.64+0x80], R5",
        "EXIT",
    ]


ADD = "@P0 IADD3 R4, R4, 0x10, RZ"
STORE = "@P0 STG.E [R2.64], R4"
STRUCK_ROW = code(ADD).index(ADD)


def strike(struck: str, site: FaultSite, registers: int = REGISTERS) -> tuple[Ending, np.ndarray]:
    """Run the program with a fault; returns how it ended and its 64 words."""
    pool = np.full(64, 0xABC, dtype=np.uint32)
    lowered = program(code(struck), parameters=PARAMETERS, registers=registers)
    shape = LaunchShape((1, 1, 1), (32, 1, 1))
    launch = Launch(
        lowered,
        shape,
        launch_constants(lowered, shape, [BASE, 0, 0, 0]),
        memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)]),
    )
    ending = RUNNER.run(launch, 0, 0, budget=1000, fault=site.vector())
    after = pool.copy()
    after[ending.words] = ending.values
    return ending, after


def site_of(
    mode: str,
    changed: Change,
    *,
    target: str = "register",
    register: int | None = 4,
    lane: int = 7,
    registers: int = REGISTERS,
) -> FaultSite:
    return FaultSite(
        mode=mode,
        model="",
        launch=0,
        block=0,
        thread=lane,
        pc=16 * STRUCK_ROW,
        occurrence=0,
        target=target,
        register=register,
        change=changed,
        registers=registers,
    )


def applied(changed: Change, value: int) -> int:
    return changed.value if changed.replaces else value ^ changed.value


def golden() -> tuple[list[int], list[int]]:
    """Return what the two areas hold after the program without fault."""
    first = [0x1015 if lane in EXECUTED else 0x1005 for lane in range(20)] + [0xABC] * 12
    return first, [0x77] * 20 + [0xABC] * 12


@pytest.mark.parametrize("lane", [3, 19])
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("model", MODELS)
def test_register_file(model: str, semantics: str, lane: int) -> None:
    # Before the instruction, and in lanes that are predicated off too.
    for place in (0, positions(model, 32) - 1):
        changed = change(model, place, 0x89ABCDEF, semantics)
        ending, words = strike(ADD, site_of("rf", changed, lane=lane))
        hit = ACTIVE if model.endswith("-warp") else {lane}
        first, second = golden()
        for one in hit:
            first[one] = (applied(changed, 0x1005) + 0x10 * (one in EXECUTED)) % 2**32
        assert ending.status == k.FINISHED
        assert words.tolist() == first + second
        assert ending.information[k.INFO_BEFORE] == 0x1005
        assert ending.information[k.INFO_AFTER] == applied(changed, 0x1005)


@pytest.mark.parametrize("lane", [3, 19])
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("model", MODELS)
def test_output_value(model: str, semantics: str, lane: int) -> None:
    for place in (0, positions(model, 32) - 1):
        changed = change(model, place, 0x89ABCDEF, semantics)
        ending, words = strike(ADD, site_of("iov", changed, lane=lane))
        hit = EXECUTED if model.endswith("-warp") else {lane}
        first, second = golden()
        for one in hit:
            first[one] = applied(changed, 0x1015)
        assert ending.status == k.FINISHED
        assert words.tolist() == first + second
        assert ending.information[k.INFO_BEFORE] == 0x1015


def test_a_random_value_replaces_or_is_xored() -> None:
    # SASSIFI's takes the place of the result, NVBitFI's is XORed into it; ours is SASSIFI's.
    left = {}
    for semantics in SEMANTICS:
        changed = change("random-value", 0, 0x89ABCDEF, semantics)
        left[semantics] = int(strike(ADD, site_of("iov", changed))[1][7])
    assert left == {
        "hardware": 0x89ABCDEF,
        "sassifi": 0x89ABCDEF,
        "nvbitfi": 0x89ABCDEF ^ 0x1015,
    }


@pytest.mark.parametrize("wide", [False, True])
def test_destination_index(wide: bool) -> None:
    # The old value stays in R4, the new one goes to R5.
    flip = Change(1, False, 0, wide)
    site = site_of("ioa", flip, target="destination_index")
    ending, words = strike(ADD, site)
    first, second = golden()
    for lane in EXECUTED if wide else {7}:
        first[lane], second[lane] = 0x1005, 0x1015
    assert ending.status == k.FINISHED
    assert words.tolist() == first + second
    assert (ending.information[k.INFO_BEFORE], ending.information[k.INFO_AFTER]) == (4, 5)


@pytest.mark.parametrize("wide", [False, True])
def test_an_index_that_is_not_allocated(wide: bool) -> None:
    # R4 becomes R20.  The GPU raises an exception, SASSIFI loses the value.
    site = site_of("ioa", Change(16, False, 4, wide), target="destination_index")
    assert strike(ADD, site)[0].status == k.ILLEGAL_INSTRUCTION
    site = site_of("ioa", Change(16, False, 4, wide, drops=True), target="destination_index")
    ending, words = strike(ADD, site)
    first, second = golden()
    for lane in EXECUTED if wide else {7}:
        first[lane] = 0x1005
    assert ending.status == k.FINISHED
    assert words.tolist() == first + second


@pytest.mark.parametrize("drops", [False, True])
def test_rz_loses_the_value_by_everybodys_rules(drops: bool) -> None:
    # R254 becomes R255, which is RZ.
    add = ADD.replace("IADD3 R4,", "IADD3 R254,")
    flip = Change(1, False, 0, drops=drops)
    site = site_of("ioa", flip, target="destination_index", register=254, registers=255)
    ending, words = strike(add, site, registers=255)
    assert ending.status == k.FINISHED
    assert words.tolist() == [0x1005] * 20 + [0xABC] * 12 + golden()[1]


@pytest.mark.parametrize("wide", [False, True])
def test_store_address(wide: bool) -> None:
    # Bit 6 leads to the word of the lane whose number differs by 16.
    site = site_of("ioa", Change(1 << 6, False, 6, wide), target="store_address", register=None)
    ending, words = strike(STORE, site)
    hit = EXECUTED if wide else {7}
    first = [0xABC] * 32
    # Of lanes that store to one word with one instruction the lowest one's value stays, and all
    # have the same; an address is struck for this one store only.
    for lane in EXECUTED:
        first[lane ^ 16 if lane in hit else lane] = 0x1005
    assert ending.status == k.FINISHED
    assert words.tolist() == first + golden()[1]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("bit", [0, 1, 2, 8, 30, 31, 32, 40, 63])
def test_store_addresses_that_sassifi_cannot_hold(bit: int, wide: bool) -> None:
    flip = change("single-bit-warp" if wide else "single-bit", bit, 0)
    theirs = sassifi_address_change(flip)
    ours, hardware = strike(STORE, site_of("ioa", flip, target="store_address", register=None))
    ending, words = strike(STORE, site_of("ioa", theirs, target="store_address", register=None))
    hit = EXECUTED if wide else {7}
    first = [0x1005 if lane in EXECUTED else 0xABC for lane in range(32)]
    if bit <= 30:
        # The same by both rules.
        assert (ending.status, words.tolist()) == (ours.status, hardware.tolist())
    if bit in (0, 1):
        assert ending.status == k.MISALIGNED_ADDRESS
    if bit in (8, 30, 31):
        assert ending.status == k.ILLEGAL_ADDRESS
    if bit == 31:
        # All 33 bits from 31 up are flipped.
        address = int(ending.information[k.INFO_ADDRESS]) % 2**64
        assert (address ^ (BASE + 4 * min(hit))) >> 31 == (1 << 33) - 1
    if bit >= 32:
        # The GPU goes there and dies of it; SASSIFI loses the store.
        assert ours.status in (k.ILLEGAL_ADDRESS, k.OUT_OF_RANGE_ADDRESS)
        assert ending.status == k.FINISHED
        for lane in hit:
            first[lane] = 0xABC
        assert words.tolist() == first + golden()[1]
