"""The door for others: what it accepts, what it gives back, and how a launch ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.corpus import own_machine
from support.shipped import FEW, architecture_of

from softbeam.emulator import Fault, Machine
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.emulator.lowering import lower
from softbeam.errors import InternalError, LaunchError, ListingError, ToolchainError
from softbeam.kernels import ARCHITECTURES, KERNELS, cubin_bytes, listing_bytes
from softbeam.sass import toolchain

SYMBOL = "fill_kernel"
SHAPE = LaunchShape((1, 1, 1), (32, 1, 1))


def _machine(name: str = "fill", architecture: str = "sm_90") -> Machine:
    return Machine(cubin_bytes(name, architecture), listing_bytes(name, architecture))


def _store(machine: Machine, kernel: str) -> int:
    return next(i.pc for i in machine.kernels[kernel].instructions if i.opcode == "STG")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_launch_and_read_back(architecture: str) -> None:
    machine = _machine("scale_bias", architecture)
    x = np.arange(3 * 50, dtype=np.float32).reshape(3, 50)
    output = machine.allocate(x)
    biases = machine.allocate(np.array([1, 0.5, -2], dtype=np.float32))
    outcome = machine.launch("scale_bias_kernel", (1, 3, 1), (64, 1), output, biases, 3, 50)
    assert outcome.completed
    assert (outcome.pc, outcome.address, outcome.struck) == (None, None, False)
    assert outcome.warp_instructions > 3 * outcome.longest > 0
    np.testing.assert_array_equal(
        machine.read(output), x * np.array([[1], [0.5], [-2]], dtype=np.float32)
    )
    np.testing.assert_array_equal(machine.read(output + 200, (2,), "<f4"), [25.0, 25.5])
    machine.write(output, np.zeros(2, dtype=np.float32))
    assert machine.read(output)[0, 2] == 2.0
    assert machine.read(output, dtype=np.uint8).shape == (600,)


def test_arguments_take_the_bits_that_they_say() -> None:
    machine = _machine()
    x = machine.allocate(16)
    for value, bits in [
        (1.5, 0x3FC00000),
        (np.float32(-0.0), 0x80000000),
        (np.uint32(0x7F800001), 0x7F800001),
        (b"\x01\x02\x03\x04", 0x04030201),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (-1, 0xFFFFFFFF),
        (1e300, 0x7F800000),
        (np.float64(0.1), 0x3DCCCCCD),
    ]:
        assert machine.launch(SYMBOL, 1, 1, 1, value, x, 1).completed
        assert machine.read(x, dtype="<u4")[0] == bits


def test_registers_and_predicates_and_indexes_and_addresses_can_be_struck() -> None:
    machine = _machine()
    x = machine.allocate(np.zeros(64, dtype=np.float32))
    pc = _store(machine, SYMBOL)
    data = machine.kernels[SYMBOL].at(pc).operands[1]

    def strike(fault: Fault) -> tuple[object, np.ndarray]:
        machine.write(x, np.zeros(64, dtype=np.float32))
        outcome = machine.launch(SYMBOL, (2,), (32,), 64, 1.0, x, 1, fault=fault)
        return outcome, machine.read(x)

    outcome, after = strike(
        Fault(block=1, thread=3, pc=pc, target=f"R{data.index}", flip=0x80000000)
    )
    assert outcome.completed
    assert (outcome.struck, outcome.before, outcome.after) == (True, 0x3F800000, 0xBF800000)
    assert np.flatnonzero(after != 1).tolist() == [35]
    assert after[35] == -1
    # After the store the value is read no more; all lanes at once; another value.
    assert (strike(Fault(pc=pc, target=f"R{data.index}", flip=1, after=True))[1] == 1).all()
    _, after = strike(Fault(pc=pc, target=f"R{data.index}", value=0x40000000, warp_wide=True))
    assert after.tolist() == [2.0] * 32 + [1.0] * 32
    # The comparison with N decides who leaves; its predicate flipped, the thread does not store.
    compare = next(i for i in machine.kernels[SYMBOL].instructions if i.opcode == "ISETP")
    target = compare.operands[0].text
    outcome, after = strike(Fault(thread=(5, 0, 0), pc=compare.pc, target=target, flip=1))
    assert (outcome.before, outcome.after) == (0, 1)
    assert np.flatnonzero(after == 0).tolist() == [5]
    # A store address beyond the mapped pages, and one a word further on.
    outcome, after = strike(Fault(thread=9, pc=pc, target="store address", flip=1 << 39))
    assert (outcome.ending, outcome.pc) == ("Illegal Address", pc)
    assert outcome.address == (x + 36) ^ (1 << 39)
    assert (after == 0).all()
    outcome, _ = strike(Fault(thread=9, pc=pc, target="store address", flip=1))
    assert outcome.ending == "Misaligned Address"
    # An index beyond the kernel's registers.
    index = next(i for i in machine.kernels[SYMBOL].instructions if i.opcode == "IMAD")
    outcome, _ = strike(Fault(pc=index.pc, target="destination index", flip=128))
    assert outcome.ending == "Illegal Instruction"
    # A place that is never reached the second time.
    outcome, after = strike(Fault(pc=pc, target="R0", flip=1, occurrence=1))
    assert (outcome.completed, outcome.struck, outcome.before) == (True, False, None)


def test_a_launch_that_never_ends_is_a_hang() -> None:
    machine = _machine("softmax")
    kernel = machine.kernels["softmax_kernel"]
    inputs = machine.allocate(np.ones(8, dtype=np.float32))
    output = machine.allocate(np.zeros(8, dtype=np.float32))
    arguments = (inputs, 8, 1, 8, 1, 0, 1, 1.0, output)
    outcome = machine.launch("softmax_kernel", 1, 1, *arguments)
    assert outcome.completed
    assert outcome.longest <= 10_000
    np.testing.assert_allclose(machine.read(output), 0.125)
    hung = machine.launch("softmax_kernel", 1, 1, *arguments, budget=outcome.longest - 1)
    assert hung.ending == "hang"
    assert hung.pc in range(0, 16 * len(kernel.instructions), 16)


def test_an_outcome_names_what_is_not_bit_exact() -> None:
    """The fast sine is computed to its documented error; expf is the recorded special function."""
    machine = own_machine("float_math", "sm_90")
    x = machine.allocate(np.ones(32, dtype=np.float32))
    out = machine.allocate(np.zeros(32, dtype=np.float32))
    exact = machine.launch("expf_k", 1, 32, out, x, x, 32)
    assert (exact.completed, exact.inexact) == (True, ())
    found = machine.launch("fast_sin_k", 1, 32, out, x, x, 32)
    code = machine.kernels["fast_sin_k"]
    assert [code.at(pc).name for pc in found.inexact] == ["MUFU.SIN"]
    # Nobody reaches it: every thread leaves at once.
    assert machine.launch("fast_sin_k", 1, 32, out, x, x, 0).inexact == ()


def test_numpy_integers_are_integers_and_numpy_floats_are_bits() -> None:
    machine = _machine()
    x = machine.allocate(np.zeros(64, dtype=np.float32))
    arguments = (np.int64(40), np.float64(2.5), np.uint64(x), np.int8(1))
    assert machine.launch(SYMBOL, 1, 64, *arguments).completed
    assert machine.read(x).tolist() == [2.5] * 40 + [0.0] * 24
    # The bits of this float are the integer 24.
    bits = np.array([24], dtype=np.int32).view(np.float32)[0]
    assert machine.launch(SYMBOL, 1, 64, bits, 1.0, x, 1).completed
    assert machine.read(x).tolist() == [1.0] * 24 + [2.5] * 16 + [0.0] * 24


def test_a_launch_that_takes_too_long_as_a_whole_is_a_hang() -> None:
    machine = _machine()
    x = machine.allocate(np.zeros(64, dtype=np.float32))
    whole = machine.launch(SYMBOL, 2, 32, 64, 1.0, x, 1)
    assert whole.completed
    assert machine.launch(
        SYMBOL, 2, 32, 64, 1.0, x, 1, launch_budget=whole.warp_instructions
    ).completed
    hung = machine.launch(SYMBOL, 2, 32, 64, 2.0, x, 1, launch_budget=whole.warp_instructions // 2)
    assert hung.ending == "hang"
    assert set(machine.read(x).tolist()) == {1.0}
    # The largest grid of any GPU, and every block leaves at once.
    large = machine.launch(SYMBOL, (2**31 - 1, 65535, 65535), 32, 0, 1.0, x, 1, launch_budget=2000)
    assert (large.ending, large.warp_instructions < 3000) == ("hang", True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": "nothing"}, "no one kernel 'nothing'; the cubin has: fill_kernel"),
        ({"grid": 0}, "a grid of 0"),
        ({"grid": (1, 1, 1, 1)}, "a grid of"),
        ({"grid": (1, 65536)}, "a grid of"),
        ({"block": (32, -1)}, "a block of"),
        ({"block": (1024, 2)}, "2048 threads"),
        ({"arguments": (1, 2.0)}, "takes 4 arguments, not 2"),
        ({"arguments": (1 << 40, 1.0, 0, 1)}, "argument 0 of fill_kernel has 4 bytes"),
        ({"arguments": (1, "x", 0, 1)}, "argument 1 of fill_kernel"),
        ({"arguments": (1, b"12345", 0, 1)}, "argument 1 of fill_kernel"),
        ({"arguments": (np.int64(1 << 40), 1.0, 0, 1)}, "argument 0 of fill_kernel has 4 bytes"),
        ({"arguments": (3.5, 1.0, 0, 1)}, "argument 0 of fill_kernel is used as an integer"),
        ({"arguments": (64, 1.0, 0.5, 1)}, "argument 2 of fill_kernel is used as an integer"),
        ({"arguments": (64, 1.0, np.float32(0.5), 1)}, "argument 2 of fill_kernel has 8 bytes"),
        ({"block": 1 << 64}, "a block of 18446744073709551616"),
        ({"grid": 1 << 31}, "a grid of 2147483648"),
        ({"grid": 1.0}, "a grid of 1.0"),
        ({"grid": ()}, "a grid of"),
        ({"budget": 0}, "a budget of 0"),
        ({"budget": -1}, "a budget of -1"),
        ({"budget": 1 << 63}, "a budget of 9223372036854775808"),
        ({"budget": 2.5}, "a budget of 2.5"),
        ({"launch_budget": 0}, "a budget for the launch of 0"),
        ({"shared_bytes": 300_000}, "bytes of shared memory"),
        ({"fault": Fault(pc=0x10000, target="R0", flip=1)}, "has no pc 0x10000"),
        ({"fault": Fault(pc=0, target="R200", flip=1)}, "no R200"),
        ({"fault": Fault(pc=0, target="store address", flip=1)}, "at pc 0x0 is no store"),
        ({"fault": Fault(pc=0x20, target="destination index", flip=1)}, "no general register"),
        ({"fault": Fault(pc=0, target="R0", flip=1, thread=64)}, "no thread 64"),
        ({"fault": Fault(pc=0, target="R0", flip=1, block=(0, 1, 0))}, "no block"),
    ],
)
def test_what_cannot_be_launched(change: dict, message: str) -> None:
    machine = _machine()
    x = machine.allocate(256)
    asked = {"kernel": SYMBOL, "grid": 1, "block": 64, "arguments": (64, 1.0, x, 1), **change}
    kernel, grid, block = (asked.pop(name) for name in ("kernel", "grid", "block"))
    with pytest.raises(LaunchError, match=message):
        machine.launch(kernel, grid, block, *asked.pop("arguments"), **asked)


def test_both_engines_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for engine in ("interpreter", "translator"):
        monkeypatch.setenv("SOFTBEAM_ENGINE", engine)
        machine = _machine()
        x = machine.allocate(np.zeros(96, dtype=np.float32))
        found.append(machine.launch(SYMBOL, 3, 32, 70, 2.5, x, 1, counts=True))
    assert found[0] == found[1]
    assert found[1].executed[_store(machine, SYMBOL)] == 70


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": "R255", "flip": 1}, "no target"),
        ({"target": "UR3", "flip": 1}, "no target"),
        ({"target": "P7", "flip": 1}, "no target"),
        ({"target": "R0"}, "by 1 to 32 bits"),
        ({"target": "R0", "flip": 1 << 32}, "by 1 to 32 bits"),
        ({"target": "P0", "flip": 2}, "by 1 to 1 bits"),
        ({"target": "destination index", "flip": 256}, "by 1 to 8 bits"),
        ({"target": "destination index", "value": 3}, "a flip, not a value"),
        ({"target": "R0", "flip": 1, "value": 3}, "not both"),
        ({"target": "R0", "flip": 1, "pc": 8}, "multiples of 0x10"),
        ({"target": "R0", "flip": 1, "occurrence": -1}, "occurrence -1"),
        ({"target": "R0", "flip": 1, "occurrence": 10**21}, "occurrence 1000000000000000000000"),
    ],
)
def test_what_is_no_fault(fields: dict, message: str) -> None:
    with pytest.raises(LaunchError, match=message):
        Fault(**{"pc": 0, **fields})


def test_memory_that_was_not_allocated_is_refused() -> None:
    machine = _machine()
    x = machine.allocate(np.zeros(4, dtype=np.float32))
    for address, size in ((x - 4, 4), (x + 16, 4), (x, 1 << 40)):
        with pytest.raises(LaunchError, match="not within what was allocated"):
            machine.read(address, size, np.uint8)
    with pytest.raises(LaunchError, match="name a shape and a dtype"):
        machine.read(x + 4)
    with pytest.raises(LaunchError, match="cannot be allocated"):
        machine.allocate(1 << 31)
    for size in (0, -1, 1 << 62):
        with pytest.raises(LaunchError, match="cannot be allocated"):
            machine.allocate(size)


def test_allocations_are_apart_and_keep_their_contents() -> None:
    machine = _machine()
    rng = np.random.default_rng(5)
    arrays = [rng.integers(0, 256, size, dtype=np.uint8) for size in (1, 511, 513, 3 << 20, 7, 99)]
    addresses = [machine.allocate(array) for array in arrays]
    assert all(address % 512 == 0 for address in addresses)
    assert addresses[3] % (1 << 21) == 0
    for address, array in zip(addresses, arrays, strict=True):
        np.testing.assert_array_equal(machine.read(address), array)


def test_a_listing_of_another_cubin_is_refused() -> None:
    with pytest.raises(ListingError, match="the cubin lacks"):
        Machine(cubin_bytes("fill"), listing_bytes("copy"))
    with pytest.raises(ListingError, match=r"instructions"):
        Machine(cubin_bytes("fill", "sm_90"), listing_bytes("fill", "sm_75"))
    with pytest.raises(ListingError, match="not a cubin"):
        Machine(b"text", listing_bytes("fill"))


def test_loading_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cubin, listing = tmp_path / "k.cubin", tmp_path / "k.json"
    cubin.write_bytes(cubin_bytes("fill"))
    listing.write_bytes(listing_bytes("fill"))
    assert set(Machine.load(cubin, listing).kernels) == {SYMBOL}
    with pytest.raises(FileNotFoundError):
        Machine.load(tmp_path / "other.cu")
    monkeypatch.setattr(toolchain, "find_tool", lambda name: None)
    with pytest.raises(ToolchainError, match=r"nvdisasm is needed .*k\.cubin.*softbeam\[cuda\]"):
        Machine.load(cubin)


@pytest.mark.skipif(
    toolchain.find_tool("nvcc") is None or toolchain.find_tool("nvdisasm") is None,
    reason="nvcc and nvdisasm are not installed (pip install 'softbeam[cuda]')",
)
def test_a_source_with_variables_of_its_own(tmp_path: Path) -> None:
    source = tmp_path / "own.cu"
    source.write_text(
        "__device__ int counts[8] = {1, 2, 3};\n"
        "__constant__ float factors[2];\n"
        "namespace own { template <typename T> __global__ void run(T *x) {\n"
        "  counts[threadIdx.x & 7] = threadIdx.x; x[threadIdx.x] *= factors[threadIdx.x & 1]; } }\n"
        "template __global__ void own::run<float>(float *);\n"
    )
    for architecture in ARCHITECTURES:
        machine = Machine.load(source, architecture=architecture)
        x = machine.allocate(np.ones(4, dtype=np.float32))
        counts = machine.variable("counts")
        assert machine.read(counts, 8, np.int32).tolist() == [1, 2, 3, 0, 0, 0, 0, 0]
        assert machine.launch("run", 1, 4, x).completed
        assert machine.read(x).tolist() == [0, 0, 0, 0]
        assert machine.read(counts, 5, np.int32).tolist() == [0, 1, 2, 3, 0]
        machine.write(x, np.ones(4, dtype=np.float32))
        machine.set_constant("factors", np.array([3, 4], dtype=np.float32))
        assert machine.launch("run", 1, 4, x).completed
        assert machine.read(x).tolist() == [3, 4, 3, 4]
        with pytest.raises(LaunchError, match="do not fit"):
            machine.set_constant("factors", np.zeros(3, dtype=np.float32))
        with pytest.raises(LaunchError, match="no constant"):
            machine.set_constant("counts", np.zeros(1))
        with pytest.raises(LaunchError, match="no global variable"):
            machine.variable("factors")


def test_importing_the_door_loads_no_numba() -> None:
    code = (
        "import sys, softbeam.emulator; sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_shipped_kernel_loads() -> None:
    for name in FEW:
        architecture = architecture_of(name)
        found = _machine(name, architecture).find(KERNELS[name].symbol)
        assert found.architecture == architecture


def test_a_launch_takes_memory_that_the_interpreter_can_write_only() -> None:
    """Compiled code is called without a look at its arguments, so they are checked before."""
    program = lower(_machine().kernels[SYMBOL])
    constants = launch_constants(program, SHAPE, [1, 1.0, 0, 1])
    words = np.zeros(8, dtype=np.uint32)
    Launch(program, SHAPE, constants, memory_map(words, []))
    frozen = words.copy()
    frozen.flags.writeable = False
    for bad in (frozen, words[::2], words.view(np.int32)):
        with pytest.raises(InternalError, match="fill_kernel cannot run on such memory"):
            Launch(program, SHAPE, constants, memory_map(bad, []))
