"""A stratum: the part of a fault space that is one kernel of one layer."""

from __future__ import annotations

from typing import NamedTuple


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
        layer, stroke, kernel = text.partition("/")
        if not (stroke and layer.isdecimal()):
            raise ValueError(f"{text!r} is no stratum")
        return cls(int(layer), kernel)
