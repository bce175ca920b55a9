"""Hardened variants of kernels as facts: their names, techniques and trailing parameters.

A variant computes what its base computes, from a source of its own in ``cuda/hardened``, compiled
with a definition for each technique.  Its name is its base's and its techniques', joined by "+".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

#: The techniques that change a kernel's own code, in the order in which names have them.
IN_KERNEL = ("duplication", "triplication", "range", "bounds")

#: Of these the ones whose copies are compared, and that report what they find.
REPORTING = ("duplication", "triplication")

#: Of each source in ``cuda/hardened``, by its stem, the techniques that are compiled together.
COMBINATIONS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
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

#: The kernels that each of these sources holds.
HELD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sgemm": ("sgemm_64x128", "sgemm_32x32", "sgemm_1x128", "sgemm_128x1")}
)


def base_of(name: str) -> str:
    """Return the kernel that a variant computes; a kernel that is none is its own base.

    Examples
    --------
    >>> base_of("sgemm_32x32+range+bounds"), base_of("fill")
    ('sgemm_32x32', 'fill')
    """
    return name.partition("+")[0]


def techniques_of(name: str) -> tuple[str, ...]:
    """Return the techniques of a variant, in the order of :data:`IN_KERNEL`; none of a base.

    Examples
    --------
    >>> techniques_of("sgemm_32x32+range+bounds"), techniques_of("fill")
    (('range', 'bounds'), ())
    """
    return tuple(name.split("+")[1:])


def variant(base: str, techniques: Collection[str]) -> str | None:
    """Return the name of a kernel's variant with some techniques; None if none is shipped.

    Examples
    --------
    >>> variant("sgemm_32x32", ("bounds", "range")), variant("fill", ("range",))
    ('sgemm_32x32+range+bounds', None)
    """
    ordered = tuple(one for one in IN_KERNEL if one in techniques)
    for file, names in HELD.items():
        if base in names and ordered in COMBINATIONS[file] and len(ordered) == len(techniques):
            return "+".join((base, *ordered))
    return None


def trailing(techniques: Iterable[str], pointers: Sequence[str]) -> str:
    """Return the parameters that a variant has behind its base's, as C declares them.

    Parameters
    ----------
    techniques : sequence of str
        Of the variant.
    pointers : sequence of str
        The base's pointer parameters, in order.

    Examples
    --------
    >>> trailing(("duplication", "bounds"), ("X", "Y"))
    'int ZERO, int *REPORT, int WORDS_X, int WORDS_Y'
    """
    techniques, declared = set(techniques), []
    if set(REPORTING) & techniques:
        declared += ["int ZERO", "int *REPORT"]
    if "range" in techniques:
        declared += ["float LOW", "float HIGH"]
    if "bounds" in techniques:
        declared += [f"int WORDS_{name}" for name in pointers]
    return ", ".join(declared)
