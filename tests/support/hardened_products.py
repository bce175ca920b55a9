"""What launches of hardened products are given behind the arguments of their bases."""

from __future__ import annotations

from typing import Any

from softbeam.kernels.hardened import REPORTING, techniques_of

#: Limits within which about nine of ten words lie that products of normal words leave.
LIMITS = -20.0, 15.0


def further(kernel: str, words: dict[str, int], report: Any) -> dict[str, Any]:
    """Return the values of a variant's trailing parameters.

    Parameters
    ----------
    kernel : str
        The variant.
    words : mapping of str to int
        By pointer parameter the words of its buffer from where it points on.
    report
        What to give for where it reports.
    """
    techniques, values = techniques_of(kernel), {}
    if set(techniques) & set(REPORTING):
        values |= {"ZERO": 0, "REPORT": report}
    if "range" in techniques:
        values |= dict(zip(("LOW", "HIGH"), LIMITS, strict=True))
    if "bounds" in techniques:
        values |= {f"WORDS_{name}": count for name, count in words.items()}
    return values
