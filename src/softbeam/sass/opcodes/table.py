"""How a family of opcodes writes its rows into the table."""

from __future__ import annotations

from typing import TypedDict, Unpack

from softbeam.sass.opcodes.opcode import Immediate, Opcode, Shape

#: Where the knowledge of an opcode comes from.
RECORDED = "recorded on an H100: golden launches, traces and faults"
RECORDED_UNIT = "recorded on an H100 for all 2^32 inputs"
MANUAL = "CUDA Binary Utilities, instruction set reference (name), and PTX ISA (semantics)"
COMPILED = "inferred from the code that NVIDIA's compiler puts around it"

#: Of instructions that only Blackwell has, none of which is recorded.
BLACKWELL = (
    "CUDA Binary Utilities, Blackwell instruction set (name); meaning: inferred from the code that "
    "NVIDIA's compiler makes of the same source for other architectures"
)

#: Of instructions and forms that were compiled from a function of CUDA or an instruction of PTX.
HOST = f"{COMPILED}, and PTX ISA; compared with a host"

#: Of instructions on words that Blackwell also has on pairs.
RECORDED_WORDS = f"{RECORDED}; of 64 bits: inferred from compiled code for Blackwell"

COMPARISONS = "F LT EQ LE GT NE GE T"
FLOAT_COMPARISONS = f"{COMPARISONS} NUM NAN LTU EQU LEU GTU NEU GEU"
ROUNDINGS = "RN RM RP RZ"


class Facts(TypedDict, total=False):
    """What a row says besides name, summary and modifiers; see :class:`Opcode`."""

    shape: Shape
    group: str
    sassifi: str
    immediate: Immediate
    inexact: str
    source: str
    executes: str
    without_effect: bool


class Table:
    """The rows, by name, while they are being written."""

    def __init__(self) -> None:
        self.rows: dict[str, Opcode] = {}

    def add(
        self,
        names: str,
        summary: str,
        modifiers: str = "",
        *,
        uniform: bool = False,
        common: Facts | None = None,
        **own: Unpack[Facts],
    ) -> None:
        """Add a row for each of the names; `common`: facts that it shares with other rows."""
        facts: Facts = {**(common or {}), **own}
        for name in names.split():
            self.rows[name] = Opcode(
                name=name,
                summary=summary,
                shape=facts.get("shape", Shape.COMPUTE),
                group=facts.get("group", "other"),
                sassifi=facts.get("sassifi", "MISC"),
                immediate=facts.get("immediate", Immediate.INTEGER),
                modifiers=frozenset(modifiers.split()),
                uniform=uniform,
                inexact=frozenset(facts.get("inexact", "").split()),
                source=facts.get("source", RECORDED),
                executes=facts.get("executes", ""),
                without_effect=facts.get("without_effect", False),
            )

    def both(
        self,
        names: str,
        summary: str,
        modifiers: str = "",
        *,
        twin: Facts | None = None,
        common: Facts | None = None,
        **own: Unpack[Facts],
    ) -> None:
        """Add an opcode of the general datapath and its uniform twin, whose name begins with U.

        `twin`: facts of the uniform one that differ.
        """
        facts: Facts = {**(common or {}), **own}
        self.add(names, summary, modifiers, common=facts)
        twins = " ".join(f"U{name}" for name in names.split())
        facts = {**facts, **(twin or {})}
        self.add(twins, f"{summary} (uniform)", modifiers, uniform=True, common=facts)
