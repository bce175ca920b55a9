"""Programs of kernels that are not a network's, and the same in brute force: every unit, always."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from softbeam import Program, cubin_bytes, listing_bytes
from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Runner
from softbeam.faults.site import FaultSite, MemorySite
from softbeam.injection.strike import hang_budget
from softbeam.program.description import Address, Check, Copy, Description, Launch
from softbeam.program.loading import load
from support.corpus import loaded as corpus


def with_code(name: str, *kernels: str) -> Program:
    """Return a program with the code of the corpus's blocks and of some shipped kernels."""
    program = Program(name)
    program.code(*corpus("blocks", "sm_90"), origin="blocks.cubin")
    for kernel in kernels:
        program.code(cubin_bytes(kernel), listing_bytes(kernel), origin=f"{kernel}.cubin")
    return program


def floats() -> Description:
    """Transposed through shared memory, added, summed by blocks: floats, three kernels."""
    rng = np.random.default_rng(5)
    program = with_code("floats", "axpy", "fill")
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
    program = with_code("counting")
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


def meeting() -> Description:
    """Blocks that write the same words, and a word that only some launches write."""
    rng = np.random.default_rng(7)
    program = with_code("meeting", "axpy", "copy")
    a = program.buffer("a", rng.normal(size=96).astype("f4"))
    b = program.buffer("b", rng.normal(size=96).astype("f4"))
    c = program.buffer("c", shape=96, dtype="f4")
    # Three blocks of 32, each a word: INCY = 0 has all of them store to the first.
    program.launch("axpy_kernel", 3, 32, 96, 0.5, a, 0, 1, b, 5, 0, stage="meet")
    program.launch("copy_kernel", 3, 32, 96, b, 0, 1, c, 0, 1)
    program.launch("axpy_kernel", 2, 32, 64, -1.0, c, 32, 1, a, 0, 1)
    program.launch("copy_kernel", 1, 32, 32, a, 0, 3, c, 64, 1)
    program.output(c)
    return program.description


def halves() -> Description:
    """Halves of words, of launches whose warps share words and of others that may go astray."""
    rng = np.random.default_rng(8)
    program = Program("halves")
    program.code(*corpus("half", "sm_90"), origin="half.cubin")
    a = program.buffer("a", rng.normal(size=130).astype("f2"))
    b = program.buffer("b", rng.normal(size=130).astype("f2"))
    c = program.buffer("c", np.ones(132, dtype="f2"))
    d = program.buffer("d", np.zeros(132, dtype="f2"))
    sums = program.buffer("sums", shape=128, dtype="f4")
    # Blocks of 33 threads from the second half of a word on: every word of two units is shared.
    program.launch("add_k", 4, 33, Address("c", 2), a, b, 130, stage="shared")
    program.launch("mul_k", 2, 64, d, c, a, 128, stage="own")
    program.launch("fma__k", 2, 64, c, d, c, 128, stage="own")
    program.launch("add_k", 4, 33, Address("d", 2), c, a, 130, stage="shared")
    program.launch("to_float_k", 2, 64, sums, c, d, 128, stage="floats")
    program.output(sums, d)
    return program.description


def example(name: str, function: str) -> Description:
    """Return a program of the folder of examples, compiled now."""
    path = Path(__file__).parents[2] / "examples" / name / "make.py"
    spec = spec_from_file_location(f"example_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Program = getattr(module, function)()
    return made.description


def attention_of(program: Description) -> np.ndarray:
    """Return what the example of Triton computes, in float64."""
    q, k, v = (program.buffers[name].content.astype(np.float64) for name in "qkv")
    scores = q @ k.T / np.sqrt(q.shape[1])
    power = np.exp(scores - scores.max(1, keepdims=True))
    values = power / power.sum(1, keepdims=True) @ v
    away = values - values.mean(1, keepdims=True)
    return away / np.sqrt(values.var(1, keepdims=True) + 1e-5)


PROGRAMS: dict[str, Callable[[], Description]] = {
    "floats": floats,
    "counting": counting,
    "meeting": meeting,
    "halves": halves,
}

SCATTERING = """
extern "C" __global__ void numbers(int *to, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = i ^ 3;
}
extern "C" __global__ void scatter(signed char *out, const int *to, const signed char *a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[to[i]] = a[i] + 1;
}
"""


def scattered() -> Description:
    """Bytes stored where memory says: a wrong number has a later launch's warp go astray."""
    rng = np.random.default_rng(9)
    program = Program("scattered")
    with TemporaryDirectory() as folder:
        source = Path(folder, "scatter.cu")
        source.write_text(SCATTERING)
        program.load(source, architecture="sm_90")
    a = program.buffer("a", rng.integers(-99, 99, 256, dtype=np.int8))
    to = program.buffer("to", shape=256, dtype=np.int32)
    out = program.buffer("out", np.zeros(256, dtype=np.int8))
    again = program.buffer("again", np.zeros(256, dtype=np.int8))
    program.launch("numbers", 2, 128, to, 256)
    program.launch("scatter", 2, 128, out, to, a, 256)
    program.launch("scatter", 2, 128, again, to, out, 256)
    program.output(out, again)
    return program.description


#: Those that NVIDIA's compiler is needed for.
EXAMPLES: dict[str, Callable[[], Description]] = {
    "scattered": scattered,
    "reduction": partial(example, "reduction", "reduction"),
    "faster_rcnn": partial(example, "faster_rcnn", "detector"),
}


@dataclass(frozen=True)
class End:
    """How a program ended, its answer if it came to its end, and what its checks read."""

    ending: str
    output: bytes
    checked: Mapping[int, bytes]


class BruteForce:
    """Runs every unit of every launch of a program, in the order of its steps."""

    def __init__(self, program: Description) -> None:
        self.program, self.loaded, self.runner = program, load(program), Runner()
        self.before = self.loaded.memory.copy()
        self.places = {
            one.name: (one.address - self.loaded.base) // 4 for one in self.loaded.allocations
        }
        self.golden = self.run()

    def run(
        self, site: FaultSite | MemorySite | None = None, longest: Mapping[int, int] | None = None
    ) -> End:
        """Run it, with a fault, and return how it ended."""
        memory, checked = self.loaded.memory, {}
        memory[:] = self.before
        for number, step in enumerate(self.program.steps):
            if isinstance(site, MemorySite) and site.launch == number:
                place = self.places[site.buffer] + site.word
                memory[place] = site.change.of(int(memory[place]))
            if isinstance(step, Launch):
                budget = hang_budget((longest or {}).get(number, 100_000))
                ending = self._launch(number, site, budget)
                if not ending.finished:
                    return End(ending.name, b"", checked)
                memory[ending.words] = ending.values
            elif isinstance(step, Copy):
                self._copy(step)
            else:
                checked[number] = self._content(step)
                if site is not None and checked[number] != self.golden.checked[number]:
                    return End("detected", b"", checked)
        output = b"".join(
            self._words(name, -(-self.program.buffers[name].nbytes // 4))
            for name in self.program.outputs
        )
        return End("completed", output, checked)

    def _launch(self, number: int, site: FaultSite | MemorySite | None, budget: int):
        launch = self.loaded.launches[number]
        if not isinstance(site, FaultSite) or number != site.launch:
            return self.runner.run_launch(launch, budget=budget)
        warp = 0 if launch.program.has_barrier else site.thread // LANES
        # Nothing ends early: what is never read must be seen to change nothing.
        fault = site.vector(follow=False)
        return self.runner.run_launch(launch, budget=budget, fault=fault, struck=(site.block, warp))

    def _copy(self, step: Copy) -> None:
        source = self.places[step.source.buffer] + step.source.offset // 4
        target = self.places[step.target.buffer] + step.target.offset // 4
        count, memory = step.nbytes // 4, self.loaded.memory
        memory[target : target + count] = memory[source : source + count].copy()

    def _words(self, name: str, count: int) -> bytes:
        first = self.places[name]
        return self.loaded.memory[first : first + count].tobytes()

    def _content(self, step: Check) -> bytes:
        size = self.program.buffers[step.buffer].nbytes
        return self._words(step.buffer, -(-size // 4))[:size]


@cache
def brute_force(name: str) -> BruteForce:
    """Return one of the programs in brute force, made once."""
    return BruteForce((PROGRAMS | EXAMPLES)[name]())
