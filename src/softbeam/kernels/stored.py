"""Which float words a launch stores, as facts: what hardened kernels clamp and limits are about.

Planning needs these facts and no NumPy, which is imported where words are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from softbeam.errors import InternalError
from softbeam.kernels.signatures import Arguments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Stored:
    """Float words that a launch stores behind a pointer: some along each axis, equally far apart.

    Parameters
    ----------
    pointer
        The parameter that points to them; or, where words of a buffer are meant, its name.
    sizes, steps
        How many there are along each axis, and how many words one is behind the other.
    first
        The place of the first, in words from the pointer or the buffer's start.
    """

    pointer: str
    sizes: tuple[int, ...]
    steps: tuple[int, ...]
    first: int = 0

    @property
    def words(self) -> int:
        """How many there are, each counted once."""
        return prod(self.sizes)

    @property
    def is_dense(self) -> bool:
        """Whether they lie side by side, in order."""
        wanted = 1
        for size, step in zip(reversed(self.sizes), reversed(self.steps), strict=True):
            if size > 1 and step != wanted:
                return False
            wanted *= size
        return True

    @property
    def last(self) -> int:
        """The place of the last of them; that before the first where there is none."""
        if not self.words:
            return self.first - 1
        far = zip(self.sizes, self.steps, strict=True)
        return self.first + sum((size - 1) * step for size, step in far)

    def behind(self, buffer: str, word: int) -> Stored:
        """Return the same words counted from the start of a buffer that the pointer points into."""
        return replace(self, pointer=buffer, first=self.first + word)

    def of(self, words: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return them of what lies behind the pointer, as a view that can be written."""
        from numpy.lib.stride_tricks import as_strided

        if not self.words:
            return words[:0]
        if self.last >= words.size:
            # A view behind the end would not be noticed.
            raise InternalError(f"{self} lies outside of {words.size} words")
        if self.is_dense:
            return words[self.first : self.first + self.words]
        steps = tuple(step * words.itemsize for step in self.steps)
        return as_strided(words[self.first :], self.sizes, steps)

    def holds(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which places, counted as `first` is, are among them."""
        import numpy as np

        if self.is_dense:
            return (places >= self.first) & (places < self.first + self.words)
        found = np.full(1, self.first, dtype=np.int64)
        for size, step in zip(self.sizes, self.steps, strict=True):
            found = np.add.outer(found, np.arange(size) * step).reshape(-1)
        return np.isin(places, found)


Stores = Callable[[Arguments], tuple[Stored, ...]]
"""From a launch's arguments to the float words that it stores."""


def dense(pointer: str, *factors: str) -> Stores:
    """Return the stores of a kernel that writes a run of words, from a pointer on.

    Parameters
    ----------
    pointer
        The parameter that points to them.
    factors
        Parameters whose product is their number.
    """
    return lambda arguments: (
        Stored(pointer, (prod(getattr(arguments, name) for name in factors),), (1,)),
    )
