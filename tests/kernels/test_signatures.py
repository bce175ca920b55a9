"""Arguments by name: what their classes keep of a plain tuple, and what they add."""

from __future__ import annotations

import pickle

import pytest

from softbeam.kernels import KERNELS, LIBRARY, arguments, signature
from softbeam.kernels.signatures import read_kernels


def test_arguments_are_a_tuple_in_the_kernels_order_with_names() -> None:
    given = arguments("copy", Y=7, X=5, N=3, OFFX=0, INCX=1, OFFY=0, INCY=2)
    assert given == (3, 5, 0, 1, 7, 0, 2)
    assert (given.N, given.Y, given.INCY, given.kernel) == (3, 7, 2, "copy")
    other = given._replace(N=4)
    assert (other.N, other.X, type(other)) == (4, 5, type(given))


def test_hashes_of_plans_do_not_know_the_names() -> None:
    assert repr(arguments("fill", N=60, ALPHA=0.0, X=None, INCX=1)) == "(60, 0.0, None, 1)"


@pytest.mark.parametrize("kernel", [*KERNELS, *LIBRARY])
def test_arguments_reach_another_process_as_they_are(kernel: str) -> None:
    names = [parameter.name for parameter in signature(kernel).parameters]
    given = arguments(kernel, **{name: number for number, name in enumerate(names)})
    again = pickle.loads(pickle.dumps(given))
    assert again == given
    assert type(again) is type(given)
    assert [getattr(again, name) for name in names] == list(range(len(names)))


@pytest.mark.parametrize("names", [("N", "ALPHA", "X"), ("N", "ALPHA", "X", "INCX", "INCY")])
def test_a_missing_or_unknown_argument_is_an_error(names: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match=r"INC[XY]"):
        arguments("fill", **dict.fromkeys(names, 1))


def test_the_source_says_symbol_kinds_and_what_is_pointed_to() -> None:
    source = 'extern "C" __global__ void a_kernel(const size_t n,\n  float *x, int *where, float s)'
    (read,) = read_kernels("a", source)
    assert (read.name, read.symbol, read.file) == ("a", "a_kernel", "a")
    assert [(one.name, one.kind, one.element) for one in read.parameters] == [
        ("n", "int64", ""),
        ("x", "pointer", "float32"),
        ("where", "pointer", "int32"),
        ("s", "float32", ""),
    ]


def test_of_several_kernels_in_a_source_each_has_its_symbols_name() -> None:
    one = 'extern "C" __global__ void __launch_bounds__(64)\n    a_kernel(int n)\n{}\n'
    found = read_kernels("file", one + one.replace("a_", "b_"))
    assert [(kernel.name, kernel.symbol, kernel.file) for kernel in found] == [
        ("a", "a_kernel", "file"),
        ("b", "b_kernel", "file"),
    ]
