"""A stratum: the part of a fault space that is one kernel of one layer.

For faults in memory it is one buffer of one layer, for those that stay one opcode.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: In a layer's place, for what belongs to the network as a whole.
WHOLE_NETWORK = -1

_TEXT = re.compile(r"(-1|[0-9]+)/(.*)", re.ASCII | re.DOTALL)


class Stratum(NamedTuple):
    """One kernel of one layer; ``LAYER/KERNEL`` as text.

    Examples
    --------
    >>> str(Stratum(3, "im2col")), Stratum.read("3/im2col").kernel
    ('3/im2col', 'im2col')
    """

    layer: int
    kernel: str

    def __str__(self) -> str:
        return f"{self.layer}/{self.kernel}"

    @classmethod
    def read(cls, text: str) -> Stratum:
        """Return the stratum that a text names.

        Raises
        ------
        ValueError
            If it names none.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no stratum")
        return cls(int(found.group(1)), found.group(2))
