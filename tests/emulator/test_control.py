"""Branches, divergence, calls, barriers and endings: what the recordings taught, one by one.

The numbers of points are those of the README of the hardware recordings.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.launching import HEAD, launch, store

from softbeam.errors import UnsupportedInstruction


def lanes(result: object) -> list[int]:
    return result.words[:32].tolist()  # type: ignore[attr-defined]


# Divergence and uniform registers (points 1 and 2).


def diverged(condition: str, taken: str, rest: str) -> tuple[str, ...]:
    """Return a program whose threads part at a branch and meet again."""
    return (
        *HEAD,
        "UMOV UR4, URZ",
        "MOV R4, RZ",
        condition,
        "BSSY B0, (join)",
        "@P0 BRA (taken)",
        rest,
        "BRA (join)",
        "taken:",
        taken,
        "join:",
        "BSYNC B0",
        "IADD3 R4, R4, UR4, RZ",
        *store(),
    )


def test_both_sides_of_a_branch_run_with_their_own_lanes() -> None:
    code = diverged("ISETP.LT.AND P0, PT, R0, 0x5, PT", "MOV R4, 0x11", "MOV R4, 0x22")
    result = launch(code)
    assert result.ending == "completed"
    assert lanes(result) == [0x11] * 5 + [0x22] * 27


def test_uniform_instructions_run_once_for_each_diverged_group() -> None:
    """Point 1: a lane that leaves the others changes what they find in uniform registers."""
    add_both = ("UIADD3 UR4, UR4, 0x10, URZ", "UIADD3 UR4, UR4, 0x1, URZ")
    alone = diverged("ISETP.EQ.AND P0, PT, R0, 0x3, PT", *add_both)
    together = diverged("ISETP.LT.AND P0, PT, R0, 0x100, PT", *add_both)
    assert lanes(launch(alone)) == [0x11] * 32
    assert lanes(launch(together)) == [0x10] * 32


def test_a_uniform_comparison_leaves_convergence_barriers_alone() -> None:
    code = (
        *HEAD,
        "BSSY B5, (join)",
        "MOV R8, 0x7",
        "UISETP.LT.AND UP0, UPT, URZ, URZ, UPT",
        "BMOV.32 R4, B5",
        "join:",
        "BSYNC B5",
        *store(),
    )
    assert lanes(launch(code)) == [0xFFFFFFFF] * 32


@pytest.mark.parametrize("few", [1, 5, 15])
@pytest.mark.parametrize("taken_is_smaller", [True, False])
def test_the_smaller_group_runs_first(few: int, taken_is_smaller: bool) -> None:
    """Point 2: so what the larger group leaves in a uniform register stays."""
    compare = "LT" if taken_is_smaller else "GE"
    code = diverged(
        f"ISETP.{compare}.AND P0, PT, R0, {few:#x}, PT",
        "UMOV UR4, 0x1",
        "UMOV UR4, 0x2",
    )
    assert lanes(launch(code)) == [2 if taken_is_smaller else 1] * 32


@pytest.mark.parametrize("compare", ["LT", "GE"])
def test_of_equal_groups_the_one_without_the_lowest_lane_runs_first(compare: str) -> None:
    code = diverged(f"ISETP.{compare}.AND P0, PT, R0, 0x10, PT", "UMOV UR4, 0x1", "UMOV UR4, 0x2")
    assert lanes(launch(code)) == [1 if compare == "LT" else 2] * 32


def test_a_group_runs_until_it_waits_before_the_other_begins() -> None:
    """The smaller group runs through its loop to the BSYNC; only then the larger one starts."""
    code = (
        *HEAD,
        "UMOV UR4, URZ",
        "ISETP.EQ.AND P0, PT, R0, 0x7, PT",
        "BSSY B0, (join)",
        "MOV R5, RZ",
        "@P0 BRA (loop)",
        "MOV R4, UR4",
        "BRA (join)",
        "loop:",
        "UIADD3 UR4, UR4, 0x1, URZ",
        "IADD3 R5, R5, 0x1, RZ",
        "ISETP.LT.AND P1, PT, R5, 0x9, PT",
        "@P1 BRA (loop)",
        "MOV R4, 0x63",
        "join:",
        "BSYNC B0",
        *store(),
    )
    assert lanes(launch(code)) == [0x63 if lane == 7 else 9 for lane in range(32)]


def test_nested_divergence_meets_again_level_by_level() -> None:
    code = (
        *HEAD,
        "UMOV UR4, URZ",
        "MOV R4, RZ",
        "LOP3.LUT P0, RZ, R0, 0x1, RZ, 0xc0, !PT",
        "LOP3.LUT P1, RZ, R0, 0x2, RZ, 0xc0, !PT",
        "BSSY B0, (outer)",
        "@!P0 BRA (outer)",
        "BSSY B1, (inner)",
        "@!P1 BRA (inner)",
        "IADD3 R4, R4, 0x100, RZ",
        "inner:",
        "BSYNC B1",
        "UIADD3 UR4, UR4, 0x1, URZ",  # once for the odd lanes, together again
        "IADD3 R4, R4, 0x10, RZ",
        "outer:",
        "BSYNC B0",
        "IADD3 R4, R4, UR4, RZ",
        *store(),
    )
    assert lanes(launch(code)) == [
        1 + (0x10 if lane & 1 else 0) + (0x100 if lane & 3 == 3 else 0) for lane in range(32)
    ]


def test_loops_with_a_different_number_of_turns_in_each_lane() -> None:
    code = (
        *HEAD,
        "MOV R4, RZ",
        "MOV R5, R0",
        "BSSY B0, (join)",
        "loop:",
        "ISETP.LE.AND P0, PT, R5, RZ, PT",
        "@P0 BRA (join)",
        "IADD3 R4, R4, R5, RZ",
        "IADD3 R5, R5, -0x1, RZ",
        "BRA (loop)",
        "join:",
        "BSYNC B0",
        *store(),
    )
    assert lanes(launch(code)) == [lane * (lane + 1) // 2 for lane in range(32)]


def test_threads_that_exit_are_not_waited_for() -> None:
    code = (
        *HEAD,
        "ISETP.LT.AND P0, PT, R0, 0x4, PT",
        "BSSY B0, (join)",
        "@P0 BRA (gone)",
        "BRA (join)",
        "gone:",
        "EXIT",
        "join:",
        "BSYNC B0",
        "MOV R4, 0x7",
        *store(),
    )
    result = launch(code)
    assert result.ending == "completed"
    assert lanes(result) == [0] * 4 + [7] * 28


def test_a_guarded_exit_ends_some_threads() -> None:
    code = (
        *HEAD,
        "ISETP.GE.AND P0, PT, R0, c[0x0][0x218], PT",
        "@P0 EXIT",
        "MOV R4, 0x5",
        *store(),
    )
    assert lanes(launch(code, arguments=(20, 0, 0))) == [5] * 20 + [0] * 12


@pytest.mark.parametrize("line", ["@P0 EXIT P1", "@P1 EXIT P0"])
def test_an_exit_can_have_a_second_predicate(line: str) -> None:
    """A `@P0 EXIT P1` ends the threads in which both predicates hold."""
    code = (
        *HEAD,
        "LOP3.LUT P0, RZ, R0, 0x1, RZ, 0xc0, !PT",
        "LOP3.LUT P1, RZ, R0, 0x2, RZ, 0xc0, !PT",
        "MOV R4, 0x1",
        line,
        "MOV R4, 0x2",
        *store(),
    )
    assert lanes(launch(code)) == [0 if lane & 3 == 3 else 2 for lane in range(32)]


def test_an_exit_with_a_second_predicate_ends_all_threads_or_none() -> None:
    for last, left in ((32, 0), (0, 3)):
        code = (
            *HEAD,
            f"ISETP.LT.AND P1, PT, R0, {last:#x}, PT",
            "EXIT P1",
            "MOV R4, 0x3",
            *store(),
        )
        assert lanes(launch(code)) == [left] * 32


def test_a_branch_can_have_a_second_predicate() -> None:
    """A `@!P1 BRA !P2` is taken where neither predicate holds."""
    code = (
        *HEAD,
        "LOP3.LUT P1, RZ, R0, 0x1, RZ, 0xc0, !PT",
        "LOP3.LUT P2, RZ, R0, 0x2, RZ, 0xc0, !PT",
        "MOV R4, 0x1",
        "@!P1 BRA !P2, (end)",
        "MOV R4, 0x2",
        "end:",
        *store(),
    )
    assert lanes(launch(code)) == [1 if lane & 3 == 0 else 2 for lane in range(32)]


def test_subroutines_return_to_their_callers() -> None:
    code = (
        *HEAD,
        "MOV R4, R0",
        "MOV R20, (first)",
        "MOV R21, RZ",
        "CALL.REL.NOINC (double)",
        "first:",
        "MOV R20, (second)",
        "CALL.REL.NOINC (double)",
        "second:",
        "IADD3 R4, R4, 0x1, RZ",
        *store(),
        "double:",
        "IADD3 R4, R4, R4, RZ",
        "RET.REL.NODEC R20, 0x0",
    )
    assert lanes(launch(code)) == [4 * lane + 1 for lane in range(32)]


def test_an_indirect_branch_takes_each_lane_to_its_own_target() -> None:
    """BRX adds its register pair to the pc after it."""
    code = (
        *HEAD,
        "LOP3.LUT R5, R0, 0x3, RZ, 0xc0, !PT",
        "IMAD R6, R5, 0x20, RZ",
        "MOV R7, RZ",
        "BSSY B0, (join)",
        "BRX R6",
        *(part for n in range(4) for part in (f"MOV R4, {10 + n:#x}", "BRA (join)")),
        "join:",
        "BSYNC B0",
        *store(),
    )
    assert lanes(launch(code)) == [10 + lane % 4 for lane in range(32)]


@pytest.mark.parametrize("target", range(4))
def test_a_uniform_indirect_branch_takes_all_lanes_to_one_target(target: int) -> None:
    """BRXU adds its pair of uniform registers and its operand to the pc after it."""
    code = (
        *HEAD,
        f"UMOV UR6, {0x20 * target + 0x40:#x}",
        "UMOV UR7, URZ",
        "ISETP.LT.AND P0, PT, R0, 0x6, PT",
        "BSSY.RECONVERGENT B0, (join)",
        "MOV R4, RZ",
        "@P0 BRA (join)",
        "BRXU UR6 -0x40",
        *(part for n in range(4) for part in (f"MOV R4, {10 + n:#x}", "BRA (join)")),
        "join:",
        "BSYNC.RECONVERGENT B0",
        *store(),
    )
    assert lanes(launch(code)) == [0] * 6 + [10 + target] * 26


def test_the_mask_of_a_convergence_barrier_is_copied_to_another() -> None:
    """Code for sm_87 begins by clearing all barriers so: the mask that is copied becomes empty."""
    code = (
        *HEAD,
        "ISETP.LT.AND P0, PT, R0, 0x6, PT",
        "BMOV.32 B0, 0xffffffff",
        "@P0 BMOV.32.CLEAR B1, B0",
        "@P0 BMOV.32 B2, B1",
        "BMOV.32 R5, B0",
        "BMOV.32 R6, B1",
        "BMOV.32 R7, B2",
        "LOP3.LUT R5, R5, 0x1, RZ, 0xc0, !PT",
        "LOP3.LUT R6, R6, 0x2, RZ, 0xc0, !PT",
        "LOP3.LUT R7, R7, 0x4, RZ, 0xc0, !PT",
        "IADD3 R4, R5, R6, R7",
        *store(),
    )
    assert lanes(launch(code)) == [6] * 6 + [1] * 26


def test_the_high_word_of_a_clock_alone_is_read() -> None:
    code = (*HEAD, "CS2UR.32 UR4, SR_CLOCKHI", "CS2R.32 R4, SR_CLOCKHI", "IADD3 R4, R4, UR4, RZ")
    assert lanes(launch((*code, *store()))) == [0] * 32


def test_jumps_and_addresses_of_instructions() -> None:
    code = (
        *HEAD,
        "LEPC R20, (there)",
        "MOV R4, R20",
        "JMP (there)",
        "MOV R4, RZ",
        "there:",
        *store(),
    )
    assert lanes(launch(code)) == [16 * (len(HEAD) + 4)] * 32


def test_threads_leave_a_convergence_barrier() -> None:
    """Lanes that BREAK are not waited for at the BSYNC."""
    code = (
        *HEAD,
        "UMOV UR4, URZ",
        "ISETP.LT.AND P0, PT, R0, 0x6, PT",
        "BSSY B0, (join)",
        "@P0 BREAK B0",
        "@P0 BRA (away)",
        "UIADD3 UR4, UR4, 0x1, URZ",
        "join:",
        "BSYNC B0",
        "MOV R4, UR4",
        *store(),
        "away:",
        "MOV R4, 0x9",
        *store(),
    )
    assert lanes(launch(code)) == [9] * 6 + [1] * 26


#: What lanes find at WARPSYNC whose masks are those of quarters of the warp: R5.
QUARTERS = (
    "LOP3.LUT R5, R0, 0x18, RZ, 0xc0, !PT",
    "MOV R6, 0xff",
    "SHF.L.U32 R5, R6, R5, RZ",
)


@pytest.mark.parametrize("kind", [".EXCLUSIVE", ".COLLECTIVE"])
def test_lanes_of_one_mask_go_on_alone(kind: str) -> None:
    """They see nobody else up to where all meet again, whatever the others do meanwhile."""
    code = (
        *HEAD,
        *QUARTERS,
        "BSSY B0, (join)",
        f"WARPSYNC{kind} R5" + (", (join)" if kind == ".COLLECTIVE" else ""),
        "VOTE.ANY R7, PT, PT",
        "REDUX.SUM UR4, R0",
        "MOV R4, UR4",
        "join:",
        "BSYNC B0",
        "IADD3 R4, R4, -R7, RZ",
        "IADD3 R4, R4, R5, RZ",
        "VOTE.ANY R7, PT, PT",
        "IADD3 R4, R4, -R7, RZ",
        *store(),
    )
    wanted = [8 * (8 * (lane // 8)) + 28 + 1 for lane in range(32)]
    assert lanes(launch(code)) == wanted


def test_lanes_of_several_masks_stay_together_if_nobody_is_missing() -> None:
    code = (*HEAD, *QUARTERS, "WARPSYNC R5", "VOTE.ANY R4, PT, PT", *store())
    assert lanes(launch(code)) == [0xFFFFFFFF] * 32


@pytest.mark.parametrize("kind", ["", ".EXCLUSIVE"])
def test_lanes_wait_for_those_that_their_own_mask_names(kind: str) -> None:
    """Lanes 12 and 13 do not come with the others: those of their quarter wait for each other."""
    code = (
        *HEAD,
        *QUARTERS,
        "MOV R8, RZ",
        "LOP3.LUT R4, R0, 0x1e, RZ, 0xc0, !PT",
        "ISETP.EQ.AND P0, PT, R4, 0xc, PT",
        "@!P0 BRA (others)",
        "MOV R8, 0x1",
        "others:",
        f"WARPSYNC{kind} R5",
        "SHFL.IDX PT, R8, R8, 0xc, 0x1f",
        "VOTE.ANY R4, PT, PT",
        "LEA R4, R8, R4, 0x10",
        *store(),
    )
    wanted = [0xFF << lane // 8 * 8 for lane in range(32)]
    wanted[8:16] = [0x1FF00] * 8
    assert lanes(launch(code)) == wanted


def test_a_branch_asks_for_the_lanes_whose_guard_holds() -> None:
    """.CONV is taken by all of the mask's lanes if the guard holds for them; .DIV is its opposite.

    Of the warps, one has the guard everywhere, and one nowhere.
    """
    for modifier, same, other in (("DIV", 2, 1), ("CONV", 1, 2)):
        code = (
            *HEAD,
            "S2R R5, SR_TID.X",
            "ISETP.LT.AND P0, PT, R5, 0x20, PT",
            "UMOV UR4, 0xffffffff",
            f"@P0 BRA.{modifier} UR4, (taken)",
            "MOV R4, 0x2",
            *store(),
            "taken:",
            "MOV R4, 0x1",
            *store(),
        )
        assert launch(code, block=(64, 1, 1)).words.tolist() == [same] * 32 + [other] * 32


def test_a_convergence_barrier_is_kept_in_a_register() -> None:
    """BMOV saves the barrier that a subroutine needs for itself."""
    code = (
        *HEAD,
        "MOV R4, RZ",
        "ISETP.LT.AND P0, PT, R0, 0x6, PT",
        "LOP3.LUT P1, RZ, R0, 0x1, RZ, 0xc0, !PT",
        "BSSY B0, (join)",
        "@P0 BRA (join)",
        "BMOV.32 R16, B0",
        "BSSY B0, (inner)",
        "@P1 BRA (inner)",
        "IADD3 R4, R4, 0x1, RZ",
        "inner:",
        "BSYNC B0",
        "BMOV.32 B0, R16",
        "IADD3 R4, R4, 0x10, RZ",
        "join:",
        "BSYNC B0",
        "VOTE.ANY R5, PT, PT",
        "POPC R5, R5",
        "LEA R4, R5, R4, 0x8",
        *store(),
    )
    assert lanes(launch(code)) == [
        0x2000 + (0 if lane < 6 else 0x10 if lane % 2 else 0x11) for lane in range(32)
    ]


def test_threads_leave_the_barrier_of_their_own_call_only() -> None:
    """BREAK of a subroutine that has kept its caller's barrier leaves those who wait there."""
    code = (
        *HEAD,
        "ISETP.LT.AND P0, PT, R0, 0x6, PT",
        "ISETP.LT.AND P1, PT, R0, 0xa, PT",
        "BSSY B0, (join)",
        "@P0 BRA (join)",
        "BMOV.32.CLEAR R16, B0",
        "BSSY B0, (inner)",
        "@P1 BREAK B0",
        "@P1 BRA (away)",
        "inner:",
        "BSYNC B0",
        "away:",
        "BMOV.32 B0, R16",
        "join:",
        "BSYNC B0",
        "VOTE.ANY R4, PT, PT",
        *store(),
    )
    assert lanes(launch(code)) == [0xFFFFFFFF] * 32


def test_what_only_orders_and_delays_changes_nothing() -> None:
    quiet = (
        "MEMBAR.SC.GPU", "MEMBAR.SC.SYS", "ERRBAR", "CGAERRBAR", "CCTL.IVALL", "YIELD",
        "NANOSLEEP 0x64", "DEPBAR.LE SB0, 0x0", "FENCE.VIEW.ASYNC", "NOP", "WARPSYNC.ALL",
        "WARPSYNC 0xffffffff",
    )  # fmt: skip
    assert lanes(launch((*HEAD, "MOV R4, R0", *quiet, *store()))) == list(range(32))


# Barriers and shared memory.


@pytest.mark.parametrize(
    "line",
    ["BAR.SYNC R0, 0x20", "BAR.SYNC 0x1, 0x21", "BAR.SYNC 0x10, 0x20", "BAR.ARV 0x1, 0x420",
     "BAR.ARV 0x1", "BAR.SYNC R0, R4", "BAR.SYNC 0x1, R5"],
)  # fmt: skip
def test_a_barrier_that_cannot_be_is_refused(line: str) -> None:
    """A number for each lane, no multiple of a warp, more than there are; and unknown forms."""
    with pytest.raises(UnsupportedInstruction, match="an instruction that softbeam does not know"):
        launch((*HEAD, "MOV R5, RZ", line, *store()))


REVERSE = (
    *HEAD,
    "S2R R5, SR_TID.X",
    "IMAD.SHL.U32 R6, R5, 0x4, RZ",
    "IADD3 R7, R5, 0x64, RZ",
    "STS [R6], R7",
    "BAR.SYNC.DEFER_BLOCKING 0x0",
    "IADD3 R6, -R6, c[0x0][0x218], RZ",
    "LDS R4, [R6]",
    *store(),
)


@pytest.mark.parametrize("threads", [32, 64, 96, 100, 256])
def test_a_barrier_makes_other_warps_stores_visible(threads: int) -> None:
    result = launch(
        REVERSE, threads * 2, grid=(2, 1, 1), block=(threads, 1, 1),
        arguments=(4 * (threads - 1), 0, 0), shared_bytes=4 * threads,
    )  # fmt: skip
    assert result.ending == "completed"
    assert result.words.tolist() == 2 * [100 + threads - 1 - thread for thread in range(threads)]


def test_shared_memory_begins_as_zeros_in_every_block() -> None:
    code = (
        *HEAD,
        "S2R R5, SR_TID.X",
        "IMAD.SHL.U32 R6, R5, 0x4, RZ",
        "LDS R4, [R6]",
        "MOV R7, 0xff",
        "STS [R6], R7",
        *store(),
    )
    result = launch(code, 96, grid=(3, 1, 1), shared_bytes=128)
    assert not result.words.any()


def test_a_warp_that_has_left_is_not_waited_for_at_a_barrier() -> None:
    code = (
        *HEAD,
        "ISETP.GE.AND P0, PT, R0, 0x20, PT",
        "@P0 EXIT",
        "BAR.SYNC.DEFER_BLOCKING 0x0",
        "MOV R4, 0x3",
        *store(),
    )
    result = launch(code, block=(64, 1, 1))
    assert result.ending == "completed"
    assert result.words.tolist() == [3] * 32 + [0] * 32


# Endings.


def test_an_endless_loop_hangs_after_the_budget() -> None:
    result = launch((*HEAD, "loop:", "IADD3 R4, R4, 0x1, RZ", "BRA (loop)"), budget=1000)
    assert result.ending == "hang"
    assert result.instructions == 1000
    assert result.row in (4, 5)
    assert not result.words.any()


def test_the_budget_is_of_each_thread_not_of_the_warp() -> None:
    """Thirty-two lanes that loop one after another execute more together than any alone."""
    code = (
        *HEAD,
        "MOV R5, RZ",
        "IADD3 R6, R0, 0x8, RZ",
        "loop:",
        "IADD3 R5, R5, 0x1, RZ",
        "ISETP.LT.AND P0, PT, R5, R6, PT",
        "@P0 BRA (loop)",
        "MOV R4, R5",
        *store(),
    )
    longest = len(HEAD) + 2 + 3 * (31 + 8) + 3
    result = launch(code, budget=longest)
    assert result.ending == "completed"
    assert lanes(result) == [lane + 8 for lane in range(32)]
    assert launch(code, budget=longest - 1).ending == "hang"


def test_running_beyond_the_last_instruction_is_an_invalid_pc() -> None:
    result = launch((*HEAD, "NOP"))
    assert (result.ending, result.row) == ("Invalid PC", 5)


@pytest.mark.parametrize(
    ("low", "high", "exception"),
    [
        (0x8, 0, "Invalid PC"),
        (0x10000, 0, "Illegal Instruction"),
        (0xFFFFFFF0, 0, "Illegal Instruction"),
        (0x60, 1 << 5, "Illegal Instruction"),
        (0x60, 1 << 29, "Invalid PC"),
    ],
)
def test_returning_to_nowhere(low: int, high: int, exception: str) -> None:
    code = (*HEAD, f"MOV R20, {low:#x}", f"MOV R21, {high:#x}", "RET.REL.NODEC R20, 0x0", "EXIT")
    assert launch(code).ending == exception


def test_blocks_and_threads_have_three_dimensions() -> None:
    code = (
        "S2R R4, SR_TID.X",
        "S2R R5, SR_TID.Y",
        "S2R R6, SR_TID.Z",
        "S2R R7, SR_CTAID.X",
        "S2R R8, SR_CTAID.Y",
        "S2R R9, SR_CTAID.Z",
        # Number of the thread in the grid, from blockDim at 0x0 and gridDim at 0xc (point 4).
        "IMAD R10, R9, c[0x0][0x10], R8",
        "IMAD R10, R10, c[0x0][0xc], R7",
        "IMAD R10, R10, c[0x0][0x8], R6",
        "IMAD R10, R10, c[0x0][0x4], R5",
        "IMAD R10, R10, c[0x0][0x0], R4",
        "IMAD.WIDE R2, R10, 0x4, c[0x0][0x210]",
        "LEA R11, R5, R4, 0x4",
        "LEA R11, R6, R11, 0x8",
        "LEA R11, R7, R11, 0xc",
        "LEA R11, R8, R11, 0x10",
        "LEA R11, R9, R11, 0x14",
        *store("R11"),
    )
    grid, block = (3, 2, 2), (5, 3, 4)
    result = launch(code, 12 * 60, grid=grid, block=block)
    wanted = [
        tx | ty << 4 | tz << 8 | bx << 12 | by << 16 | bz << 20
        for bz in range(2) for by in range(2) for bx in range(3)
        for tz in range(4) for ty in range(3) for tx in range(5)
    ]  # fmt: skip
    assert result.words.tolist() == wanted


def test_constants_of_every_launch() -> None:
    """Point 4: dimensions from 0x0, the stack pointer at 0x28, parameters from 0x210 on sm_90."""
    places = (0x0, 0x4, 0x8, 0xC, 0x10, 0x14, 0x28, 0x218, 0x21C, 0x220)
    code = [*HEAD[:1], "MOV R2, c[0x0][0x210]", "MOV R3, c[0x0][0x214]"]
    for number, place in enumerate(places):
        code += [f"MOV R4, c[0x0][{place:#x}]", f"STG.E [R2.64+{4 * number:#x}], R4"]
    result = launch([*code, "EXIT"], grid=(7, 5, 2), block=(8, 4, 1), arguments=(11, 12, 13))
    assert result.words[:10].tolist() == [8, 4, 1, 7, 5, 2, 0xFFFDC0, 11, 12, 13]


# Between warps and blocks (point 3).


def test_of_lanes_that_store_to_one_word_the_lowest_stays() -> None:
    code = (
        *HEAD,
        "IADD3 R4, R0, 0x5, RZ",
        "LOP3.LUT R5, R0, 0x1c, RZ, 0xc0, !PT",
        "IMAD.WIDE R6, R5, 0x4, c[0x0][0x210]",
        "STG.E [R6.64], R4",
        "EXIT",
    )
    assert lanes(launch(code)) == [lane + 5 if lane % 4 == 0 else 0 for lane in range(32)]


def test_of_blocks_that_store_to_one_word_the_highest_stays() -> None:
    code = (
        "S2R R1, SR_CTAID.X",
        "MOV R2, c[0x0][0x210]",
        "MOV R3, c[0x0][0x214]",
        "IADD3 R1, R1, 0x9, RZ",
        "STG.E [R2.64], R1",
        "EXIT",
    )
    assert launch(code, grid=(6, 1, 1)).words[0] == 14


def test_warps_do_not_see_each_others_stores() -> None:
    """Each thread stores 32 words further on, then reads where the thread 32 before it stored."""
    code = (
        *HEAD,
        "STG.E [R2.64+0x80], R0",
        "LDG.E R4, [R2.64]",
        "STG.E [R2.64+0x400], R4",
        "EXIT",
    )
    result = launch(code, np.full(400, 0x77, dtype=np.uint32), block=(64, 1, 1), grid=(2, 1, 1))
    assert result.words[32:160].tolist() == list(range(128))
    assert result.words[256:384].tolist() == [0x77] * 128


def test_a_warp_sees_its_own_stores() -> None:
    code = (*HEAD, "STG.E [R2.64], R0", "LDG.E R4, [R2.64]", "IADD3 R4, R4, 0x1, RZ", *store())
    assert lanes(launch(code)) == list(range(1, 33))
