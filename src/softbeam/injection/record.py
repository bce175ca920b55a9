"""One injection's row: what was struck and what came of it.

Each field of :class:`InjectionRecord` is a column of the results and is described here and nowhere
else: to store one more fact of every injection, add a field.  The words of endings are
in :mod:`softbeam.injection.outcomes`, those of what was struck in :mod:`softbeam.faults.modes`.
The rest of this package makes injections; :mod:`softbeam.campaign` keeps their records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from softbeam.faults.modes import MODES, target_of
from softbeam.injection.columns import columns_of, measured, one_of, stored
from softbeam.injection.outcomes import OUTCOMES

if TYPE_CHECKING:
    from softbeam.emulator.launching import Launch as EmulatedLaunch
    from softbeam.faults.site import FaultSite
    from softbeam.injection.classification import Outcome
    from softbeam.injection.strike import Strike
    from softbeam.network.plan import Launch


@dataclass(frozen=True, slots=True)
class Injection:
    """An injection that is over: what the fields of its record are taken from.

    Attributes
    ----------
    index, image : int
        Number within its stream, and which of the campaign's inputs the network was given.
    stratum : str
        ``LAYER/KERNEL`` from which the site was drawn, or empty.
    architecture : str
        Whose machine code was struck.
    site : FaultSite
        The fault.
    launch, emulated
        The struck launch in the plan, and as the emulator runs it.
    struck : Strike
        What the fault did within its launch.
    outcome : Outcome
        What became of the answer.
    propagated : bool
        Whether the rest of the network had to be computed for that.
    """

    index: int
    image: int
    stratum: str
    architecture: str
    site: FaultSite
    launch: Launch
    emulated: EmulatedLaunch
    struck: Strike
    outcome: Outcome
    propagated: bool

    @property
    def block(self) -> tuple[int, int, int]:
        """The struck block, along x, y and z."""
        return self.emulated.shape.block_index(self.site.block)

    @property
    def thread(self) -> tuple[int, int, int]:
        """The struck thread in its block, along x, y and z."""
        return self.emulated.shape.thread_index(self.site.thread)

    @property
    def opcode(self) -> str:
        """The struck instruction with its modifiers, such as ``"IMAD.WIDE"``."""
        return self.emulated.program.function.at(self.site.pc).name

    @property
    def _holds_values(self) -> bool:
        return target_of(self.site.mode, self.site.target).values

    @property
    def before(self) -> int | None:
        """The value before the change: a register's or an index; None for a store."""
        return self.struck.before if self._holds_values else None

    @property
    def after(self) -> int | None:
        """The value after the change: a register's or an index; None for a store."""
        return self.struck.after if self._holds_values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionRecord:
    """One row of a results file: a fault site and its outcome.

    The fields say what they are; ``docs/results.md`` lists them.

    A field that is added gets ``since``, the schema of the first results files that hold it, and a
    default, which results of older files have.
    """

    index: int = field(
        metadata=stored(
            "number of the injection within its mode, model and stratum, from 0",
            lambda one: one.index,
        )
    )
    mode: str = field(metadata=stored(one_of(MODES), lambda one: one.site.mode))
    model: str = field(
        metadata=stored("bit-flip model, such as `single-bit`", lambda one: one.site.model)
    )
    stratum: str = field(
        metadata=stored(
            "`LAYER/KERNEL` from which the site was drawn; empty: from all of the scope",
            lambda one: one.stratum,
        )
    )
    image: int = field(metadata=stored("number of the input, from 0", lambda one: one.image))
    launch: int = field(
        metadata=stored(
            "number of the struck launch in the network's plan, GEMM counted",
            lambda one: one.site.launch,
        )
    )
    layer: int = field(
        metadata=stored("Darknet's number of its layer", lambda one: one.launch.layer)
    )
    kernel: str = field(metadata=stored("the struck kernel", lambda one: one.launch.kernel))
    arch: str = field(
        metadata=stored("architecture of its machine code", lambda one: one.architecture)
    )
    block_x: int = field(metadata=stored("the struck block, along x", lambda one: one.block[0]))
    block_y: int = field(metadata=stored("the struck block, along y", lambda one: one.block[1]))
    block_z: int = field(metadata=stored("the struck block, along z", lambda one: one.block[2]))
    thread_x: int = field(
        metadata=stored("the struck thread in its block, along x", lambda one: one.thread[0])
    )
    thread_y: int = field(
        metadata=stored("the struck thread in its block, along y", lambda one: one.thread[1])
    )
    thread_z: int = field(
        metadata=stored("the struck thread in its block, along z", lambda one: one.thread[2])
    )
    pc: int = field(
        metadata=stored(
            "byte address of the struck instruction in its kernel",
            lambda one: one.site.pc,
            unit="bytes",
        )
    )
    opcode: str = field(
        metadata=stored(
            "the struck instruction's opcode with its modifiers", lambda one: one.opcode
        )
    )
    occurrence: int = field(
        metadata=stored(
            "how often the thread had reached the pc before",
            lambda one: one.site.occurrence,
            unit="times",
        )
    )
    target: str = field(
        metadata=stored(
            one_of(target.name for mode in MODES.values() for target in mode.targets),
            lambda one: one.site.target,
        )
    )
    register: int | None = field(
        metadata=stored(
            "the changed register, or the destination's first one; empty for a store",
            lambda one: one.site.register,
        )
    )
    bit: int | None = field(
        metadata=stored(
            "lowest flipped bit; empty where the model flips none", lambda one: one.site.change.bit
        )
    )
    before: int | None = field(
        metadata=stored(
            "the struck value (of an index, the index) before the change; empty for a store",
            lambda one: one.before,
            kind="uint64",
        )
    )
    after: int | None = field(
        metadata=stored(
            "the struck value (of an index, the index) after the change; empty for a store",
            lambda one: one.after,
            kind="uint64",
        )
    )
    outcome: str = field(metadata=stored(one_of(OUTCOMES), lambda one: one.outcome.outcome))
    detail: str = field(
        metadata=stored(
            "what the outcome is divided into, see [methods](methods.md); of a detector "
            "`box class`, `box number` or `box position` instead of `critical` and `top-5`",
            lambda one: one.outcome.detail,
        )
    )
    propagated: bool = field(
        metadata=stored(
            "whether the rest of the network had to be computed", lambda one: one.propagated
        )
    )
    changed_words: int = field(
        metadata=stored(
            "words of memory that the struck warp left different",
            lambda one: one.struck.changed_words,
            unit="words",
        )
    )
    not_finite: bool = field(
        metadata=stored(
            "whether the answer of an SDC holds a NaN or an infinity",
            lambda one: one.outcome.not_finite,
        )
    )
    unrecorded: int = field(
        metadata=stored(
            "accesses to memory of which no recording says what it holds",
            lambda one: one.struck.unrecorded,
            unit="accesses",
        )
    )
    instructions: int = field(
        metadata=stored(
            "warp instructions that the strike executed",
            lambda one: one.struck.instructions,
            unit="instructions",
        )
    )
    top1: int | None = field(
        metadata=stored(
            "first class with the fault, of an SDC that has one", lambda one: one.outcome.top1
        )
    )
    largest_change: float | None = field(
        metadata=stored(
            "largest absolute change of a score, of an SDC; can be infinite",
            lambda one: one.outcome.largest_change,
            unit="of a score",
        )
    )

    @classmethod
    def of(cls, injection: Injection) -> InjectionRecord:
        """Return the record of an injection that is over."""
        return cls(**measured(cls, injection))


#: The columns of results files, in the order of the record's fields.
STORED_COLUMNS = columns_of(InjectionRecord)
