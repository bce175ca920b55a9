"""The golden run: one fault-free inference, computed natively, with the memory before every launch.

All memory lies in one pool of words.  A launch appends new versions of the buffers that it writes
and nothing else, so that the contents of any buffer before any launch are an offset in the pool.
The places are a function of the plan alone; worker processes map one file, copy on write.
Behind the buffers lie the weights once more, as the matrix product reads them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.hardened import compares, techniques_of
from softbeam.kernels.signatures import arguments_of, signature
from softbeam.logs import timed
from softbeam.memory import address_space, require_memory
from softbeam.network.plan import Launch, Plan, Pointer, buffer_name
from softbeam.network.pool import is_clearing, pool_layout

_LOG = logging.getLogger(__name__)

Bits = NDArray[np.uint32]
Runs = tuple[tuple[int, int, int], ...]

#: Bytes of zeros that are written at a time.
_CHUNK = 1 << 20

#: Buffers before launches whose runs are remembered, some hundred bytes each.
_KNOWN_RUNS = 1 << 16


def packed_layout(plan: Plan, first: int) -> dict[int, slice]:
    """Return where in the pool the packed weights of each matrix product lie.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    first : int
        The word where the first of them begin.

    Returns
    -------
    dict of int to slice
        By number of the launch, in order.
    """
    from softbeam.kernels.native.matrix import padded_rows

    places = {}
    for launch in plan.launches:
        product = launch.product
        if product is not None and product.is_single:
            end = first + padded_rows(product.m) * product.k
            places[launch.index] = slice(first, end)
            first = end
    return places


def pool_words(plan: Plan) -> int:
    """Return the size of the pool in words."""
    end = pool_layout(plan).words
    return max((place.stop for place in packed_layout(plan, end).values()), default=end)


def execute(launch: Launch, views: Mapping[str, Bits]) -> None:
    """Compute one launch natively, in place.

    Parameters
    ----------
    launch : Launch
        What to compute.
    views : mapping of str to numpy.ndarray of uint32
        Contents of the buffers that it reads and writes.
    """
    from softbeam.kernels.families import compute

    compute(launch.kernel, _values(launch, views))


def _values(launch: Launch, views: Mapping[str, Bits]) -> Iterator[Any]:
    """Yield a launch's arguments, for pointers what lies behind them.

    None for where a hardened kernel reports: without a fault in it, it does not.
    """
    reports = compares(techniques_of(launch.kernel))
    for parameter, value in zip(signature(launch.kernel).parameters, launch.arguments, strict=True):
        if not isinstance(value, Pointer):
            yield value
        elif reports and parameter.name == "REPORT":
            yield None
        else:
            yield views[value.buffer][value.word :].view(parameter.element)


class GoldenRun:
    """The memory of a fault-free inference before every launch, and its answer.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    words : numpy.ndarray of uint32
        The pool, of the size that :func:`pool_words` says.
    """

    def __init__(self, plan: Plan, words: Bits) -> None:
        self.plan = plan
        self.words = words
        self.layout = pool_layout(plan)
        self._packed = packed_layout(plan, self.layout.words)
        #: By launch the buffers that it reads or writes.
        self.touched = [
            frozenset(span.buffer for span in (*launch.reads, *launch.writes))
            for launch in plan.launches
        ]
        self._runs = lru_cache(_KNOWN_RUNS)(self._find_runs)
        # One answer for each version of a product's C: no more than the plan has products.
        self._zero: dict[tuple[str, bytes], bool] = {}

    def runs(self, buffer: str, launch: int) -> Runs:
        """Return where a buffer's words lie before a launch, as few runs as there are.

        Each has its first word in the buffer, its first word in the pool and its words.
        """
        return self._runs(buffer, launch)

    def _find_runs(self, buffer: str, launch: int) -> Runs:
        columns = self.layout.columns[buffer]
        pieces = self.layout.pieces[columns.start : columns.stop]
        places = self.layout.offsets[launch, columns.start : columns.stop]
        shifts = places - np.array([piece.start for piece in pieces])
        edges = [0, *(np.flatnonzero(np.diff(shifts)) + 1).tolist(), len(pieces)]
        return tuple(
            (pieces[one].start, int(places[one]), pieces[end - 1].end - pieces[one].start)
            for one, end in pairwise(edges)
        )

    def view(self, buffer: str, launch: int) -> Bits:
        """Return a buffer's contents before a launch; `len(plan.launches)` is the end.

        A copy where its pieces are scattered over the pool, else a part of the pool.
        """
        return self.part(buffer, launch, 0, self.plan.buffers[buffer].words)

    def part(self, buffer: str, launch: int, start: int, words: int) -> Bits:
        """Return some words of a buffer before a launch, a copy where they are scattered."""
        end = start + words
        found = [
            self.words[place + max(start - first, 0) : place + min(end - first, count)]
            for first, place, count in self.runs(buffer, launch)
            if first < end and start < first + count
        ]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def words_at(self, buffer: str, launch: int, indexes: NDArray[np.int64]) -> Bits:
        """Return single words of a buffer before a launch."""
        found: Bits = self.words[self.places_at(buffer, launch, indexes)]
        return found

    def places_at(self, buffer: str, launch: int, indexes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where in the pool single words of a buffer lie before a launch."""
        (first, place, _), *others = self.runs(buffer, launch)
        places = indexes + (place - first)
        for first, place, _ in others:
            behind = indexes >= first
            places[behind] = indexes[behind] + (place - first)
        return places

    def put(self, buffer: str, launch: int, indexes: NDArray[np.int64], values: Bits) -> None:
        """Write single words of a buffer as it is before a launch."""
        self.words[self.places_at(buffer, launch, indexes)] = values

    def piece(self, number: int, launch: int) -> Bits:
        """Return a piece's contents before a launch, a part of the pool."""
        first = self.layout.offsets[launch, number]
        return self.words[first : first + self.layout.pieces[number].words]

    def is_zero(self, buffer: str, launch: int) -> bool:
        """Return whether a buffer holds only +0 before a launch; asked again, it is known."""
        columns = self.layout.columns[buffer]
        key = buffer, self.layout.offsets[launch, columns.start : columns.stop].tobytes()
        if key not in self._zero:
            self._zero[key] = not self.view(buffer, launch).any()
        return self._zero[key]

    def packed(self, launch: int) -> NDArray[np.float32]:
        """Return the weights of a matrix product as ``pack_rows`` lays them out."""
        return self.words[self._packed[launch]].view(np.float32)

    @property
    def answer(self) -> Bits:
        """The bits of the network's answer: its outputs, one after the other."""
        end = len(self.plan.launches)
        parts = [self.view(name, end) for name in self.plan.outputs]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @property
    def scores(self) -> NDArray[np.float32]:
        """The network's answer."""
        return self.answer.view(np.float32)

    def compute(
        self, weights: Mapping[str, NDArray[np.float32]], image: NDArray[np.float32]
    ) -> None:
        """Run the network and fill the pool, which must be all zeros.

        Parameters
        ----------
        weights : mapping of str to numpy.ndarray of float32
            Contents of the trained buffers, by name.
        image : numpy.ndarray of float32
            The input, channel by channel.
        """
        self.give(weights, image)
        for launch in self.plan.launches:
            self.plan.leave(launch, self)

    def give(self, weights: Mapping[str, NDArray[np.float32]], image: NDArray[np.float32]) -> None:
        """Put what a network is given into the pool, as for :meth:`compute`; nothing is run."""
        for layer in self.plan.layers:
            for name, numbers in layer.constants.items():
                words = self.view(buffer_name(layer.index, name), 0)
                words[:] = np.resize(np.array(numbers, dtype=np.float32), words.size).view("u4")
        for name, values in {**weights, self.plan.input: image}.items():
            self.view(name, 0)[: values.size] = values.view(np.uint32)

    def step(self, launch: Launch) -> None:
        """Compute natively what a launch leaves."""
        if is_clearing(self.plan, launch):
            return
        now, then = launch.index, launch.index + 1
        covered = {number for span in launch.writes for number in self.layout.covered(span)}
        for number in covered:
            self.piece(number, then)[:] = self.piece(number, now)
        written = {span.buffer for span in launch.writes}
        ends: dict[str, int] = {}
        for span in (*launch.reads, *launch.writes):
            ends[span.buffer] = max(span.end, ends.get(span.buffer, 0))
        views = {
            buffer: self.part(buffer, then if buffer in written else now, 0, end)
            for buffer, end in ends.items()
        }
        if launch.index in self._packed:
            self._pack(launch)
        self.execute(launch, views)
        for number in covered:
            piece = self.layout.pieces[number]
            if not np.shares_memory(views[piece.buffer], self.words):
                self.piece(number, then)[:] = views[piece.buffer][piece.start : piece.end]

    def _pack(self, launch: Launch) -> None:
        """Pack the weights of a matrix product."""
        from softbeam.kernels.native.matrix import pack_rows

        one = launch.product
        assert one is not None
        weights = self.view(one.a.buffer, launch.index)[one.a.word :].view(np.float32)
        pack_rows(one.m, one.k, weights, self.packed(launch.index))

    def execute(self, launch: Launch, views: Mapping[str, Bits]) -> None:
        """Compute one launch natively, in place, on memory whose weights are the golden ones.

        As :func:`execute`; a matrix product takes its packed weights.
        """
        from softbeam.kernels.families import clamp_stored
        from softbeam.kernels.native.matrix import gemm_packed

        one = launch.product
        if one is None or launch.index not in self._packed:
            execute(launch, views)
            return
        b, c = (views[end.buffer][end.word :].view(np.float32) for end in (one.b, one.c))
        gemm_packed(one.m, one.n, one.k, self.packed(launch.index), b, c)
        if techniques_of(launch.kernel):
            clamp_stored(arguments_of(launch.kernel, _values(launch, views)))


def golden_run(
    plan: Plan,
    weights: Mapping[str, NDArray[np.float32]],
    image: NDArray[np.float32],
    path: Path | None = None,
) -> GoldenRun:
    """Run a network once without fault.

    Parameters
    ----------
    plan, weights, image
        As in :meth:`GoldenRun.compute`.
    path : Path, optional
        A file for the pool, that other processes can map; in memory if not given.

    Returns
    -------
    GoldenRun
        With its pool filled.

    Raises
    ------
    OSError
        If there is no room for the file, naming it; it is not left behind.
    TooLargeError
        If there is no memory for it, or none that a file can be mapped to.
    """
    size = pool_words(plan)
    require_memory(
        4 * size,
        f"the golden run of {plan.network}",
        "give a smaller network or input",
        None if path is None else address_space(),
    )
    if path is None:
        words = np.zeros(size, dtype=np.uint32)
    else:
        _reserve(path, 4 * size)
        words = np.memmap(path, dtype=np.uint32, mode="r+", shape=(size,))
    golden = GoldenRun(plan, words)
    with timed(_LOG, f"golden run of {plan.network}, kept in {path or 'memory'}"):
        golden.compute(weights, image)
        if path is not None:
            words.flush()  # type: ignore[attr-defined]
    return golden


def _reserve(path: Path, size: int) -> None:
    """Make a file of zeros that has its room on the disk.

    Where a mapped file has none, storing to it ends the process (SIGBUS).
    """
    try:
        with path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                for _ in range(0, size, _CHUNK):
                    file.write(bytes(_CHUNK))
                file.truncate(size)
    except OSError as error:
        path.unlink(missing_ok=True)
        problem = f"no room for a golden run of {size:,} bytes ({error.strerror})"
        advice = "TMPDIR may name another disk"
        raise OSError(error.errno, f"{problem}; {advice}", str(path)) from error


def open_golden_run(plan: Plan, path: Path) -> GoldenRun:
    """Map a golden run's file, copy on write: what a strike stores stays in this process."""
    words = np.memmap(path, dtype=np.uint32, mode="c")
    return GoldenRun(plan, np.asarray(words))
