"""How a warp, a block or a launch ended: names for the interpreter's statuses and reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core import layout as k
from softbeam.sass.instruction import pc_of

#: Names of endings that are no exceptions.  The last two are early ends of a fault that is
#: followed: it can change nothing any more.
COMPLETED, HANG, NEVER_READ, OVERWRITTEN = "completed", "hang", "never read", "overwritten"

#: The GPU's own names of its exceptions, by status.
EXCEPTIONS = {
    k.ILLEGAL_ADDRESS: "Illegal Address",
    k.MISALIGNED_ADDRESS: "Misaligned Address",
    k.OUT_OF_RANGE_ADDRESS: "Out-of-range Address",
    k.INVALID_ADDRESS_SPACE: "Invalid Address Space",
    k.ILLEGAL_INSTRUCTION: "Illegal Instruction",
    k.INVALID_PC: "Invalid PC",
}

#: Why a launch hangs.
REASONS = {
    k.HANG_BUDGET: "budget",
    k.HANG_DEADLOCK: "deadlock",
    k.HANG_LAUNCH: "launch budget",
}

_NAMES = {
    **EXCEPTIONS,
    k.FINISHED: COMPLETED,
    k.HANG: HANG,
    k.NEVER_READ: NEVER_READ,
    k.OVERWRITTEN: OVERWRITTEN,
}
_ADDRESSED = frozenset(
    {
        k.ILLEGAL_ADDRESS,
        k.MISALIGNED_ADDRESS,
        k.OUT_OF_RANGE_ADDRESS,
        k.INVALID_ADDRESS_SPACE,
    }
)


def name_of(status: int) -> str:
    """Return the name of a status of the interpreter: an ending, or an exception's own name."""
    return _NAMES.get(status, f"stop {status}")


@dataclass(frozen=True, slots=True)
class Ending:
    """How one warp, one block or a whole launch ended.

    Attributes
    ----------
    status : int
        The interpreter's own number; :attr:`name` says what it means.
    words : numpy.ndarray of int64
        Words of the pool that were stored to, ascending.
    values : numpy.ndarray of uint32
        What was left there.
    information : numpy.ndarray of int64
        The interpreter's report, private to this package; the properties name its entries.
        Of a launch: that of the struck unit, of the one that did not finish, or of the last.
    kept : numpy.ndarray of int64, or None
        Of a unit whose program stores bytes or halves of words: a bit for each byte of each word
        that it did not store, and that `values` holds as the unit found it; None: none.
    """

    status: int
    words: NDArray[np.int64]
    values: NDArray[np.uint32]
    information: NDArray[np.int64]
    kept: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """How it ended: ``completed``, ``hang``, an exception's name, or a fault's early end."""
        return name_of(self.status)

    @property
    def finished(self) -> bool:
        """Whether it ran to its end."""
        return self.status == k.FINISHED

    @property
    def exception(self) -> str | None:
        """The GPU's own name of the exception that ended it; None if none did."""
        return EXCEPTIONS.get(self.status)

    @property
    def ended_early(self) -> bool:
        """Whether it stopped because a followed fault can change nothing any more."""
        return self.status in (k.NEVER_READ, k.OVERWRITTEN)

    @property
    def resolved(self) -> bool:
        """Whether it stopped at the occurrence that a search asked for."""
        return self.status == k.RESOLVED

    @property
    def pc(self) -> int:
        """Where it stopped, if it did not finish."""
        return pc_of(int(self.information[k.INFO_ROW]))

    @property
    def place(self) -> tuple[int, int]:
        """Block, and warp in it, in which it stopped, if it did not finish."""
        return int(self.information[k.INFO_BLOCK]), int(self.information[k.INFO_WARP])

    @property
    def reason(self) -> str | None:
        """Why it hangs; None for other endings."""
        return REASONS[int(self.information[k.INFO_HANG])] if self.status == k.HANG else None

    @property
    def address(self) -> int | None:
        """The address of the access that raised its exception; None for other endings."""
        if self.status not in _ADDRESSED:
            return None
        return int(self.information[k.INFO_ADDRESS]) % (1 << 64)

    @property
    def instructions(self) -> int:
        """Warp instructions that were executed."""
        return int(self.information[k.INFO_INSTRUCTIONS])

    @property
    def longest(self) -> int:
        """Most instructions that one thread executed."""
        return int(self.information[k.INFO_LONGEST])

    @property
    def fired(self) -> int:
        """How often the fault was applied; of a search that found nothing, how many it counted."""
        return int(self.information[k.INFO_FIRED])

    @property
    def before(self) -> int:
        """The struck value before the fault."""
        return int(self.information[k.INFO_BEFORE])

    @property
    def after(self) -> int:
        """The struck value after the fault."""
        return int(self.information[k.INFO_AFTER])

    @property
    def lane(self) -> int:
        """The lane that a search found."""
        return int(self.information[k.INFO_LANE])

    @property
    def occurrence(self) -> int:
        """How often the thread that a search found had reached the pc before."""
        return int(self.information[k.INFO_OCCURRENCE])

    @property
    def unrecorded(self) -> int:
        """Accesses to memory of which nothing is recorded, mapped or never probed."""
        return int(self.information[k.INFO_UNRECORDED] + self.information[k.INFO_UNPROBED])

    @property
    def foreign(self) -> int:
        """Stores of others that took effect meanwhile."""
        return int(self.information[k.INFO_FOREIGN])

    def applied(self, pool: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return a copy of the pool with what was stored."""
        after = pool.copy()
        after[self.words] = self.values
        return after
