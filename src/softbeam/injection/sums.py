"""Which register of which thread holds which sum of a tile, found out by running the kernel.

The kernel runs on matrices whose products tell row and column, three times, so that a register
that only holds a factor is not taken for a sum; and on ones, which tell how many steps a sum has
made.  Nothing is known of how it divides its tile and its steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.execution import launch_constants, memory_map
from softbeam.emulator.launching import Launch
from softbeam.emulator.resuming import BlockRun
from softbeam.kernels.products import Tile, tile_of
from softbeam.kernels.signatures import Arguments

Places = NDArray[np.int64]

#: Factors of the trials; a product of them and of numbers of rows is exact.
_OF_ROWS, _OF_COLUMNS = 3, 5

#: Most steps that a sum makes between two barriers, of a kernel that is understood.
_MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class SumPlaces:
    """The sums that registers hold where a block goes on behind a barrier, at one row.

    Attributes
    ----------
    registers : numpy.ndarray of int64
        Registers that hold sums in some thread.
    rows, columns : numpy.ndarray of int64, [warps, registers, lanes]
        Row and column in the tile; -1 where the register holds no sum.
    barrier : int
        The first barrier behind which the block goes on at this row.
    first, each : numpy.ndarray of int64, [registers]
        Steps made when that barrier is passed, and with every further one.
    """

    registers: Places
    rows: Places
    columns: Places
    barrier: int
    first: Places
    each: Places

    def steps(self, barrier: int) -> Places:
        """Return how many steps the registers' sums have made when a barrier is passed."""
        return self.first + (barrier - self.barrier) * self.each

    def finished(self, k: int) -> NDArray[np.bool_]:
        """Return which registers hold sums of all of `k` steps: those of a pass that is over."""
        found: NDArray[np.bool_] = (self.each == 0) & (self.first >= k)
        return found

    def followers(
        self, differ: Places, later: SumPlaces, live: NDArray[np.bool_], k: int
    ) -> Places | None:
        """Return where sums are held at a later row at which all passes over the tile have begun.

        Parameters
        ----------
        differ : numpy.ndarray of int64, [sums, 3]
            Warp, register and lane of each.
        later : SumPlaces
            The places at that row.
        live : numpy.ndarray of bool
            Which of its registers are read from there on.
        k : int
            Steps of a whole sum.

        Returns
        -------
        numpy.ndarray of int64, [sums, 3], or None
            The same there; None if one is held nowhere, or here is no sum.
        """
        finished, then = self.finished(k), later.finished(k)
        found = []
        for warp, register, lane in differ.tolist():
            slot = int(np.searchsorted(self.registers, register))
            row, column = self.rows[warp, slot, lane], self.columns[warp, slot, lane]
            # In the first pass nothing is finished, and at the later row all of it is.
            over = bool(finished[slot]) or not finished.any()
            same = (later.rows[warp, :, lane] == row) & (later.columns[warp, :, lane] == column)
            at = np.flatnonzero(same & (then == over) & live)
            if row < 0 or at.size != 1:
                return None
            found.append((warp, int(later.registers[at[0]]), lane))
        return np.array(found, dtype=np.int64).reshape(-1, 3)


class Trials:
    """Trial runs of a kernel.

    Parameters
    ----------
    launch : Launch
        A launch of it.
    arguments : Arguments
        Its arguments, by name.
    batch : int
        Which of its products, for their matrices begin at different places.
    """

    def __init__(self, launch: Launch, arguments: Arguments, batch: int) -> None:
        self._launch, self._arguments, self._batch = launch, arguments, batch
        self._run = BlockRun(launch)
        tile = tile_of(arguments.kernel)
        assert tile is not None
        self._tile: Tile = tile
        program = launch.program
        written = zip(program.function.instructions, program.destinations, strict=True)
        self._registers = np.unique([r for one, d in written if one.opcode == "FFMA" for r in d])

    def sums(self, barrier: int, later: int | None, row: int) -> SumPlaces | None:
        """Find the sums behind a barrier, by which at least one step is done of all.

        Parameters
        ----------
        barrier, row : int
            How many barriers are passed, and where the block goes on then.
        later : int or None
            The next barrier behind which it goes on there.

        Returns
        -------
        SumPlaces or None
            None if the trials do not come by that row, or sums do not grow evenly.
        """
        height, width = self._tile.rows, self._tile.columns
        rows, columns = np.arange(1, height + 1), np.arange(1, width + 1)

        def single(left: Places, right: Places) -> Places | None:
            def fill(a: NDArray[np.float32], b: NDArray[np.float32]) -> None:
                a[:, 0], b[0, :width] = left, right

            return self._held(fill, barrier, row)

        of_rows = single(rows, np.full(width, _OF_ROWS))
        of_columns = single(np.full(height, _OF_COLUMNS), columns)
        of_both = single(rows, columns)
        if of_rows is None or of_columns is None or of_both is None:
            return None
        row_at, column_at = of_rows // _OF_ROWS, of_columns // _OF_COLUMNS
        held = (of_rows == _OF_ROWS * row_at) & (of_columns == _OF_COLUMNS * column_at)
        held &= (of_both == row_at * column_at) & (row_at > 0) & (column_at > 0)
        some = held.any(axis=(0, 2))
        if np.unique(row_at[held] * (width + 1) + column_at[held]).size != height * width:
            return None
        first = self._steps(barrier, row, held)
        each = np.zeros_like(self._registers)
        if later is not None and first is not None:
            then = self._steps(later, row, held)
            if then is None or ((then - first) % (later - barrier)).any():
                return None
            each = (then - first) // (later - barrier)
        if first is None:
            return None
        return SumPlaces(
            self._registers[some],
            np.where(held, row_at, 0)[:, some] - 1,
            np.where(held, column_at, 0)[:, some] - 1,
            barrier,
            first[some],
            each[some],
        )

    def _steps(self, barrier: int, row: int, held: NDArray[np.bool_]) -> Places | None:
        """Return how many steps each register's sum has made; None if threads differ."""
        most = _MOST_STEPS * (barrier + 1)

        def fill(a: NDArray[np.float32], b: NDArray[np.float32]) -> None:
            a[:, :most], b[:most] = 1, 1

        found = self._held(fill, barrier, row)
        if found is None:
            return None
        least = np.where(held, found, 1 << 30).min(axis=(0, 2))
        largest = np.where(held, found, 0).max(axis=(0, 2))
        uneven = held.any(axis=(0, 2)) & (least != largest)
        return None if uneven.any() or largest.max() >= most else largest

    def _held(
        self,
        fill: Callable[[NDArray[np.float32], NDArray[np.float32]], None],
        barrier: int,
        row: int,
    ) -> Places | None:
        """Return the whole numbers in registers behind a barrier: [warps, registers, lanes].

        None if the block does not go on at the row.
        """
        trial = self._trial(fill)
        self._run.begin(trial, 0)
        self._run.go_from_start(trial.program, rounds=barrier)
        if not np.all(self._run.rows() == row):
            return None
        held = self._run.all_registers()[:, self._registers].view(np.float32)
        exact = np.isfinite(held) & (np.abs(held) < 1 << 24)
        return np.where(exact, held, 0).astype(np.int64)

    def _trial(self, fill: Callable[[NDArray[np.float32], NDArray[np.float32]], None]) -> Launch:
        """Return a launch like the kernel's own on other matrices.

        C has a whole tile, and no more than it takes; what sizes and pitches leave over words of
        128 bits stays as it is, for the kernel may go by it.
        """
        arguments = self._arguments
        height, width = self._tile.rows, self._tile.columns

        def at_least(size: int, wanted: int) -> int:
            return size + 4 * max(0, -(-(wanted - size) // 4))

        m, n = height, at_least(arguments.N % 4, width)
        pitch = at_least(arguments.LDB % 4, n)
        a_words, b_words = height * arguments.LDA, arguments.K * pitch
        words = np.zeros(a_words + b_words, dtype=np.uint32)
        a, b = words[:a_words].view(np.float32), words[a_words:].view(np.float32)
        fill(a.reshape(height, -1)[:, : arguments.K], b.reshape(-1, pitch)[:, :n])
        values = dict(zip(arguments._fields, arguments, strict=True))
        # Far from each other, and as far from a multiple of 128 bits as the product's own.
        at_a, at_b, at_c = (
            (1 << (36 + 4 * place))
            + 4 * ((values[name].word + self._batch * values[f"SKIP{name}"]) % 4)
            for place, name in enumerate("ABC")
        )
        values |= {"M": m, "N": n, "LDB": pitch, "A": at_a, "B": at_b, "C": at_c}
        # Of a hardened kernel: nothing is reported or stored before the last barrier.
        further = {"REPORT": 0, "WORDS_A": a_words, "WORDS_B": b_words, "WORDS_C": m * n}
        values |= {name: value for name, value in further.items() if name in values}
        segments = [(at_a, at_a + 4 * a_words, 0), (at_b, at_b + 4 * b_words, a_words)]
        program, shape = self._launch.program, self._launch.shape
        constants = launch_constants(program, shape, list(values.values()))
        memory = memory_map(words, segments)
        return Launch(program, shape, constants, memory, self._launch.shared_bytes)
