"""Rows of the opcode table: control flow and barriers."""

from __future__ import annotations

from softbeam.sass.opcodes.opcode import Shape
from softbeam.sass.opcodes.table import BLACKWELL, COMPILED, MANUAL, RECORDED, Facts, Table


def add_to(table: Table) -> None:
    """Add this family's rows."""
    control: Facts = {"shape": Shape.CONTROL, "group": "none", "sassifi": "none"}
    named: Facts = {**control, "source": MANUAL}
    inferred: Facts = {
        **control,
        "source": f"name: {MANUAL.split(',')[0]}; meaning: {COMPILED}",
    }
    table.add(
        "BRA",
        "branch; .DIV, .CONV if threads that the mask names are missing, are here",
        "U DIV CONV",
        common=control,
    )
    table.add("JMP", "jump to an address", common=named)
    table.add("BRX", "branch to a register's value plus the next pc", common=named)
    table.add(
        "BRXU",
        "branch to a uniform register's value plus the next pc (uniform)",
        uniform=True,
        common={**control, "source": BLACKWELL},
    )
    kinds = "RECONVERGENT RELIABLE"
    waits: Facts = {**control, "source": f"{RECORDED}; its kinds: {COMPILED}"}
    table.add(
        "BSSY", "name the threads that will wait at a convergence barrier", kinds, common=waits
    )
    table.add("BSYNC", "wait at a convergence barrier", kinds, common=waits)
    table.add(
        "BREAK", "wait no longer for threads at a convergence barrier", kinds, common=inferred
    )
    table.add("WARPSYNC", "wait for the lanes of a mask", "ALL EXCLUSIVE COLLECTIVE", common=named)
    table.add("CALL", "call a subroutine", "REL ABS NOINC", common=control)
    table.add("RET", "jump to the pc in a register pair", "REL ABS NODEC", common=control)
    table.add(
        "BMOV",
        "copy the mask of a convergence barrier to or from a register, or to another barrier; "
        ".CLEAR: and clear it",
        "32 CLEAR",
        shape=Shape.COMPUTE,
        source=inferred["source"],
    )
    table.add("EXIT", "end the thread", common=control)
    table.add(
        "BAR",
        "barrier of the block; .RED counts predicates over it; or, by number, of so many threads",
        "SYNC ARV RED POPC AND OR DEFER_BLOCKING",
        common={**control, "source": f"{RECORDED}; by number: {MANUAL}"},
    )
    table.add("NOP", "nothing", common=control)
    table.add("ENDCOLLECTIVE", "end of what WARPSYNC.COLLECTIVE began: nothing", common=inferred)
    table.add(
        "YIELD NANOSLEEP",
        "let other threads run: nothing, as they run or take turns anyway",
        "WARP",
        without_effect=True,
        common=named,
    )
    table.add(
        "MEMBAR ERRBAR CGAERRBAR CCTL FENCE DEPBAR LDGDEPBAR",
        "order of memory accesses: nothing, as they take effect in order",
        "SC ALL CTA GPU SYS VC IVALL IV LE SB0 SB1 SB2 SB3 SB4 SB5 VIEW ASYNC E PF1 PF2 C",
        without_effect=True,
        common=named,
    )
