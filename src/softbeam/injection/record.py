"""One injection's row: what was struck and what came of it.

Each field of :class:`InjectionRecord` is a column of the results and is described here and nowhere
else: to store one more fact of every injection, add a field.  The words of endings are
in :mod:`softbeam.injection.outcomes`, those of what was struck in :mod:`softbeam.faults.modes`.
The rest of this package makes injections; :mod:`softbeam.campaign` keeps their records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from softbeam.faults.modes import MODES, Target, target_of
from softbeam.faults.stratum import Stratum
from softbeam.injection.columns import columns_of, measured, one_of, stored
from softbeam.injection.outcomes import OUTCOMES

if TYPE_CHECKING:
    from softbeam.emulator.launching import Launch
    from softbeam.faults.site import Site
    from softbeam.injection.classification import Outcome
    from softbeam.injection.strike import Strike
    from softbeam.network.device import Device


@dataclass(frozen=True, slots=True)
class Injection:
    """An injection that is over: what the fields of its record are taken from.

    Attributes
    ----------
    index, image : int
        Number within its stream, and which of the campaign's inputs the network was given.
    stratum : str
        ``LAYER/KERNEL`` from which the site was drawn, or empty.
    device : Device
        What was struck.
    site : Site
        The fault.
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
    site: Site
    struck: Strike
    outcome: Outcome
    propagated: bool
    device: Device

    def of_site(self, name: str) -> Any:
        """Return what a fault of this kind has of a name; None if nothing."""
        return getattr(self.site, name, None)

    @property
    def place(self) -> Stratum:
        """The layer and kernel, or what stands for them."""
        cell: Stratum | None = self.of_site("cell")
        if cell is not None:
            return cell
        launch = self.device.plan.launches[self.of_site("launch")]
        return Stratum(launch.layer, launch.kernel)

    def block(self, axis: int) -> int | None:
        """Return the number of the struck block along an axis; None where none is struck."""
        number = self.of_site("block")
        return None if number is None else self._struck.shape.block_index(number)[axis]

    def thread(self, axis: int) -> int | None:
        """Return the number of the struck thread along an axis; None where none is struck."""
        number = self.of_site("thread")
        return None if number is None else self._struck.shape.thread_index(number)[axis]

    @property
    def opcode(self) -> str:
        """The struck instruction with its modifiers, such as ``"IMAD.WIDE"``; a unit's opcode."""
        pc = self.of_site("pc")
        if pc is None:
            return str(self.of_site("opcode") or "")
        return self._struck.program.function.at(pc).name

    @property
    def architecture(self) -> str:
        """Whose machine code was struck."""
        return self.device.architecture

    @property
    def _struck(self) -> Launch:
        return self.device.launch(self.of_site("launch"))

    @property
    def _target(self) -> Target:
        return target_of(self.site.mode, self.site.target)

    @property
    def register(self) -> int | None:
        """The struck register or predicate."""
        return None if self._target.kind == "shared" else self.of_site("register")

    @property
    def word(self) -> int | None:
        """The struck word of memory."""
        word: int | None = self.of_site("register" if self._target.kind == "shared" else "word")
        return word

    @property
    def _holds_values(self) -> bool:
        return self._target.values

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
    launch: int | None = field(
        metadata=stored(
            "number of the struck launch in the network's plan, GEMM counted; of a fault in "
            "memory the launch before which it happens; empty for one that stays",
            lambda one: one.of_site("launch"),
            optional_since=3,
        )
    )
    layer: int = field(
        metadata=stored(
            "Darknet's number of its layer; -1 for a fault that stays, which is in none",
            lambda one: one.place.layer,
        )
    )
    kernel: str = field(
        metadata=stored(
            "the struck kernel; of a fault in memory the layer's buffer, such as `weights`, of one "
            "that stays the opcode",
            lambda one: one.place.kernel,
        )
    )
    arch: str = field(
        metadata=stored("architecture of its machine code", lambda one: one.architecture)
    )
    block_x: int | None = field(
        metadata=stored(
            "the struck block, along x; empty where no thread is struck",
            lambda one: one.block(0),
            optional_since=3,
        )
    )
    block_y: int | None = field(
        metadata=stored("the struck block, along y", lambda one: one.block(1), optional_since=3)
    )
    block_z: int | None = field(
        metadata=stored("the struck block, along z", lambda one: one.block(2), optional_since=3)
    )
    thread_x: int | None = field(
        metadata=stored(
            "the struck thread in its block, along x",
            lambda one: one.thread(0),
            optional_since=3,
        )
    )
    thread_y: int | None = field(
        metadata=stored(
            "the struck thread in its block, along y",
            lambda one: one.thread(1),
            optional_since=3,
        )
    )
    thread_z: int | None = field(
        metadata=stored(
            "the struck thread in its block, along z",
            lambda one: one.thread(2),
            optional_since=3,
        )
    )
    pc: int | None = field(
        metadata=stored(
            "byte address of the struck instruction in its kernel",
            lambda one: one.of_site("pc"),
            unit="bytes",
            optional_since=3,
        )
    )
    opcode: str = field(
        metadata=stored(
            "the struck instruction's opcode with its modifiers; empty for a fault in memory",
            lambda one: one.opcode,
        )
    )
    occurrence: int | None = field(
        metadata=stored(
            "how often the thread had reached the pc before",
            lambda one: one.of_site("occurrence"),
            unit="times",
            optional_since=3,
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
            "the changed register, predicate or uniform register, or the destination's first one; "
            "empty for a store and for memory",
            lambda one: one.register,
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
    buffer: str | None = field(
        default=None,
        metadata=stored(
            "the struck buffer, of a fault in memory, such as `3.weights`",
            lambda one: one.of_site("buffer"),
            since=3,
        ),
    )
    word: int | None = field(
        default=None,
        metadata=stored(
            "the struck word of the buffer, or of the block's shared memory",
            lambda one: one.word,
            since=3,
        ),
    )
    multiprocessor: int | None = field(
        default=None,
        metadata=stored(
            "the struck multiprocessor, of a fault that stays",
            lambda one: one.of_site("multiprocessor"),
            since=3,
        ),
    )
    lane: int | None = field(
        default=None,
        metadata=stored(
            "the struck lane, of a fault that stays", lambda one: one.of_site("lane"), since=3
        ),
    )

    @classmethod
    def of(cls, injection: Injection) -> InjectionRecord:
        """Return the record of an injection that is over."""
        return cls(**measured(cls, injection))


#: The columns of results files, in the order of the record's fields.
STORED_COLUMNS = columns_of(InjectionRecord)
