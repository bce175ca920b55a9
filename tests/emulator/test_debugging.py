"""The debugger: it does what a launch does, one instruction after the other."""

from __future__ import annotations

import numpy as np
import pytest
from support.corpus import own_machine

from softbeam.emulator import Access, Debugger, Fault, Machine, Stop
from softbeam.errors import LaunchError, UnsupportedInstruction
from softbeam.kernels import cubin_bytes, listing_bytes

SYMBOL = "fill_kernel"


@pytest.fixture
def machine() -> Machine:
    return Machine(cubin_bytes("fill"), listing_bytes("fill"))


def at(machine: Machine, opcode: str) -> int:
    return next(one.pc for one in machine.kernels[SYMBOL].instructions if one.opcode == opcode)


@pytest.mark.parametrize("engine", ["interpreter", "translator"])
def test_stepping_does_what_a_launch_does(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("SOFTBEAM_ENGINE", engine)
    x = machine.allocate(np.zeros(96, dtype=np.float32))
    arguments = (SYMBOL, 3, 32, 70, 2.5, x, 1)
    wanted = machine.launch(*arguments, counts=True)
    after = machine.read(x)
    machine.write(x, np.zeros(96, dtype=np.float32))
    debugger = machine.debug(*arguments, thread=3, in_block=2)
    stops = list(debugger.steps())
    assert stops[0].pc == 0
    assert stops[0].threads == tuple(range(32))
    # Of block 2, six threads are within the 70 elements; the others leave at the first EXIT.
    exits = [stop for stop in stops if stop.instruction.opcode == "EXIT"]
    assert [len(stop.executing) for stop in exits] == [26, 6]
    assert exits[-1].threads == tuple(range(6))
    outcome = debugger.finish()
    assert (outcome.ending, outcome.warp_instructions) == ("completed", wanted.warp_instructions)
    assert outcome.longest == wanted.longest
    assert machine.read(x).tolist() == after.tolist()
    store = at(machine, "STG")
    assert debugger.executed[store] == 6
    assert wanted.executed[store] == 70
    assert debugger.stop is None
    assert debugger.step() is None


@pytest.mark.parametrize("target", ["R2", "R0", "P0", "store address", "destination index"])
def test_a_fault_does_what_it_does_in_a_launch(machine: Machine, target: str) -> None:
    store = at(machine, "STG")
    pc = at(machine, "IMAD") if target == "destination index" else store
    fault = Fault(thread=5, pc=pc, target=target, flip=1 if target == "P0" else 8)
    x = machine.allocate(np.zeros(64, dtype=np.float32))
    before = machine.save()
    wanted = machine.launch(SYMBOL, 1, 64, 64, 1.0, x, 1, fault=fault)
    after = machine.read(x)
    machine.restore(before)
    found = machine.debug(SYMBOL, 1, 64, 64, 1.0, x, 1, fault=fault).finish()
    assert found == wanted
    assert machine.read(x).tolist() == after.tolist()


def test_breakpoints_and_registers(machine: Machine) -> None:
    x = machine.allocate(np.zeros(64, dtype=np.float32))
    debugger = machine.debug(SYMBOL, 1, 64, 64, 2.5, x, 1, thread=37)
    store = at(machine, "STG")
    debugger.breakpoints.add(store)
    stop = debugger.run()
    assert stop is not None
    assert (stop.pc, stop.warp, stop.executing) == (store, 1, tuple(range(32, 64)))
    address, data = stop.instruction.operands
    registers = debugger.registers(37)
    low = f"R{address.index}"
    assert registers[low] == (x + 4 * 37) & 0xFFFFFFFF
    name = data.text
    if name.startswith("R"):
        assert np.uint32(registers[name]).view(np.float32) == 2.5
        registers[name] = int(np.float32(7.0).view(np.uint32))
    assert debugger.finish().completed
    wanted = np.full(64, 2.5, dtype=np.float32)
    if name.startswith("R"):
        wanted[37] = 7.0
    assert machine.read(x).tolist() == wanted.tolist()


def test_predicates_can_be_set(machine: Machine) -> None:
    x = machine.allocate(np.zeros(32, dtype=np.float32))
    debugger = machine.debug(SYMBOL, 1, 32, 32, 1.0, x, 1)
    debugger.breakpoints.add(at(machine, "EXIT"))
    assert debugger.run() is not None
    assert debugger.registers(4)["P0"] == 0
    debugger.registers(4)["P0"] = 1
    assert debugger.stop is not None
    assert debugger.stop.executing == (4,)
    debugger.finish()
    assert np.flatnonzero(machine.read(x) == 0).tolist() == [4]


def test_hooks_see_accesses(machine: Machine) -> None:
    x = machine.allocate(np.zeros(40, dtype=np.float32))
    debugger = machine.debug(SYMBOL, 1, 40, 40, 1.0, x, 1, thread=33)
    seen: list[Access] = []
    places: list[Stop] = []
    debugger.on_store(seen.append)
    debugger.on_load(lambda access: pytest.fail("fill loads nothing"))
    debugger.on_pc(at(machine, "STG"), places.append)
    debugger.finish()
    (access,) = seen
    assert (access.space, access.size) == ("global", 4)
    assert access.addresses == {thread: x + 4 * thread for thread in range(32, 40)}
    assert places == [access.stop]


def test_blocks_whose_warps_wait_for_each_other() -> None:
    machine = Machine(cubin_bytes("softmax"), listing_bytes("softmax"))
    inputs = machine.allocate(np.arange(8, dtype=np.float32))
    output = machine.allocate(np.zeros(8, dtype=np.float32))
    arguments = ("softmax_kernel", 1, 1, inputs, 8, 1, 8, 1, 0, 1, 1.0, output)
    wanted = machine.launch(*arguments)
    after = machine.read(output)
    machine.write(output, np.zeros(8, dtype=np.float32))
    found = machine.debug(*arguments).finish()
    assert found == wanted
    assert machine.read(output).tolist() == after.tolist()


def test_a_hang_and_a_wild_jump_end_the_unit(machine: Machine) -> None:
    x = machine.allocate(np.zeros(32, dtype=np.float32))
    assert machine.debug(SYMBOL, 1, 32, 32, 1.0, x, 1, budget=3).finish().ending == "hang"
    debugger = machine.debug(SYMBOL, 1, 32, 32, 1.0, x, 1)
    debugger.breakpoints.add(at(machine, "STG"))
    stop = debugger.run()
    assert stop is not None
    debugger.registers(3)[f"R{stop.instruction.operands[0].index + 1}"] = 0x12345678
    outcome = debugger.finish()
    assert (outcome.ending, outcome.pc) == ("Out-of-range Address", stop.pc)
    assert machine.read(x).tolist() == [0.0] * 32


def test_an_instruction_that_softbeam_does_not_execute_can_be_done_instead() -> None:
    listing = listing_bytes("fill").replace(b'"S2R"', b'"S2Q"', 1)
    machine = Machine(cubin_bytes("fill"), listing)
    x = machine.allocate(np.zeros(32, dtype=np.float32))
    arguments = (SYMBOL, 1, 32, 32, 1.0, x, 1)
    with pytest.raises(UnsupportedInstruction, match="S2Q"):
        machine.debug(*arguments).finish()
    debugger = machine.debug(*arguments)

    def thread_index(stop: Stop) -> None:
        assert stop.instruction.opcode == "S2Q"
        target = stop.instruction.operands[0].text
        for thread in stop.executing:
            debugger.registers(thread)[target] = thread

    debugger.on_unsupported(thread_index)
    assert debugger.finish().completed
    assert machine.read(x).tolist() == [1.0] * 32


def test_what_is_no_register_or_thread(machine: Machine) -> None:
    x = machine.allocate(256)
    debugger: Debugger = machine.debug(SYMBOL, 2, 32, 64, 1.0, x, 1)
    registers = debugger.registers(0)
    for name in ("R255", "P7", "UR255", "X1", "R-1", ""):
        with pytest.raises(LaunchError, match="no register"):
            registers[name]
    for name, value in (("R0", 1 << 32), ("R0", -1), ("P0", 2)):
        with pytest.raises(LaunchError, match="does not fit"):
            registers[name] = value
    registers["UR5"], registers["UP1"] = 7, 1
    assert (registers["UR5"], registers["UP1"], debugger.registers(9)["UR5"]) == (7, 1, 7)
    with pytest.raises(LaunchError, match="thread 32 is not of the warps"):
        debugger.registers(32)
    with pytest.raises(LaunchError, match="no thread 32 in a block 0"):
        machine.debug(SYMBOL, 2, 32, 64, 1.0, x, 1, thread=32)


def test_saved_memory_comes_back(machine: Machine) -> None:
    x = machine.allocate(np.arange(4, dtype=np.float32))
    saved = machine.save()
    y = machine.allocate(np.ones(4, dtype=np.float32))
    machine.write(x, np.zeros(4, dtype=np.float32))
    machine.restore(saved)
    assert machine.read(x).tolist() == [0, 1, 2, 3]
    with pytest.raises(LaunchError, match="not within what was allocated"):
        machine.read(y, 4, np.float32)
    assert machine.allocate(16) == y
    assert machine.read(y).tolist() == [0] * 16


def test_several_modules(machine: Machine) -> None:
    machine.add(cubin_bytes("copy"), listing_bytes("copy"))
    assert set(machine.kernels) == {SYMBOL, "copy_kernel"}
    x = machine.allocate(np.arange(8, dtype=np.float32))
    y = machine.allocate(np.zeros(8, dtype=np.float32))
    assert machine.launch("copy_kernel", 1, 8, 8, x, 0, 1, y, 0, 1).completed
    assert machine.launch(SYMBOL, 1, 8, 8, 3.0, x, 1).completed
    assert machine.read(y).tolist() == list(range(8))
    with pytest.raises(LaunchError, match="there already: copy_kernel"):
        machine.add(cubin_bytes("copy"), listing_bytes("copy"))


def same_as_a_launch(name: str, kernel: str, grid: int, block: int, count: int) -> None:
    """Assert that a kernel(out, a, n) or (out, a, b, n) does the same under the debugger."""
    machine = own_machine(name, "sm_90")
    rng = np.random.default_rng(3)
    data = rng.integers(0, 1 << 31, count, dtype=np.uint32)
    out = machine.allocate(np.zeros(count, dtype=np.uint32))
    inputs = [machine.allocate(data) for _ in range(len(machine.find(kernel).parameters) - 2)]
    before = machine.save()
    wanted = machine.launch(kernel, grid, block, out, *inputs, count)
    after = machine.read(out)
    machine.restore(before)
    debugger = machine.debug(kernel, grid, block, out, *inputs, count, in_block=grid - 1)
    barriers: list[Stop] = []
    debugger.on_barrier(barriers.append)
    assert debugger.finish() == wanted
    assert machine.read(out).tolist() == after.tolist()
    if "BAR" in {one.opcode for one in machine.find(kernel).instructions}:
        assert any(stop.instruction.opcode == "BAR" for stop in barriers)


@pytest.mark.parametrize(
    ("kernel", "grid", "block", "count"),
    [("reduce_k", 3, 96, 280), ("reverse_k", 2, 96, 192), ("count_k", 3, 96, 288)],
)
def test_barriers_are_passed_together(kernel: str, grid: int, block: int, count: int) -> None:
    machine = own_machine("blocks", "sm_90")
    if kernel == "reverse_k":
        x = machine.allocate(np.arange(count, dtype=np.uint32))
        out = machine.allocate(np.zeros(count, dtype=np.uint32))
        arguments = (kernel, grid, block, out, x, count)
        wanted = machine.launch(*arguments, shared_bytes=4 * block)
        after = machine.read(out)
        assert machine.debug(*arguments, shared_bytes=4 * block).finish() == wanted
        assert machine.read(out).tolist() == after.tolist()
        return
    same_as_a_launch("blocks", kernel, grid, block, count)


def takes_arrays(sizes: list[int]) -> bool:
    """Whether a kernel takes pointers and the number of elements."""
    return sizes[-1] == 4 and set(sizes[:-1]) == {8}


#: What copies through local memory for long.
LONG = ("local_array_k", "local_bytes_k")
CONTROL = [
    pytest.param(name, marks=pytest.mark.slow) if name in LONG else name
    for name, function in sorted(own_machine("control", "sm_90").kernels.items())
    if takes_arrays([size for _, size in function.parameters])
]


@pytest.mark.parametrize("kernel", CONTROL)
def test_divergence_is_stepped_through(kernel: str) -> None:
    same_as_a_launch("control", kernel, 2, 32, 64)


def test_memory_at_an_address_of_ones_own_choice(machine: Machine) -> None:
    place = 0x7F0000000000
    machine.map(place, 2 << 20)
    x = machine.allocate(np.zeros(8, dtype=np.float32))
    machine.write(place + 64, np.arange(4, dtype=np.float32))
    assert machine.launch(SYMBOL, 1, 8, 8, 3.0, place, 1).completed
    assert machine.read(place, 8, np.float32).tolist() == [3.0] * 8
    assert machine.read(place + 64, 4, np.float32).tolist() == [0, 1, 2, 3]
    # The heap grows; what is mapped stays.
    y = machine.allocate(8 << 20)
    assert machine.launch(SYMBOL, 1, 8, 8, 4.0, y, 1).completed
    assert machine.read(place, 8, np.float32).tolist() == [3.0] * 8
    saved = machine.save()
    machine.free(place)
    struck = machine.launch(SYMBOL, 1, 8, 8, 3.0, place, 1)
    assert struck.ending == "Illegal Address"
    assert struck.address in range(place, place + 32)
    machine.restore(saved)
    assert machine.read(place, 1, np.float32).tolist() == [3.0]
    assert machine.read(y, 1, np.float32).tolist() == [4.0]
    assert machine.read(x).tolist() == [0.0] * 8


@pytest.mark.parametrize(
    ("address", "size"),
    [
        (0x7F0000000000, 4096), (0x7F0000001000, 2 << 20), (0, 2 << 20), (1 << 47, 2 << 20),
        (0x7FFDB8000000, 2 << 20), (0x7FFE00000000, 2 << 20), (0x7F0000000000, 0),
        (0x7F0000000000, -(2 << 20)), (0x7F0000000000, 1 << 40), (-(2 << 20), 2 << 20),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped(machine: Machine, address: int, size: int) -> None:
    with pytest.raises(LaunchError, match="cannot be mapped"):
        machine.map(address, size)


def test_what_was_freed_is_given_again(machine: Machine) -> None:
    first, second, third = (machine.allocate(np.full(300, 7, np.uint8)) for _ in range(3))
    machine.free(second)
    assert machine.allocate(np.full(600, 9, np.uint8)) > third
    again = machine.allocate(200)
    assert again == second
    assert machine.read(again).tolist() == [0] * 200
    assert machine.read(first).tolist() == machine.read(third).tolist() == [7] * 300
    for nothing in (second + 4, 0, third + 512 * 9):
        with pytest.raises(LaunchError, match="nothing was allocated at"):
            machine.free(nothing)
