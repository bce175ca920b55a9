"""What a row of the opcode table says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How the operands of an opcode are ordered."""

    COMPUTE = "[predicates] destination [predicates] sources [source predicates]"
    COMPARE = "predicate predicate sources source-predicates"
    CHECK = "predicate sources"
    VOTE = "[destination] predicates, then one source predicate"
    LOAD = "destination address"
    STORE = "address data"
    CONTROL = "sources and targets"


class Immediate(StrEnum):
    """What an immediate operand of an opcode is."""

    INTEGER = "integer"
    FLOAT = "float32"
    DOUBLE = "float64"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class Opcode:
    """One opcode of the table.

    Attributes
    ----------
    name : str
        As the disassembler writes it, without modifiers.
    summary : str
        What it does.
    shape : Shape
        Order of its operands.
    group : str
        NVBitFI's group (Tsai et al., DSN 2021, doi:10.1109/DSN48987.2021.00041): ``fp64`` and
        ``fp32`` arithmetic, ``load``, ``predicate`` (writes predicates only), ``none`` (no
        destination) and ``other``.
    sassifi : str
        SASSIFI's group (Hari et al., ISPASS 2017, doi:10.1109/ISPASS.2017.7975296):
        ``IADD_IMUL``, ``FADD_FMUL``, ``MAD``, ``FMA``, ``SETP``, ``LDS``, ``LD``, ``STORE``,
        ``MISC``, or ``none``.
    immediate : Immediate
        Type of its immediates.
    modifiers : frozenset of str
        Modifiers that softbeam knows, those without effect on the result included.
    uniform : bool
        Whether it runs on the uniform datapath, once for a group of threads.
    inexact : frozenset of str
        Modifiers with which the result is not bit-exact.
    source : str
        Where the knowledge comes from.
    executes : str
        Which operation the emulator executes for it, the operands that take the sources in order
        (a, b, c), and ``signed`` if it tells signed words from others: ``IMNMX a b signed``.
        Empty where how it is executed depends on its modifiers or operands; that is written in
        :mod:`softbeam.emulator.lowerings`.
    without_effect : bool
        Whether modifiers that are not explained elsewhere have no effect here.
    """

    name: str
    summary: str
    shape: Shape
    group: str
    sassifi: str
    immediate: Immediate
    modifiers: frozenset[str]
    uniform: bool
    inexact: frozenset[str]
    source: str
    executes: str
    without_effect: bool
