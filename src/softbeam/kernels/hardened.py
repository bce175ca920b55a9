"""Names of hardened variants of kernels: which kernel one is a variant of, and by what.

A variant is named ``BASE+TECHNIQUE``, with more techniques behind it: ``maxpool+range+bounds``.
"""

from __future__ import annotations

#: Techniques whose variant of a kernel has machine code of its own.
IN_KERNEL = ("duplication", "triplication", "range", "bounds")


def base_of(name: str) -> str:
    """Return the kernel that a variant hardens; of any other kernel itself.

    Examples
    --------
    >>> base_of("maxpool+range"), base_of("maxpool")
    ('maxpool', 'maxpool')
    """
    return name.partition("+")[0]


def techniques_of(name: str) -> tuple[str, ...]:
    """Return the techniques of a variant; none of any other kernel.

    Examples
    --------
    >>> techniques_of("maxpool+range+bounds"), techniques_of("maxpool")
    (('range', 'bounds'), ())
    """
    return tuple(name.split("+")[1:])
