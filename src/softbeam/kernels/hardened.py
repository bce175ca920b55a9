"""The names of hardened kernels: which techniques are compiled into a kernel, and in which order.

A variant is called ``BASE+TECHNIQUE[+TECHNIQUE]`` and has the parameters of its base first.  Here
are names and what follows from them; whether a variant is shipped is said by
:data:`softbeam.kernels.KERNELS`.
"""

from __future__ import annotations

from collections.abc import Iterable

#: The techniques that are compiled into a kernel, in the order in which its name tells them.
IN_KERNEL = ("duplication", "triplication", "range", "bounds")

#: Of these the ones whose copies are compared, and that report what they find.
REPORTING = ("duplication", "triplication")


def base_of(name: str) -> str:
    """Return the kernel that a variant is made of; a kernel that is none is its own base.

    Examples
    --------
    >>> base_of("maxpool+range"), base_of("maxpool")
    ('maxpool', 'maxpool')
    """
    return name.partition("+")[0]


def techniques_of(name: str) -> tuple[str, ...]:
    """Return the techniques of a variant; none of a kernel that is no variant.

    Examples
    --------
    >>> techniques_of("copy+range+bounds"), techniques_of("copy")
    (('range', 'bounds'), ())
    """
    return tuple(name.split("+")[1:])


def variant(base: str, techniques: Iterable[str]) -> str | None:
    """Return the short name of a shipped variant; None if there is none.

    Parameters
    ----------
    base : str
        Short name of the kernel.
    techniques : iterable of str
        Some of :data:`IN_KERNEL`, in any order; the base itself where there are none.

    Examples
    --------
    >>> variant("maxpool", ["range"]), variant("maxpool", ["prayer"])
    ('maxpool+range', None)
    """
    from softbeam.kernels.signatures import KERNELS

    chosen = set(techniques)
    name = "+".join((base, *(one for one in IN_KERNEL if one in chosen)))
    return name if chosen <= set(IN_KERNEL) and name in KERNELS else None
