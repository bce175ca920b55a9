"""Signatures of kernels, and the arguments of a launch by their parameters' names.

A kernel's parameters stand in its CUDA source and nowhere else.  A hardened variant has those of
its base and further ones behind them.  The products that Darknet leaves to a library have no
source; their signatures are here.
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

from softbeam.kernels.hardened import APART, FOLDER, combinations, compares, entry

_KINDS = {"int": "int32", "size_t": "int64", "float": "float32", "unsigned": "uint32"}
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


def further_parameters(kernel: Kernel, techniques: Iterable[str]) -> tuple[Parameter, ...]:
    """Return what a hardened variant takes behind its base's parameters.

    ``ZERO``, which is 0, and ``REPORT``, two words that count what was detected and what was
    corrected; ``LOW`` and ``HIGH``, the limits of what is stored; and for each pointer p
    ``WORDS_p``, the number of its buffer's words from where it points on.

    Examples
    --------
    >>> [one.name for one in further_parameters(KERNELS["fill"], ["duplication", "bounds"])]
    ['ZERO', 'REPORT', 'WORDS_X']
    """
    given = set(techniques)
    found = []
    if compares(given):
        found += [Parameter("ZERO", "int32"), Parameter("REPORT", "pointer", "int32")]
    if "range" in given:
        found += [Parameter("LOW", "float32"), Parameter("HIGH", "float32")]
    if "bounds" in given:
        pointers = [one.name for one in kernel.parameters if one.kind == "pointer"]
        found += [Parameter(f"WORDS_{name}", "int32") for name in pointers]
    return tuple(found)


def _variants(kernel: Kernel) -> Iterator[Kernel]:
    for techniques in APART.get(kernel.file, ()):
        name, file = ("+".join((one, *techniques)) for one in (kernel.name, kernel.file))
        parameters = kernel.parameters + further_parameters(kernel, techniques)
        yield Kernel(name, kernel.symbol, parameters, f"{FOLDER}/{file}")
    if kernel.file in APART:
        return
    for techniques in combinations(kernel.name):
        yield Kernel(
            "+".join((kernel.name, *techniques)),
            entry(kernel.symbol, techniques),
            kernel.parameters + further_parameters(kernel, techniques),
            f"{FOLDER}/{kernel.file}",
        )


def _shipped() -> Iterator[Kernel]:
    folder = resources.files("softbeam.kernels").joinpath("cuda")
    hardened = {file.name for file in folder.joinpath(FOLDER).iterdir()}
    bases: list[Kernel] = []
    variants: list[Kernel] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".cu"):
            stem = file.name.removesuffix(".cu")
            kernels = read_kernels(stem, file.read_text(encoding="utf-8"))
            bases += kernels
            if file.name in hardened:
                variants += [one for kernel in kernels for one in _variants(kernel)]
    yield from bases
    yield from variants


#: The kernels whose machine code is shipped, by short name, hardened variants behind the others;
#: parameters in Darknet's order.
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
    title = f"{kernel.replace('+', '_')}_arguments"
    base = namedtuple(title, names)  # type: ignore[misc]
    return type(title, (Arguments, base), {"__slots__": (), "kernel": kernel})


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
