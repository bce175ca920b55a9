"""The GPU kernels of a Darknet inference: sources, shipped machine code, and their signatures.

The CUDA sources are in ``cuda/``, what NVIDIA's compiler and disassembler made of them in
``machine_code/`` (``scripts/build_kernels.py``).  :mod:`softbeam.kernels.native` computes the same
on the host, bit for bit; :mod:`softbeam.kernels.ownership` says which thread stores a word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from softbeam.emulator.lowering import Program

#: Architectures whose machine code is shipped; the first is the default.
ARCHITECTURES = ("sm_90", "sm_80", "sm_75")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A kernel's parameter; `kind` is ``int32``, ``int64``, ``float32`` or ``pointer``."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel of Darknet's inference: its short name, its symbol, its parameters in order."""

    name: str
    symbol: str
    parameters: tuple[Parameter, ...]


_KINDS = {"int": "int32", "size_t": "int64", "float": "float32"}


def _kernel(name: str, symbol: str, parameters: str) -> Kernel:
    """Read ``int a, float b, float *c`` into a kernel's parameters."""
    read = []
    for text in parameters.split(","):
        kind, parameter = text.split()
        pointer = parameter.startswith("*")
        read.append(
            Parameter(
                parameter.lstrip("*"),
                "pointer" if pointer else _KINDS[kind],
            )
        )
    return Kernel(name, symbol, tuple(read))


#: The kernels by short name, parameters in Darknet's order.
KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        kernel.name: kernel
        for kernel in (
            _kernel("fill", "fill_kernel", "int N, float ALPHA, float *X, int INCX"),
            _kernel(
                "copy",
                "copy_kernel",
                "int N, float *X, int OFFX, int INCX, float *Y, int OFFY, int INCY",
            ),
            _kernel(
                "im2col",
                "im2col_kernel",
                "int n, float *im, int height, int width, int ksize, int pad, int stride, "
                "int height_col, int width_col, float *col",
            ),
            _kernel(
                "normalize",
                "normalize_kernel",
                "int N, float *x, float *mean, float *variance, int batch, int filters, "
                "int spatial",
            ),
            _kernel(
                "scale_bias", "scale_bias_kernel", "float *output, float *biases, int n, int size"
            ),
            _kernel(
                "add_bias",
                "add_bias_kernel",
                "float *output, float *biases, int batch, int n, int size",
            ),
            _kernel("activate_array", "activate_array_kernel", "float *x, int n, int a"),
            _kernel(
                "maxpool",
                "forward_maxpool_kernel",
                "int n, int in_h, int in_w, int in_c, int stride, int size, int pad, "
                "float *input, float *output, int *indexes",
            ),
            _kernel(
                "avgpool",
                "forward_avgpool_kernel",
                "int n, int w, int h, int c, float *input, float *output",
            ),
            _kernel(
                "softmax",
                "softmax_kernel",
                "float *input, int n, int batch, int batch_offset, int groups, "
                "int group_offset, int stride, float temp, float *output",
            ),
            _kernel("const", "const_kernel", "int N, float ALPHA, float *X, int INCX"),
            _kernel(
                "axpy",
                "axpy_kernel",
                "int N, float ALPHA, float *X, int OFFX, int INCX, float *Y, int OFFY, int INCY",
            ),
            _kernel("scal", "scal_kernel", "int N, float ALPHA, float *X, int INCX"),
            _kernel("mul", "mul_kernel", "int N, float *X, int INCX, float *Y, int INCY"),
            _kernel(
                "pow", "pow_kernel", "int N, float ALPHA, float *X, int INCX, float *Y, int INCY"
            ),
            _kernel("constrain", "constrain_kernel", "int N, float ALPHA, float *X, int INCX"),
            _kernel(
                "shortcut",
                "shortcut_kernel",
                "int size, int minw, int minh, int minc, int stride, int sample, int batch, "
                "int w1, int h1, int c1, float *add, int w2, int h2, int c2, float s1, float s2, "
                "float *out",
            ),
            _kernel(
                "upsample",
                "upsample_kernel",
                "size_t N, float *x, int w, int h, int c, int batch, int stride, float scale, "
                "float *out",
            ),
            _kernel(
                "reorg",
                "reorg_kernel",
                "int N, float *x, int w, int h, int c, int batch, int stride, int forward, "
                "float *out",
            ),
            _kernel(
                "flatten",
                "flatten_kernel",
                "int N, float *x, int spatial, int layers, int batch, int forward, float *out",
            ),
            _kernel(
                "levels_image",
                "levels_image_kernel",
                "float *image, float *rand, int batch, int w, int h, float translate, "
                "float scale, float shift",
            ),
            _kernel(
                "crop",
                "forward_crop_layer_kernel",
                "float *input, int size, int c, int h, int w, int crop_height, int crop_width, "
                "float *output",
            ),
            _kernel(
                "activate_mish",
                "activate_array_mish_kernel",
                "float *x, int n, float *input, float *output",
            ),
        )
    }
)


def _file(*names: str) -> bytes:
    return resources.files(__name__).joinpath(*names).read_bytes()


def cubin_bytes(name: str, architecture: str = "sm_90") -> bytes:
    """Return the shipped cubin of a kernel."""
    return _file("machine_code", architecture, f"{name}.cubin")


def listing_bytes(name: str, architecture: str = "sm_90") -> bytes:
    """Return the shipped listing (``nvdisasm -json``) of a kernel."""
    return _file("machine_code", architecture, f"{name}.json")


def manifest() -> dict[str, Any]:
    """Return the manifest: compiler, disassembler, flags, SHA-256 of sources and files."""
    document: dict[str, Any] = json.loads(_file("machine_code", "manifest.json"))
    return document


def machine_code_sha256(names: Iterable[str], architecture: str) -> str:
    """Return one SHA-256 over the cubins and listings of some kernels."""
    digest = hashlib.sha256()
    for name in sorted(names):
        for content in (cubin_bytes(name, architecture), listing_bytes(name, architecture)):
            digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def source(name: str) -> str:
    """Return the CUDA source of a kernel."""
    return _file("cuda", f"{name}.cu").decode()


@cache
def source_lines(name: str, architecture: str = "sm_90") -> tuple[int, ...]:
    """Return the line of the CUDA source of each instruction, 0 for none."""
    lines = json.loads(_file("machine_code", architecture, f"{name}.lines.json"))
    return tuple(lines[KERNELS[name].symbol])


@cache
def program(name: str, architecture: str = "sm_90") -> Program:
    """Return a shipped kernel, lowered for the emulator.

    Parameters
    ----------
    name : str
        Short name of a kernel of :data:`KERNELS`.
    architecture : str
        One of :data:`ARCHITECTURES`.
    """
    from softbeam.emulator.lowering import lower
    from softbeam.sass import link, read_cubin, read_listing

    origin = f"the shipped {architecture} code of {name}"
    functions = link(
        read_listing(listing_bytes(name, architecture), origin=origin),
        read_cubin(cubin_bytes(name, architecture), origin=origin),
        origin=origin,
    )
    return lower(functions[KERNELS[name].symbol])
