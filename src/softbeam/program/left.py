"""What the fault-free run of a program left behind each launch, so that it is not run twice.

It stays in the process that ran the program: sent to another it is empty, and launches are emulated
there where their results are needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from softbeam.network.golden import GoldenRun
from softbeam.program.accesses import Words
from softbeam.program.description import Description
from softbeam.program.recording import StepRecord

Values = NDArray[np.uint32]


class Left:
    """What each launch of a program left.

    Parameters
    ----------
    contents : mapping of str to numpy.ndarray
        What the host had put into buffers, by name.
    stores : mapping of int to (words, values)
        By launch the words that it wrote, counted from the program's first and ascending, and what
        it left there.
    """

    def __init__(
        self,
        contents: Mapping[str, NDArray[np.generic]] | None = None,
        stores: Mapping[int, tuple[Words, Values]] | None = None,
    ) -> None:
        self._contents, self._stores = contents or {}, stores or {}
        self._fits: WeakKeyDictionary[GoldenRun, bool] = WeakKeyDictionary()

    @classmethod
    def of(cls, program: Description, records: Sequence[StepRecord]) -> Self:
        """Return what a run left."""
        contents = {
            name: one.content for name, one in program.buffers.items() if one.content is not None
        }
        return cls(contents, {one.step: (one.words, one.values) for one in records})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as what is known elsewhere: nothing."""
        return type(self), ()

    def behind(self, launch: int, golden: GoldenRun) -> tuple[Words, Values] | None:
        """Return the words that a launch wrote, and what it left there; None if it is not known.

        Parameters
        ----------
        launch : int
            Its number.
        golden : GoldenRun
            Whose memory before the first launch must hold what it held then.
        """
        if launch not in self._stores:
            return None
        if golden not in self._fits:
            self._fits[golden] = all(
                np.array_equal(
                    golden.view(name, 0).view(np.uint8)[: content.nbytes],
                    np.ascontiguousarray(content).reshape(-1).view(np.uint8),
                )
                for name, content in self._contents.items()
            )
        return self._stores[launch] if self._fits[golden] else None
