"""Modes: what a fault strikes, where, and when; one record a mode.

A mode says from which instructions its places are drawn, what is struck there, which bit-flip
models it takes, and what the columns of a result hold of it.  Counting places is
in :mod:`softbeam.faults.space`, drawing them in :mod:`softbeam.faults.drawing`, and what is done to
a value in :mod:`softbeam.faults.models`.  The rules are in ``docs/methods.md``, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from softbeam.errors import CampaignError
from softbeam.faults.models import MODELS, SEMANTICS, WARP, Change
from softbeam.sass.accesses import named_predicates, named_uniforms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from softbeam.emulator.lowering import Program
    from softbeam.network.plan import Plan
    from softbeam.sass.instruction import Function


class Drawing(Protocol):
    """Named uniform draws, such as :class:`softbeam.faults.randomness.Draws`."""

    def below(self, limit: int, name: str) -> int:
        """Return an integer uniform over 0 … limit - 1."""


Kind = Literal[
    "before", "after", "predicate", "uniform", "shared", "index", "store", "results", "memory"
]


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault changes.

    Attributes
    ----------
    name : str
        Its word in results.
    kind : str
        How it is struck.  In the emulator: ``before`` and ``after``, a register around the
        instruction; ``predicate``, ``uniform`` and ``shared``, a predicate, a uniform register or
        a word of shared memory before it; ``index``, the index of its destination; ``store``, the
        address of its store; ``results``, all results of a functional unit.  ``memory``: a word of
        global memory before a launch.
    width : int
        Its bits.
    words : str
        How a replay tells of it: a format of ``register``, ``before``, ``after``, ``value`` (the
        change from the one to the other) and ``flip``.
    values : bool
        Whether results hold its value before and after.
    title : str
        What its bits are bits of, for a reader; its name where none is given.
    under : callable
        From a change and the semantics to what becomes of it here.
    """

    name: str
    kind: Kind
    width: int
    words: str
    values: bool = True
    title: str = ""
    under: Callable[[Change, str], Change] = lambda changed, semantics: changed


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode of injection.

    Attributes
    ----------
    name : str
        Its name in options and results.
    title : str
        What the name stands for.
    strikes : str
        What it strikes, in a few words for the help.
    targets : tuple of Target
        All that it strikes.
    space : {"instructions", "memory", "units"}
        What a place is: a dynamic thread-instruction (:mod:`softbeam.faults.space`), a word of
        memory before a launch (:mod:`softbeam.faults.memory`), or a functional unit
        (:mod:`softbeam.faults.units`).
    places : callable or None
        From a program to bool[instructions]: whether an instruction has places, or is one of a
        unit; None where none has.
    target : callable or None
        From a program, the number of the drawn instruction and the draws to the target and its
        register, which is None where there is none; None where instructions are not drawn.
    buffers : callable or None
        From a plan to the buffers whose words are struck.
    executed : bool
        Whether an instruction that a predicate turns off has no place.
    flips_only : bool
        Whether it takes only the models that flip bits.
    wide : bool
        Whether it takes the models that strike all threads of a warp.
    semantics : tuple of str
        Whose rules have this mode.
    lacking : str
        What programs lack that have no place, as the end of a sentence.
    """

    name: str
    title: str
    strikes: str
    targets: tuple[Target, ...]
    space: Literal["instructions", "memory", "units"] = "instructions"
    places: Callable[[Program], NDArray[np.bool_]] | None = None
    target: Callable[[Program, int, Drawing], tuple[Target, int | None]] | None = None
    buffers: Callable[[Plan], Iterable[str]] | None = None
    executed: bool = True
    flips_only: bool = False
    wide: bool = True
    semantics: tuple[str, ...] = SEMANTICS
    lacking: str = ""

    @property
    def part(self) -> str:
        """What divides a layer, or the network, in its tables: kernels, buffers or opcodes."""
        return {"instructions": "kernel", "memory": "buffer", "units": "opcode"}[self.space]

    @property
    def heading(self) -> str:
        """Its name and what that stands for, such as ``RF, register file``."""
        return f"{self.name.upper()}, {self.title}"

    @property
    def follows(self) -> bool:
        """Whether the struck register is followed, so that a fault can be never read."""
        return any(target.kind == "before" for target in self.targets)

    def takes(self, model: str) -> bool:
        """Return whether the mode takes a bit-flip model."""
        chosen = MODELS[model]
        narrowest = min(target.width for target in self.targets)
        return (
            chosen.flips <= narrowest
            and (chosen.flips > 0 or not self.flips_only)
            and (self.wide or not chosen.wide)
            and (self.space == "units" or not chosen.stays)
        )


def sassifi_address_change(flip: Change) -> Change:
    """Return what SASSIFI makes of a flip of a store's 64 address bits.

    Bits 0 to 30 are flipped as they are, bit 31 flips all bits from 31 up, and a flip of bits 32
    to 63 alone loses the store.
    """
    low = flip.value & 0x7FFFFFFF
    if flip.value & 0x80000000:
        low |= 0xFFFFFFFF_80000000
    return replace(flip, value=low, drops=low == 0)


def _sassifi_address(changed: Change, semantics: str) -> Change:
    return sassifi_address_change(changed) if semantics == "sassifi" else changed


def _sassifi_index(changed: Change, semantics: str) -> Change:
    return replace(changed, drops=semantics == "sassifi")


_BEFORE = Target("register", "before", 32, "R{register}{value}")
_AFTER = Target("register", "after", 32, "R{register}{value}")
_INDEX = Target(
    "destination_index",
    "index",
    8,
    "index of the destination R{register}: R{before} → R{after}",
    title="register index",
    under=_sassifi_index,
)
_ADDRESS = Target(
    "store_address",
    "store",
    64,
    "address of the store, XOR {flip:#x}",
    values=False,
    under=_sassifi_address,
)
#: Addresses in shared and in local memory have 32 bits.
_SHORT_ADDRESS = replace(_ADDRESS, width=32)


_PREDICATE = Target("predicate", "predicate", 1, "P{register}{value}")
_UNIFORM = Target("uniform_register", "uniform", 32, "UR{register}{value}")
_SHARED = Target("shared_word", "shared", 32, "word {word} of the block's shared memory{value}")
_WORD = Target("word", "memory", 32, "word {word} of {buffer} before the launch{value}")
_RESULTS = Target(
    "results",
    "results",
    32,
    "all results of {opcode} in lane {lane} of multiprocessor {sm}",
    values=False,
)


def _written_register(program: Program, row: int, draws: Drawing) -> tuple[Target, int | None]:
    written = program.destinations[row]
    return _AFTER, written[draws.below(len(written), "register")]


def _where_it_goes(program: Program, row: int, draws: Drawing) -> tuple[Target, int | None]:
    if program.stores[row]:
        return _SHORT_ADDRESS if program.short[row] else _ADDRESS, None
    return _INDEX, program.destinations[row][0]


def _one_of(target: Target, among: Callable[[Program], Sequence[int]]) -> dict[str, Any]:
    """Return what a mode needs that strikes any one of a program's, before any instruction."""

    def places(program: Program) -> NDArray[np.bool_]:
        import numpy as np

        return np.full(program.general.size, len(among(program)) > 0)

    def drawn(program: Program, row: int, draws: Drawing) -> tuple[Target, int | None]:
        numbers = among(program)
        return target, numbers[draws.below(len(numbers), "register")]

    return {"places": places, "target": drawn, "targets": (target,), "executed": False}


def _remembered(
    named: Callable[[Function], tuple[int, ...]],
) -> Callable[[Program], tuple[int, ...]]:
    """Return a function of a program that is worked out once for each: for every injection asks."""
    known: dict[int, tuple[Program, tuple[int, ...]]] = {}

    def of(program: Program) -> tuple[int, ...]:
        # Programs are few, live as long as the process, and have no hash.
        if id(program) not in known:
            known[id(program)] = program, named(program.function)
        return known[id(program)][1]

    return of


def _trained(plan: Plan) -> Iterable[str]:
    return plan.trained()


def _feature_maps(plan: Plan) -> Iterable[str]:
    """Return the buffers that a launch or the host reads and that hold nothing trained."""
    read = {span.buffer for launch in plan.launches for span in launch.reads} | {*plan.read_at_end}
    trained = set(_trained(plan))
    return [name for name in plan.buffers if name in read - trained]


def _memory(buffers: Callable[[Plan], Iterable[str]]) -> dict[str, Any]:
    """Return what a mode needs that strikes words of memory."""
    return {
        "buffers": buffers,
        "targets": (_WORD,),
        "space": "memory",
        "wide": False,
        "semantics": ("hardware",),
    }


#: All modes by name: the paper's, in the order of its text and figures (figures 1 to 3, and 4a to
#: c), then the others.
MODES: Mapping[str, Mode] = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            Mode(
                name="rf",
                title="register file",
                strikes="a register of a thread, just before one of its instructions",
                **_one_of(_BEFORE, lambda program: range(program.function.registers)),
                semantics=("hardware", "sassifi"),
            ),
            Mode(
                name="ioa",
                title="instruction output address",
                strikes="where an instruction's result goes: another register, another address",
                places=lambda program: program.general | program.stores,
                target=_where_it_goes,
                targets=(_INDEX, _ADDRESS),
                flips_only=True,
                semantics=("hardware", "sassifi"),
            ),
            Mode(
                name="iov",
                title="instruction output value",
                strikes="a register that an instruction has just written",
                places=lambda program: program.general,
                target=_written_register,
                targets=(_AFTER,),
            ),
            Mode(
                name="predicate",
                title="predicates",
                strikes="a predicate of a thread, just before one of its instructions",
                **_one_of(_PREDICATE, _remembered(named_predicates)),
                semantics=("hardware",),
                lacking=": none of the kernels names a predicate",
            ),
            Mode(
                name="uniform",
                title="uniform registers",
                strikes="a uniform register of a warp, just before an instruction of its threads",
                **_one_of(_UNIFORM, _remembered(named_uniforms)),
                wide=False,
                semantics=("hardware",),
                lacking=": none of the kernels names a uniform register that is no descriptor",
            ),
            Mode(
                name="shared",
                title="shared memory",
                strikes="a word of a block's shared memory, just before an instruction of its "
                "threads",
                **_one_of(_SHARED, lambda program: range(program.function.shared_bytes // 4)),
                wide=False,
                semantics=("hardware",),
                lacking=": none of the kernels has shared memory",
            ),
            Mode(
                name="weights",
                title="weights in memory",
                strikes="a word of the weights, biases and statistics, before a launch",
                **_memory(_trained),
            ),
            Mode(
                name="activations",
                title="feature maps in memory",
                strikes="a word of the feature maps, before a launch",
                **_memory(_feature_maps),
            ),
            Mode(
                name="permanent",
                title="permanent fault of a unit",
                strikes="all results of one opcode in one lane of a multiprocessor, for a whole "
                "inference",
                space="units",
                places=lambda program: program.general,
                targets=(_RESULTS,),
                wide=False,
                semantics=("hardware",),
            ),
        )
    }
)

#: Modes and models of the paper's campaign, with its number of injections each.
PAPER = (("rf", "single-bit"), ("ioa", "single-bit"), ("iov", "random-value"))
PAPER_INJECTIONS = 1000


#: Modes whose fault spaces tell what the code executes and stores, and so what hardening it costs.
PRICED = ("rf", "ioa", "iov")


def mode_order(mode: str) -> tuple[int, str]:
    """Return what modes are sorted by: the paper's order, then unknown ones by name."""
    known = list(MODES)
    return (known.index(mode) if mode in MODES else len(known), mode)


def targets() -> dict[str, str]:
    """Return the words of all targets in results, with what they are for a reader."""
    return {
        target.name: target.title or target.name.replace("_", " ")
        for mode in MODES.values()
        for target in mode.targets
    }


def of_code(mode: str) -> bool:
    """Return whether a mode strikes instructions, so that hardening code is an answer to it."""
    return mode in MODES and MODES[mode].space == "instructions"


def target_of(mode: str, name: str) -> Target:
    """Return a mode's target by its word in results."""
    return next(target for target in MODES[mode].targets if target.name == name)


def check_model(mode: str, model: str) -> None:
    """Raise unless a mode and a model exist and go together.

    Raises
    ------
    CampaignError
        Naming what was given and what there is.
    """
    if mode not in MODES:
        raise CampaignError(f"'{mode}' is not a mode; the modes are {', '.join(MODES)}")
    if model not in MODELS:
        raise CampaignError(
            f"'{model}' is not a bit-flip model; the models are {', '.join(_listed(MODELS))}"
        )
    if not MODES[mode].takes(model):
        takes = _listed(one for one in MODELS if MODES[mode].takes(one))
        raise CampaignError(
            f"mode {mode} ({MODES[mode].title}) takes no {model}; use {' or '.join(takes)}"
        )


def _listed(models: Iterable[str]) -> list[str]:
    """Return models as an error names them: those of many bits as one."""
    models = list(models)
    most = max((MODELS[one].flips for one in models), default=0)
    named = [one for one in models if MODELS[one].listed]
    return [*named, f"3-bit to {most}-bit"] if most > 2 else named


def check_semantics(semantics: str, mode: str) -> None:
    """Raise unless semantics exist and have a mode.

    Raises
    ------
    CampaignError
        Naming what was given and what there is.
    """
    if semantics not in SEMANTICS:
        raise CampaignError(
            f"'{semantics}' is not a fault semantics; there are {', '.join(SEMANTICS)}"
        )
    if semantics not in MODES[mode].semantics:
        having = [one.name for one in MODES.values() if semantics in one.semantics]
        raise CampaignError(
            f"the rules of {semantics} have no mode {mode}; they have {', '.join(having)}"
        )


def in_words(values: Mapping[str, Any]) -> str:
    """Return what names stand for, for the help: ``rf (register file: strikes …)``."""
    return "; ".join(
        f"{name} ({one.title}: {one.strikes})" if isinstance(one, Mode) else f"{name} ({one.words})"
        for name, one in values.items()
        if not name.endswith(WARP) and getattr(one, "listed", True)
    )
