"""Signatures of kernels, and the arguments of a launch by their parameters' names.

A kernel's parameters stand in its CUDA source and nowhere else.  The products that Darknet leaves
to a library have no source; their signatures are here.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from softbeam.kernels.hardened import COMBINATIONS, trailing

_KINDS = {"int": "int32", "size_t": "int64", "float": "float32"}
_ENTRY = re.compile(
    r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\(\d+\)\s+)?(\w+)\s*\(([^)]*)\)'
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kernel.

    Parameters
    ----------
    name
        Its name in the source.
    kind
        ``int32``, ``int64``, ``float32`` or ``pointer``.
    element
        What a pointer points to, ``float32`` or ``int32``; empty for a number.
    """

    name: str
    kind: str
    element: str = ""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel of an inference.

    Parameters
    ----------
    name
        Its short name.
    symbol
        Its name in machine code; empty for a library's.
    parameters
        In order.
    file
        The stem of the source, and of the machine code, that holds it.
    """

    name: str
    symbol: str
    parameters: tuple[Parameter, ...]
    file: str = ""


class Arguments(tuple[Any, ...]):
    """The arguments of one launch: a tuple in the kernel's order, each also under its name.

    :func:`arguments` makes them, of a class for each kernel.
    """

    __slots__ = ()

    #: The kernel's short name.
    kernel: ClassVar[str]
    _fields: ClassVar[tuple[str, ...]]

    if TYPE_CHECKING:
        # The names are those of the kernel's parameters.
        def __getattr__(self, name: str) -> Any: ...

        def _replace(self, **values: Any) -> Arguments: ...

    def __repr__(self) -> str:
        """Write a plain tuple: hashes of plans are made of it."""
        return tuple.__repr__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the kernel's name, for the class is made at run time."""
        return _arguments_again, (self.kernel, tuple(self))


def read_parameters(text: str) -> tuple[Parameter, ...]:
    """Read parameters as C declares them.

    Examples
    --------
    >>> [one.kind for one in read_parameters("const int a, float b, int *c")]
    ['int32', 'float32', 'pointer']
    """
    read = []
    for declared in text.split(","):
        kind, name = declared.replace("const ", "").split()
        element = _KINDS[kind]
        if name.startswith("*"):
            read.append(Parameter(name.lstrip("*"), "pointer", element))
        else:
            read.append(Parameter(name, element))
    return tuple(read)


def read_kernels(file: str, source: str) -> tuple[Kernel, ...]:
    """Read the signatures of the kernels that a CUDA source holds.

    The only one of a file has the file's name, of several each its symbol's, less ``_kernel``.
    """
    entries = _ENTRY.findall(source)
    return tuple(
        Kernel(
            file if len(entries) == 1 else symbol.removesuffix("_kernel"),
            symbol,
            read_parameters(parameters),
            file,
        )
        for symbol, parameters in entries
    )


def _shipped() -> Iterator[Kernel]:
    folder = resources.files("softbeam.kernels").joinpath("cuda")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".cu"):
            stem = file.name.removesuffix(".cu")
            kernels = read_kernels(stem, file.read_text(encoding="utf-8"))
            yield from kernels
            for techniques in COMBINATIONS.get(stem, ()):
                yield from (hardened(kernel, techniques) for kernel in kernels)


def hardened(kernel: Kernel, techniques: tuple[str, ...]) -> Kernel:
    """Return the variant of a kernel with some techniques.

    Examples
    --------
    >>> [one.name for one in hardened(KERNELS["fill"], ("range",)).parameters]
    ['N', 'ALPHA', 'X', 'INCX', 'LOW', 'HIGH']
    """
    pointers = [one.name for one in kernel.parameters if one.kind == "pointer"]
    more = read_parameters(trailing(techniques, pointers))
    name, file = ("+".join((one, *techniques)) for one in (kernel.name, kernel.file))
    return Kernel(name, kernel.symbol, kernel.parameters + more, file)


#: The kernels whose machine code is shipped, by short name; parameters in Darknet's order.
KERNELS: Mapping[str, Kernel] = MappingProxyType({kernel.name: kernel for kernel in _shipped()})

#: Matrix products, which Darknet leaves to a library (cuBLAS), by short name.
#:
#: ``gemm``: C += A @ B.  ``gemm_local``: C[f, l] += sum over i of A[l, f, i] * B[i, l], one product
#: a location as in Darknet.  ``gemm_batched``: so many products C += A @ B, one after the other.
LIBRARY: Mapping[str, Kernel] = MappingProxyType(
    {
        name: Kernel(name, "", read_parameters(parameters))
        for name, parameters in {
            "gemm": "int m, int n, int k, float *a, float *b, float *c",
            "gemm_local": "int filters, int locations, int k, float *a, float *b, float *c",
            "gemm_batched": "int count, int m, int n, int k, float *a, float *b, float *c",
        }.items()
    }
)


def signature(kernel: str) -> Kernel:
    """Return the signature of a kernel or of a library's product."""
    return KERNELS[kernel] if kernel in KERNELS else LIBRARY[kernel]


@cache
def _class(kernel: str) -> Any:
    names = [parameter.name for parameter in signature(kernel).parameters]
    name = kernel.replace("+", "_") + "_arguments"
    base = namedtuple(name, names)  # type: ignore[misc]
    return type(name, (Arguments, base), {"__slots__": (), "kernel": kernel})


def arguments(kernel: str, /, **values: Any) -> Arguments:
    """Return the arguments of a launch of a kernel.

    Parameters
    ----------
    kernel : str
        Short name of a kernel or of a library's product.
    **values
        By name of the parameter, each once.

    Raises
    ------
    TypeError
        If one is missing, or the kernel has no such parameter.

    Examples
    --------
    >>> clear = arguments("fill", N=60, ALPHA=0.0, X=None, INCX=1)
    >>> clear, clear.N
    ((60, 0.0, None, 1), 60)
    """
    made: Arguments = _class(kernel)(**values)
    return made


def arguments_of(kernel: str, values: Iterable[Any]) -> Arguments:
    """Return the arguments of a launch from their values, in the order of the parameters."""
    return _arguments_again(kernel, tuple(values))


def _arguments_again(kernel: str, values: tuple[Any, ...]) -> Arguments:
    made: Arguments = _class(kernel)(*values)
    return made
