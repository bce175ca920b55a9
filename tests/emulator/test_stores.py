"""Bytes and halves that several units store into one word: each byte is its last writer's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bench import BASE, program
from support.corpus import own_machine
from support.engines import ENGINES, engine
from support.launching import PARAMETERS
from support.shipped import FEW

from softbeam.emulator import Fault, stores
from softbeam.emulator.ending import Ending
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.stores import Stores, distinct, filled, joined, last_of_each
from softbeam.kernels import KERNELS
from softbeam.kernels import program as shipped

#: R1 = thread of the launch, of blocks of 48; R2:R3 = the address of the byte of that number.
BYTES = (
    "S2R R1, SR_TID.X",
    "S2R R0, SR_CTAID.X",
    "IMAD R1, R0, 0x30, R1",
    "MOV R2, c[0x0][0x210]",
    "MOV R3, c[0x0][0x214]",
    "IADD3 R2, P0, R2, R1, RZ",
    "IADD3.X R3, RZ, R3, RZ, P0, !PT",
    "IADD3 R4, R1, 0x5, RZ",
)
BLOCKS, THREADS = 3, 48
FILLED = 0xEEEEEEEE


def of_bytes(*store: str, threads: int = THREADS) -> Launch:
    """Return a launch of blocks whose warps store bytes at the address in R2."""
    code = program((*BYTES, *store, "EXIT"), parameters=PARAMETERS)
    words = np.full(64, FILLED, dtype=np.uint32)
    shape = LaunchShape((BLOCKS, 1, 1), (threads, 1, 1))
    constants = launch_constants(code, shape, [BASE, 0, 0, 0])
    return Launch(code, shape, constants, memory_map(words, [(BASE, BASE + 256, 0)]))


def left(launch: Launch, ending: Ending) -> np.ndarray:
    return ending.applied(launch.memory.words).view(np.uint8)


@pytest.mark.parametrize("name", ENGINES)
def test_bytes_of_two_warps_in_one_word_both_stay(name: str) -> None:
    launch = of_bytes("STG.E.U8 [R2.64+0x1], R4")
    with engine(name):
        ending = Runner().run_launch(launch, budget=100)
    wanted = np.full(256, 0xEE, dtype=np.uint8)
    number = np.arange(BLOCKS * THREADS)
    wanted[1 + number] = number + 5
    assert left(launch, ending).tolist() == wanted.tolist()
    assert (launch.memory.words == FILLED).all()
    assert launch.program.stores_bytes


@pytest.mark.parametrize("name", ENGINES)
def test_of_two_stores_to_one_byte_the_later_units_stays(name: str) -> None:
    # Blocks of 64 threads, each 48 bytes behind the last: the last 16 meet the next block's first.
    launch = of_bytes("IADD3 R4, R0, 0x21, RZ", "STG.E.U8 [R2.64+0x1], R4", threads=64)
    with engine(name):
        ending = Runner().run_launch(launch, budget=100)
    wanted = np.full(256, 0xEE, dtype=np.uint8)
    for block in range(BLOCKS):
        wanted[1 + 48 * block : 1 + 48 * block + 64] = 0x21 + block
    assert left(launch, ending).tolist() == wanted.tolist()


@pytest.mark.parametrize("name", ENGINES)
def test_a_word_that_one_store_fills_and_another_changes_a_byte_of(name: str) -> None:
    # Each thread writes a byte; then those of block 1 write whole words over block 0's first.
    launch = of_bytes(
        "STG.E.U8 [R2.64+0x1], R4",
        "ISETP.EQ.AND P1, PT, R0, 0x1, PT",
        "IMAD R6, R1, 0x4, RZ",
        "IADD3 R6, R6, -0xc0, RZ",
        "LOP3.LUT R6, R6, 0x1f, RZ, 0xc0, !PT",
        "MOV R7, c[0x0][0x214]",
        "IADD3 R6, R6, c[0x0][0x210], RZ",
        "@P1 STG.E [R6.64], R1",
    )
    with engine(name):
        ending = Runner().run_launch(launch, budget=100)
    wanted = np.full(256, 0xEE, dtype=np.uint8)
    for block in range(BLOCKS):
        for warp in range(2):
            number = 48 * block + np.arange(32 * warp, min(32 * warp + 32, 48))
            wanted[1 + number] = number + 5
            if block == 1:
                # Of lanes that store to one word, the lowest one's stays.
                for one in number[::-1]:
                    at = 4 * one - 0xC0 & 0x1F
                    wanted[at : at + 4] = np.array([one], dtype="<u4").view(np.uint8)
    assert left(launch, ending).tolist() == wanted.tolist()


@pytest.mark.parametrize("name", ENGINES)
def test_halves_that_begin_within_a_word(name: str) -> None:
    machine = own_machine("half", "sm_90")
    rng = np.random.default_rng(3)
    a, b = (rng.normal(size=90).astype(np.float16) for _ in range(2))
    x, y = machine.allocate(a), machine.allocate(b)
    out = machine.allocate(np.full(92, 7, dtype=np.float16))
    with engine(name):
        # Blocks of 33 threads: each begins within a word, and one of its warps has one thread.
        machine.launch("add_k", 3, 33, out + 2, x, y, 90)
    assert machine.read(out).tolist() == [7, *(a + b).tolist(), 7]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("thread", [0, 31, 32])
def test_a_fault_changes_the_bytes_that_its_unit_stores(name: str, thread: int) -> None:
    machine = own_machine("half", "sm_90")
    function = machine.kernels["add_k"]
    store = next(one for one in function.instructions if one.opcode == "STG")
    x = machine.allocate(np.arange(80, dtype=np.float16))
    out = machine.allocate(np.zeros(82, dtype=np.float16))
    arguments = ("add_k", 2, 40, out + 2, x, x, 80)
    value = store.operands[-1].text
    fault = Fault(block=1, thread=thread, pc=store.pc, target=value, flip=1 << 3)
    wild = Fault(block=1, thread=thread, pc=store.pc, target="store address", flip=2)
    with engine(name):
        machine.launch(*arguments)
        right = machine.read(out).view(np.uint16).copy()
        assert machine.launch(*arguments, fault=fault).struck
        struck = machine.read(out).view(np.uint16).copy()
        debugged = machine.debug(*arguments, fault=fault).finish()
        assert debugged.struck
        assert machine.read(out).view(np.uint16).tolist() == struck.tolist()
        machine.write(out, np.zeros(82, dtype=np.float16))
        assert machine.launch(*arguments, fault=wild).completed
        astray = machine.read(out).view(np.uint16)
    at = 1 + 40 + thread
    wanted = right.copy()
    wanted[at] ^= 1 << 3
    assert struck.tolist() == wanted.tolist()
    # With bit 1 of its address flipped a thread stores to its neighbour within the word.
    other = at ^ 1
    other = at ^ 1
    wanted = right.copy()
    wanted[at] = 0
    # Thread 32 belongs to the block's second warp, which runs after thread 31's.
    if thread != 31:
        wanted[other] = right[at]
    assert astray.tolist() == wanted.tolist()


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 2**32 - 1), st.integers(0, 15)), max_size=6
        ),
        max_size=5,
    ),
    st.integers(0, 10**9),
    st.booleans(),
)
def test_joined_stores_are_what_their_bytes_are_in_order(logs, apart, compiled):
    with pytest.MonkeyPatch.context() as patched:
        # Many stores are joined by compiled code.
        patched.setattr(stores, "_MANY", 1 if compiled else 1 << 60)
        check_joined(logs, apart)


def check_joined(logs, apart):
    memory = np.arange(6, dtype=np.uint32) * 0x01010101
    wanted = memory.copy().view(np.uint8).reshape(6, 4)
    stored = []
    for log in logs:
        words, values, kept = (list(part) for part in zip(*log, strict=True)) if log else ([],) * 3
        stored.append(
            Stores(
                np.array(words, dtype=np.int64),
                np.array(values, dtype=np.uint32),
                np.array(kept, dtype=np.int64),
            )
        )
        for word, value, left_alone in log:
            for byte in range(4):
                if not left_alone >> byte & 1:
                    wanted[word, byte] = value >> 8 * byte & 0xFF
    # Joined in one go, and the first logs by themselves before.
    some = joined(stored[:2])
    for found in (joined(stored), joined([some, *stored[2:]])):
        words, values = filled(found, memory)
        assert np.array_equal(words, distinct(words))
        after = memory.copy()
        after[words] = values
        assert np.array_equal(after.view(np.uint8).reshape(6, 4), wanted)
    whole = [one._replace(kept=None) for one in stored]
    words, values = last_of_each([(one.words + apart, one.values) for one in whole])
    assert np.array_equal(joined(whole).words + apart, words)
    assert np.array_equal(joined(whole).values, values)


def test_no_kernel_of_a_network_stores_parts_of_words() -> None:
    assert KERNELS
    assert not any(shipped(name, "sm_90").stores_bytes for name in FEW)
