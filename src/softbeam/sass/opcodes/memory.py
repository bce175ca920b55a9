"""Rows of the opcode table: loads, stores, atomics."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Shape
from softbeam.sass.opcodes.table import BLACKWELL, COMPILED, MANUAL, Facts, Table

_CACHE = (
    "E SYS STRONG WEAK CONSTANT GPU CTA SM EF EL LU NA EU CI LTC64B LTC128B LTC256B PRIVATE MMIO VM"
)
_WIDTHS = "U8 S8 U16 S16 32 64 128"
_ATOMIC = "ADD MIN MAX INC DEC AND OR XOR U32 S32 64 S64 U64 F32 F64 F16x2 FTZ RN"


def add_to(table: Table) -> None:
    """Add this family's rows."""
    _loads(table)
    _stores(table)
    _atomics(table)


def _loads(table: Table) -> None:
    load: Facts = {"shape": Shape.LOAD, "group": "load", "sassifi": "LD"}
    table.add("LDC", "load from a constant bank", _WIDTHS, common=load)
    table.add("ULDC", "load from a constant bank (uniform)", _WIDTHS, uniform=True, common=load)
    table.add(
        "LDCU",
        "load from a constant bank (uniform)",
        _WIDTHS,
        uniform=True,
        common={**load, "source": BLACKWELL},
    )
    table.add("LDG", "load from global memory", f"{_CACHE} {_WIDTHS}", common=load)
    table.add("LDL", "load from local memory", f"{_WIDTHS} LU", source=MANUAL, common=load)
    table.add(
        "LD", "load from memory of any space", f"{_CACHE} {_WIDTHS}", source=MANUAL, common=load
    )
    table.add(
        "LDS",
        "load from shared memory",
        f"{_WIDTHS} U",
        shape=Shape.LOAD,
        group="load",
        sassifi="LDS",
    )
    table.add(
        "LDGSTS",
        "copy from global to shared memory; at once here, which is one of the orders that waiting "
        "for it (LDGDEPBAR, DEPBAR) allows; zeros where its predicate does not hold",
        "E BYPASS ZFILL 64 128 LTC64B LTC128B LTC256B EF EL LU NA EU CI",
        shape=Shape.STORE,
        group="none",
        sassifi="none",
        source=f"{MANUAL} of cp.async; .ZFILL and the predicate: {COMPILED}",
    )
    table.add(
        "QSPC",
        "whether a generic address is one of shared (.S) or local (.L) memory",
        "E S L",
        group="predicate",
        sassifi="SETP",
        source=f"name: {MANUAL.split(',')[0]}; meaning: {COMPILED}",
    )


def _stores(table: Table) -> None:
    store: Facts = {"shape": Shape.STORE, "group": "none", "sassifi": "STORE"}
    table.add("STG", "store to global memory", f"{_CACHE} {_WIDTHS}", common=store)
    table.add("STS", "store to shared memory", _WIDTHS, common=store)
    table.add("STL", "store to local memory", _WIDTHS, source=MANUAL, common=store)
    table.add(
        "ST", "store to memory of any space", f"{_CACHE} {_WIDTHS}", source=MANUAL, common=store
    )


def _atomics(table: Table) -> None:
    source = f"{MANUAL}; lanes in ascending order: not fixed by the hardware"
    for name, where in (
        ("ATOM", "memory of any space"),
        ("ATOMG", "global memory"),
    ):
        table.add(
            name,
            f"read, change and write {where} in one step; gives the old value",
            f"{_CACHE} {_ATOMIC} EXCH CAS",
            group="load",
            sassifi="LD",
            inexact="F32 F64 F16x2",
            source=source,
        )
    table.add(
        "ATOMS",
        "read, change and write shared memory in one step; .CAST: gives whether it was swapped",
        f"{_ATOMIC} EXCH CAS CAST SPIN POPC 32",
        group="load",
        sassifi="LDS",
        inexact="F32 F64 F16x2",
        source=f"{source}; .CAST: {COMPILED}",
    )
    table.add(
        "RED REDG",
        "change global memory in one step, without an answer",
        f"{_CACHE} {_ATOMIC}",
        shape=Shape.STORE,
        group="none",
        sassifi="STORE",
        inexact="F32 F64 F16x2",
        source=source,
    )
