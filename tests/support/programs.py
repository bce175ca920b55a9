"""Programs of kernels that are not a network's, and the same in brute force: every unit, always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from softbeam import Program, cubin_bytes, listing_bytes
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Runner
from softbeam.faults.site import FaultSite
from softbeam.injection.strike import hang_budget
from softbeam.program.description import Check, Copy, Description, Launch
from softbeam.program.loading import load
from support.corpus import loaded as corpus


def _code(program: Program, *names: str) -> None:
    for name in names:
        program.code(cubin_bytes(name), listing_bytes(name), origin=f"{name}.cubin")


def floats() -> Description:
    """Transposed through shared memory, added, summed by blocks: floats, three units a launch."""
    rng = np.random.default_rng(5)
    program = Program("floats")
    program.code(*corpus("blocks", "sm_90"), origin="blocks.cubin")
    _code(program, "axpy", "fill")
    a = program.buffer("a", rng.normal(size=(32, 32)).astype("f4"))
    across = program.buffer("across", shape=(32, 32), dtype="f4")
    kept = program.buffer("kept", shape=1024, dtype="f4")
    sums = program.buffer("sums", shape=4, dtype="f4")
    total = program.buffer("total", shape=1, dtype="f4")
    program.launch("transpose_k", (2, 2), (16, 16), across, a, 32, stage="transpose")
    program.launch("fill_kernel", 8, 128, 1024, 0.25, kept, 1)
    program.launch("axpy_kernel", 8, 128, 1000, 2.0, across, 0, 1, kept, 0, 1, stage="sum")
    program.copy(kept, a, 2048)
    program.launch("reduce_k", 4, 256, sums, a, 1024, stage="sum")
    program.launch("reduce_k", 1, 256, total, sums, 4, stage="sum")
    program.output(total, sums)
    return program.description


def counting() -> Description:
    """Bytes looked up in tables, counted by atomics, checked by the host."""
    rng = np.random.default_rng(6)
    program = Program("counting")
    program.code(*corpus("blocks", "sm_90"), origin="blocks.cubin")
    data = program.buffer("data", rng.integers(0, 256, 256, dtype=np.uint8))
    looked = program.buffer("looked", shape=256, dtype=np.uint8)
    bins = program.buffer("bins", np.zeros(16, dtype=np.int32))
    found = program.buffer("found", shape=64, dtype=np.int32)
    numbers = program.buffer("numbers", rng.normal(size=64).astype("f4"))
    program.launch("bytes_k", 1, 256, looked, data, 256)
    program.launch("histogram_k", 3, 64, bins, looked, 200)
    program.launch("count_k", 2, 32, found, numbers, 64)
    program.check(bins)
    program.launch("bytes_k", 1, 256, data, looked, 256, stage="again")
    program.output(data, found)
    return program.description


PROGRAMS: dict[str, Callable[[], Description]] = {"floats": floats, "counting": counting}


@dataclass(frozen=True)
class End:
    """How a program ended, and its answer if it came to its end."""

    ending: str
    output: bytes


def brute_force(
    program: Description, site: FaultSite | None = None, longest: dict[int, int] | None = None
) -> End:
    """Run every unit of every launch of a program, with a fault, in the order of its steps."""
    loaded = load(program)
    memory, runner = loaded.memory, Runner()
    places = {one.name: (one.address - loaded.base) // 4 for one in loaded.allocations}
    golden = {} if site is None else checked(program)
    for number, step in enumerate(program.steps):
        if isinstance(step, Launch):
            launch = loaded.launches[number]
            fault, struck = None, None
            if site is not None and number == site.launch:
                warp = 0 if launch.program.has_barrier else site.thread // LANES
                # Nothing ends early: what is never read must be seen to change nothing.
                fault, struck = site.vector(follow=False), (site.block, warp)
            ending = runner.run_launch(
                launch,
                budget=hang_budget((longest or {}).get(number, 100_000)),
                fault=fault,
                struck=struck,
            )
            if not ending.finished:
                return End(ending.name, b"")
            memory[ending.words] = ending.values
        elif isinstance(step, Copy):
            source = places[step.source.buffer] + step.source.offset // 4
            target = places[step.target.buffer] + step.target.offset // 4
            memory[target : target + step.nbytes // 4] = memory[
                source : source + step.nbytes // 4
            ].copy()
        else:
            found = content(memory, program, step, places)
            if golden and found != golden[number]:
                return End("detected", b"")
    output = b"".join(
        memory[places[name] : places[name] - (-program.buffers[name].nbytes // 4)].tobytes()
        for name in program.outputs
    )
    return End("completed", output)


def content(memory: np.ndarray, program: Description, step: Check, places: dict[str, int]) -> bytes:
    """Return the bytes that a check reads."""
    first, size = 4 * places[step.buffer], program.buffers[step.buffer].nbytes
    return memory.view(np.uint8)[first : first + size].tobytes()


def checked(program: Description) -> dict[int, bytes]:
    """Return what the checks of a program read without fault."""
    loaded = load(program)
    memory, runner, found = loaded.memory, Runner(), {}
    places = {one.name: (one.address - loaded.base) // 4 for one in loaded.allocations}
    for number, step in enumerate(program.steps):
        if isinstance(step, Launch):
            ending = runner.run_launch(loaded.launches[number], budget=1_000_000)
            memory[ending.words] = ending.values
        elif isinstance(step, Copy):
            source = places[step.source.buffer] + step.source.offset // 4
            target = places[step.target.buffer] + step.target.offset // 4
            count = step.nbytes // 4
            memory[target : target + count] = memory[source : source + count].copy()
        else:
            found[number] = content(memory, program, step, places)
    return found
