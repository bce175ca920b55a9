"""Hardened variants of kernels: which there are, and what they are called.

A variant is called after its base and the techniques in it: ``maxpool+range+bounds``.  What a
technique does to a kernel stands in ``cuda/hardened/harden.cuh``; one source there gives all
variants of a base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

#: Where sources and machine code of variants lie, beside those of their bases.
FOLDER = "hardened"

#: The techniques that give a kernel other machine code, in the order of a variant's name.
IN_KERNEL = ("duplication", "triplication", "range", "bounds")

#: Of these the ones whose copies are compared, and that report what they find.
REPORTING = ("duplication", "triplication")

#: The techniques of the variants of a kernel, in their order in ``cuda/hardened/variants.cu``.
COMBINATIONS: tuple[tuple[str, ...], ...] = (
    ("bounds",),
    ("duplication",),
    ("triplication",),
    ("duplication", "bounds"),
    ("triplication", "bounds"),
    ("range",),
    ("range", "bounds"),
    ("duplication", "range"),
    ("duplication", "range", "bounds"),
)

#: Sources whose variants are compiled one by one, each into a cubin of its own: ``sgemm.cu`` holds
#: templates of several kernels.
APART: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "sgemm": (
            ("range",),
            ("bounds",),
            ("range", "bounds"),
            ("duplication",),
            ("duplication", "range"),
            ("duplication", "bounds"),
            ("duplication", "range", "bounds"),
            ("triplication",),
        )
    }
)

#: Kernels that store one constant.  A clamp has nothing to catch there: of a stored word only the
#: instruction that wrote it last can be struck, with the clamp and without it.
WITHOUT_RANGE = frozenset({"const", "fill"})


def base_of(name: str) -> str:
    """Return the kernel that a variant is one of; a base is itself.

    Examples
    --------
    >>> base_of("maxpool+range+bounds"), base_of("maxpool")
    ('maxpool', 'maxpool')
    """
    return name.partition("+")[0]


def techniques_of(name: str) -> tuple[str, ...]:
    """Return the techniques in a variant; a base has none.

    Examples
    --------
    >>> techniques_of("maxpool+range+bounds"), techniques_of("maxpool")
    (('range', 'bounds'), ())
    """
    return tuple(name.split("+")[1:])


def compares(techniques: Iterable[str]) -> bool:
    """Return whether a kernel with some techniques compares copies, and reports what it finds.

    Examples
    --------
    >>> compares(["range"]), compares(["triplication", "bounds"])
    (False, True)
    """
    return not set(REPORTING).isdisjoint(techniques)


def combinations(base: str) -> tuple[tuple[str, ...], ...]:
    """Return the techniques of each variant that a kernel with a hardened source has.

    Examples
    --------
    >>> combinations("fill")[:3]
    (('bounds',), ('duplication',), ('triplication',))
    """
    return tuple(one for one in COMBINATIONS if "range" not in one or base not in WITHOUT_RANGE)


def entry(symbol: str, techniques: Iterable[str]) -> str:
    """Return a variant's name in machine code, from its base's.

    Examples
    --------
    >>> entry("fill_kernel", ["duplication", "bounds"])
    'fill_kernel__duplication_bounds'
    """
    return f"{symbol}__{'_'.join(techniques)}"


def variant(base: str, techniques: Iterable[str]) -> str | None:
    """Return the short name of the variant of a kernel with just these techniques.

    Parameters
    ----------
    base
        The kernel's short name.
    techniques
        Of :data:`IN_KERNEL`, in any order; the base itself where there are none.

    Returns
    -------
    str or None
        None if no such variant is shipped.

    Examples
    --------
    >>> variant("maxpool", ["bounds", "range"])
    'maxpool+range+bounds'
    >>> variant("fill", ["range"]), variant("maxpool", ["prayer"])
    (None, None)
    """
    from softbeam.kernels.signatures import KERNELS

    chosen = set(techniques)
    name = "+".join((base, *(one for one in IN_KERNEL if one in chosen)))
    return name if chosen <= set(IN_KERNEL) and name in KERNELS else None
