"""Blocks that pause behind barriers: gone on with, put back, and brought there by a skeleton."""

from __future__ import annotations

import numpy as np
import pytest
from support.bench import BASE, program
from support.products import one_product

from softbeam.emulator.comparing import same_block
from softbeam.emulator.ending import NEVER_READ, OVERWRITTEN
from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.passes import find_passes
from softbeam.emulator.resuming import PLENTY, BlockRun, RepeatError
from softbeam.emulator.skeletons import advance, find_in_block, skeletons_of
from softbeam.emulator.vector import Strikes, fault_vector, no_fault
from softbeam.faults.drawing import resolve
from softbeam.kernels.products import COLUMN, LARGE, ROW, SMALL, TILES, Product
from softbeam.sass import pc_of

PRODUCTS = {
    LARGE: Product.dense(65, 130, 100, 0, 0, 0),
    SMALL: Product.dense(33, 40, 145, 0, 0, 0),
    COLUMN: Product.dense(130, 1, 150, 0, 0, 0),
    ROW: Product.dense(1, 130, 75, 0, 0, 0),
}


@pytest.fixture(scope="module")
def launches():
    return {tile: one_product(tile, PRODUCTS[tile]).device.launch(0) for tile in TILES.values()}


def repeated(function, *arguments, **named):
    """Call until nothing is missing any more."""
    while True:
        try:
            return function(*arguments, **named)
        except RepeatError:
            continue


@pytest.mark.parametrize("tile", TILES.values())
class TestProducts:
    def test_in_rounds_a_block_ends_as_in_one_go(self, launches, tile) -> None:
        launch = launches[tile]
        last = launch.shape.blocks - 1
        whole = Runner().run(launch, last, 0, budget=PLENTY, fault=no_fault())
        run = BlockRun(launch)
        run.begin(launch, last)
        rounds, paused, kept = 0, repeated(run.go_from_start, launch.program, rounds=1), []
        while paused:
            rounds, paused = rounds + 1, run.go(launch.program, no_fault(), PLENTY, rounds=1)
            kept.append(run.snapshot())
        ending = run.ending()
        assert rounds > 5
        assert ending.finished
        assert np.array_equal(ending.words, whole.words)
        assert np.array_equal(ending.values, whole.values)
        assert ending.instructions == whole.instructions
        # Put back to any barrier, it ends the same again.
        run.restore(kept[3])
        assert not run.go(launch.program, no_fault(), PLENTY)
        assert np.array_equal(run.ending().values, whole.values)

    def test_a_skeleton_passes_what_the_program_passes(self, launches, tile) -> None:
        launch = launches[tile]
        skeletons = skeletons_of(launch)
        assert skeletons is not None
        run = skeletons.run
        for block in range(launch.shape.blocks):
            run.begin(launch, block)
            counted = []
            for one in (launch.program, skeletons.waiting):
                repeated(run.go, one, no_fault(), PLENTY, resume=False, counts=True)
                run.ending()
                counted.append(run.counted.copy())
            assert np.array_equal(*counted)

    def test_at_a_barrier_a_skeleton_has_all_that_is_no_data(self, launches, tile) -> None:
        launch = launches[tile]
        skeletons = skeletons_of(launch)
        assert skeletons is not None
        ours, theirs = BlockRun(launch), BlockRun(launch)
        passes = find_passes(skeletons.run, skeletons, 0)
        site = fault_vector(Strikes.REGISTER_AFTER, thread=1, pc=0, occurrence=0)
        for barrier in (4, passes.barriers):
            ours.begin(launch, 0)
            theirs.begin(launch, 0)
            assert repeated(ours.go_from_start, launch.program, rounds=barrier)
            assert not repeated(advance, theirs, skeletons, barrier, site, 2)
            # All but the sums, and what came of them.
            same = (ours.all_registers() == theirs.all_registers()).all(axis=(0, 2))
            data = skeletons.flow.data[int(ours.rows()[0])]
            assert all(same[register] or data >> register & 1 for register in range(256))
            assert np.array_equal(ours.state.shared, theirs.state.shared)
            for name in ("predicates", "uniforms", "uniform_predicates", "counts", "group_row"):
                assert np.array_equal(ours.state.warps[name], theirs.state.warps[name]), name
            assert not same_block(ours, theirs)
            theirs.state.warps["registers"] = ours.state.warps["registers"]
            assert same_block(ours, theirs)
            assert theirs.arrivals(1) == 1

    def test_threads_are_found_as_in_the_whole_block(self, launches, tile, monkeypatch) -> None:
        launch = launches[tile]
        rng, runner = np.random.default_rng(7), Runner()
        block = launch.shape.blocks - 1
        run = BlockRun(launch)
        run.begin(launch, block)
        repeated(run.go, launch.program, no_fault(), PLENTY, resume=False, counts=True)
        run.ending()
        places = [
            (row, int(rng.integers(counted)), executed)
            for executed in (False, True)
            for row in rng.choice(np.flatnonzero(run.counted[:, int(executed)]), 12).tolist()
            if (counted := int(run.counted[row, int(executed)]))
        ]
        found = [find_in_block(launch, block, *place[:2], executed=place[2]) for place in places]
        monkeypatch.setattr("softbeam.faults.drawing.find_in_block", lambda *_, **__: None)
        for (row, ordinal, executed), one in zip(places, found, strict=True):
            wanted = resolve(runner, launch, row, block, ordinal, executed=executed)
            assert (block, *one) == wanted, (row, ordinal, executed)
        beyond = int(run.counted[places[0][0], 0])
        assert find_in_block(launch, block, places[0][0], beyond, executed=False) is None


def followed(lines: list[str], row: int, register: int):
    """Return how a run of two warps ends in which a register is struck and followed."""
    code = program(lines, parameters=((0, 8),), shared_bytes=64)
    pool = np.zeros(256, dtype=np.uint32)
    shape = LaunchShape((1, 1, 1), (64, 1, 1))
    memory = memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)])
    launch = Launch(code, shape, launch_constants(code, shape, [BASE]), memory, 64)
    fault = fault_vector(
        Strikes.REGISTER_BEFORE,
        thread=33,
        pc=pc_of(row),
        occurrence=0,
        registers=64,
        register=register,
        flip=1,
        follow=True,
    )
    return Runner().run(launch, 0, 0, budget=1000, fault=fault)


class TestFollowedBehindABarrier:
    """A register that is struck before a barrier is followed behind it too."""

    def test_overwritten(self) -> None:
        lines = ["NOP", "BAR.SYNC.DEFER_BLOCKING 0x0", "MOV R5, RZ", "STS [RZ], R5", "EXIT"]
        assert followed(lines, 0, 5).name == OVERWRITTEN

    def test_never_read(self) -> None:
        lines = ["NOP", "BAR.SYNC.DEFER_BLOCKING 0x0", "STS [RZ], R6", "EXIT"]
        assert followed(lines, 0, 5).name == NEVER_READ

    def test_read(self) -> None:
        lines = ["NOP", "BAR.SYNC.DEFER_BLOCKING 0x0", "STS [RZ], R5", "EXIT"]
        ending = followed(lines, 0, 5)
        assert ending.finished
        assert ending.fired == 1


@pytest.mark.parametrize("way", ["@P0 BRA (end)", "@P0 EXIT", "@P0 MOV R5, RZ"])
def test_a_way_that_depends_on_data_has_no_skeleton(way: str) -> None:
    lines = (
        "MOV R2, c[0x0][0x210]",
        "MOV R3, c[0x0][0x214]",
        "LDG.E R4, [R2.64]",
        "ISETP.LT.AND P0, PT, R4, 0x10, PT",
        "BAR.SYNC.DEFER_BLOCKING 0x0",
        way,
        "MOV R6, RZ",
        "end:",
        "EXIT",
    )
    code = program(lines, parameters=((0, 8),))
    shape = LaunchShape((1, 1, 1), (32, 1, 1))
    pool = np.zeros(64, dtype=np.uint32)
    memory = memory_map(pool, [(BASE, BASE + 4 * pool.size, 0)])
    launch = Launch(code, shape, launch_constants(code, shape, [BASE]), memory)
    assert skeletons_of(launch) is None
    assert find_in_block(launch, 0, 0, 0, executed=True) is None
    # It is run as a whole instead.
    assert resolve(Runner(), launch, 5, 0, 3, executed=False) == (0, 3, 0)
