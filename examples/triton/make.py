"""Write Triton kernels, compiled without a GPU, as a program: attention and a layer norm.

python examples/triton/make.py runs/attention
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from softbeam import Program

with warnings.catch_warnings():
    # Triton 3.9 announces another default of its own at import.
    warnings.simplefilter("ignore")
    import triton
    import triton.language as tl
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, CompiledKernel


@triton.jit
def attend(q, k, v, out, tokens, scale, width: tl.constexpr, tile: tl.constexpr):
    """One row of softmax(scale · q · kᵀ) · v, tile by tile of keys; the sums are rescaled."""
    row, column = tl.program_id(0), tl.arange(0, width)
    query = scale * tl.load(q + row * width + column)
    largest, total = -float("inf"), 0.0
    values = tl.zeros((width,), dtype=tl.float32)
    for first in range(0, tokens, tile):
        at = first + tl.arange(0, tile)
        place, inside = at[:, None] * width + column[None, :], at < tokens
        # Without tl.dot: its operands move by LDSM and STSM, which softbeam does not execute.
        keys = tl.load(k + place, mask=inside[:, None], other=0.0)
        scores = tl.where(inside, tl.sum(query[None, :] * keys, 1), -float("inf"))
        now = tl.maximum(largest, tl.max(scores, 0))
        power, less = tl.exp(scores - now), tl.exp(largest - now)
        total = total * less + tl.sum(power, 0)
        held = tl.load(v + place, mask=inside[:, None], other=0.0)
        values = values * less + tl.sum(power[:, None] * held, 0)
        largest = now
    tl.store(out + row * width + column, values / total)


@triton.jit
def normalize(x, y, width: tl.constexpr):
    """Each row of y is the layer norm of that row of x."""
    row, at = tl.program_id(0), tl.arange(0, width)
    value = tl.load(x + row * width + at)
    away = value - tl.sum(value, 0) / width
    variance = tl.sum(away * away, 0) / width
    tl.store(y + row * width + at, away / tl.sqrt(variance + 1e-5))


def compiled(
    kernel: Any, signature: Mapping[str, str], constants: Mapping[str, int], arch: str
) -> CompiledKernel:
    """Return a kernel compiled for an architecture such as ``sm_90``, of four warps a block."""
    types = {**signature, **dict.fromkeys(constants, "constexpr")}
    source = ASTSource(fn=kernel, signature=types, constexprs=dict(constants))
    target = GPUTarget("cuda", int(arch.removeprefix("sm_")), 32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # In one stage nothing is copied behind the threads' backs (LDGSTS).
        return triton.compile(source, target=target, options={"num_warps": 4, "num_stages": 1})


def attention(tokens: int = 40, width: int = 32, arch: str = "sm_90") -> Program:
    """Return the program: the layer norm of softmax(q · kᵀ / √width) · v."""
    rng = np.random.default_rng(4)
    program = Program("attention")
    types = {**dict.fromkeys(("q", "k", "v", "out"), "*fp32"), "tokens": "i32", "scale": "fp32"}
    attending = compiled(attend, types, {"width": width, "tile": 16}, arch)
    normalizing = compiled(normalize, {"x": "*fp32", "y": "*fp32"}, {"width": width}, arch)
    for kernel in (attending, normalizing):
        program.code(kernel.asm["cubin"], origin=kernel.metadata.name)

    def launch(kernel: CompiledKernel, *arguments: Any) -> None:
        # Behind its own parameters Triton puts two addresses of scratch memory, unused here.
        metadata = kernel.metadata
        assert metadata.global_scratch_size == metadata.profile_scratch_size == 0
        program.launch(
            metadata.name,
            tokens,
            32 * metadata.num_warps,
            *arguments,
            0,
            0,
            shared_bytes=metadata.shared,
        )

    q, k, v = (
        program.buffer(name, rng.normal(size=(tokens, width)).astype("f4")) for name in "qkv"
    )
    values = program.buffer("values", shape=(tokens, width), dtype="f4")
    out = program.buffer("out", shape=(tokens, width), dtype="f4")
    launch(attending, q, k, v, values, tokens, float(1 / np.sqrt(width)))
    launch(normalizing, values, out)
    program.output(out)
    return program


if __name__ == "__main__":
    attention().write(sys.argv[1])
