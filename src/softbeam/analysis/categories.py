"""softbeam's outcomes in SASSIFI's words, for people who compare.

SASSIFI sees a program from outside: its exit, its output, its time.  Which of its categories an
outcome of softbeam's falls into therefore depends on the program around the network; assumed is
one that ends when a kernel raises an exception, as Darknet does, and that writes all scores into
a file which is compared bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from softbeam.injection.record import DETAILS, DETECTION_DETAILS

#: SASSIFI's names (its manual and scripts, https://github.com/NVlabs/sassifi), by detail.
SASSIFI_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(DETAILS["Masked"], "Masked: other reasons"),
        "never read": "Masked: Error was never read",
        "overwritten": "Masked: Write before read",
        **dict.fromkeys((*DETAILS["SDC"], *DETECTION_DETAILS), "SDC: Output file is different"),
        **dict.fromkeys(DETAILS["DUE"], "DUE: Non Zero Exit Status"),
        "hang": "DUE: Timeout",
    }
)


def sassifi_category(detail: str) -> str:
    """Return SASSIFI's category of an outcome's detail.

    Examples
    --------
    >>> sassifi_category("overwritten")
    'Masked: Write before read'
    """
    return SASSIFI_CATEGORIES[detail]
