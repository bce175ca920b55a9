"""softbeam's outcomes in SASSIFI's words, for people who compare.

SASSIFI sees a program from outside: its exit, its output, its time.  Which of its categories an
outcome of softbeam's falls into therefore depends on the program around the network; assumed is
one that ends when a kernel raises an exception, as Darknet does, and that writes all scores into
a file which is compared bit for bit.
"""

from __future__ import annotations

from softbeam.injection.outcomes import SASSIFI_CATEGORIES


def sassifi_category(detail: str) -> str:
    """Return SASSIFI's category of an outcome's detail.

    Examples
    --------
    >>> sassifi_category("overwritten")
    'Masked: Write before read'
    """
    return SASSIFI_CATEGORIES[detail]
