"""What launches do against what follows from their plan, kernel by kernel, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.network.counts import of_launch
from softbeam.network.profile import LaunchProfile
from softbeam.network.work import SUMS, LaunchWork, work_of_launch

#: Words that a thread of a kernel loads for each word that it stores.
LOADS = {"fill": 0, "copy": 1, "add_bias": 2, "scale_bias": 2, "normalize": 3, "activate_array": 1}


def works(tiny) -> dict[int, LaunchWork]:
    return {
        number: work_of_launch(
            tiny.plan.launches[number], tiny.device.launch(number).program, profile
        )
        for number, profile in tiny.profiles.items()
    }


def test_bytes_of_kernels_that_store_each_word_once(tiny) -> None:
    seen = set()
    for number, work in works(tiny).items():
        launch = tiny.plan.launches[number]
        if launch.kernel not in LOADS:
            continue
        seen.add(launch.kernel)
        words = sum(span.words for span in launch.writes)
        assert work.stored == 4 * words
        assert work.loaded == 4 * LOADS[launch.kernel] * words
    assert len(seen) >= 4


def test_every_word_that_is_written_is_stored_and_moves_once(tiny) -> None:
    for number, work in works(tiny).items():
        launch = tiny.plan.launches[number]
        assert work.stored >= 4 * sum(span.words for span in launch.writes) > 0
        assert work.touched <= 4 * sum(span.words for span in (*launch.reads, *launch.writes))


def test_a_fill_reads_nothing_and_touches_what_it_writes(tiny) -> None:
    number = next(one.index for one in tiny.plan.launches if one.kernel == "fill")
    work, (span,) = works(tiny)[number], tiny.plan.launches[number].writes
    assert (work.loaded, work.touched, work.fp64) == (0, 4 * span.words, 0)
    assert work.blocks == -(-span.words // 512)
    assert work.warps == 16 * work.blocks


def test_warps_issue_what_their_threads_execute_together(tiny) -> None:
    for number, work in works(tiny).items():
        assert work.instructions <= 32 * work.warp_instructions
        assert work.executed <= work.instructions
        assert work.fp32 + work.fp64 <= work.executed
        # No warp issues more than its longest thread executes, where threads stay together.
        if tiny.plan.launches[number].kernel in LOADS:
            assert work.warp_instructions <= work.warps * work.longest


def test_rows_of_profiles_count_the_same_bytes(tiny) -> None:
    for number, work in works(tiny).items():
        row = of_launch(tiny.device, tiny.profiles[number])
        assert (row.loaded_bytes, row.stored_bytes) == (work.loaded, work.stored)
        assert (row.active, row.executed) == (work.instructions, work.executed)


def test_sums_are_all_numbers_that_two_inputs_add(tiny) -> None:
    number, profile = next(iter(tiny.profiles.items()))
    launch, code = tiny.plan.launches[number], tiny.device.launch(number).program
    # Two units for each: as if the launch ran on twice as many.
    twice = LaunchProfile(
        number, profile.classes, np.tile(profile.class_of_unit, 2), profile.longest
    )
    once, both = (work_of_launch(launch, code, one) for one in (profile, twice))
    for name in SUMS:
        times = 1 if name == "touched" else 2
        assert getattr(both, name) == pytest.approx(times * getattr(once, name))
