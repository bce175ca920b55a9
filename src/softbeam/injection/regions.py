"""How a change travels through one launch: for each kernel a rule that computes what can differ.

Every rule rests on one argument: an output word depends on few input words, all others leave it
golden.  A rule computes all words that read a changed one, from changed and golden values, with
the arithmetic of the kernel's twin; so it equals the whole launch bit for bit.

copy, normalize, scale_bias, add_bias, activate_array
    A word depends on its own place and on its channel's parameters.  Changed columns give changed
    columns; a changed parameter changes a channel, which is all columns.
im2col
    Its columns are windows of the input: those change that hold a changed pixel.
gemm
    C[i, j] depends on row i of A, column j of B and its own value, and is the same chain of fused
    multiply-adds whatever else is computed (:mod:`softbeam.kernels.native.matrix`).  Changed
    columns of B or C give the same columns of C; changed rows of A give rows of C.
maxpool
    An output pixel depends on its window.
avgpool
    A mean depends on its channel; the means of all channels are one column.

Every other launch, and any change that a rule does not cover, is computed as a whole: so is
softmax, each of whose words depends on all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from softbeam.emulator.special import special_function_tables
from softbeam.injection.changes import (
    Bits,
    Change,
    Columns,
    Floats,
    Geometry,
    Places,
    Windows,
    Words,
    as_columns,
    difference,
    golden_columns,
    replaced,
)
from softbeam.injection.liveness import Live
from softbeam.kernels.native import columns as jitted
from softbeam.kernels.native.activation import activate_array
from softbeam.kernels.native.matrix import pack_columns, pack_rows, padded_rows
from softbeam.network.golden import GoldenRun, execute
from softbeam.network.plan import Launch, Pointer

#: What a launch leaves: for each buffer that it writes its change, None where it is golden.
Result = dict[str, Change | None]


class NotCoveredError(Exception):
    """A rule does not cover this change: the launch must be computed as a whole."""


@dataclass(frozen=True, slots=True)
class Step:
    """A launch that reads changed buffers.

    Attributes
    ----------
    golden : GoldenRun
        The fault-free run.
    launch : Launch
        The launch.
    changes : mapping of str to Change
        Before it, by buffer.
    live : mapping of str to tuple of (start, end)
        Which words of each buffer something reads after it.
    """

    golden: GoldenRun
    launch: Launch
    changes: Mapping[str, Change]
    live: Live

    def before(self, buffer: str) -> Bits:
        """Return the golden contents of a buffer before the launch."""
        return self.golden.view(buffer, self.launch.index)

    def after(self, buffer: str) -> Bits:
        """Return the golden contents of a buffer after the launch."""
        return self.golden.view(buffer, self.launch.index + 1)

    def integer(self, number: int) -> int:
        """Return an integer argument."""
        argument = self.launch.arguments[number]
        assert isinstance(argument, int)
        return argument

    def buffer(self, number: int) -> str:
        """Return the buffer that an argument points to."""
        argument = self.launch.arguments[number]
        assert isinstance(argument, Pointer)
        return argument.buffer

    def columns(self, buffer: str, rows: int, stride: int) -> Columns:
        """Return the columns of a buffer that differ before the launch, none if it is golden."""
        change, golden = self.changes.get(buffer), self.before(buffer)
        found = None if change is None else as_columns(change, rows, stride, golden)
        if change is not None and found is None:
            raise NotCoveredError
        shrunk = found and found.shrunk(golden)
        return shrunk or golden_columns(golden, rows, stride, np.zeros(0, np.int64))

    def contents(self, buffer: str) -> Bits:
        """Return what a buffer really holds before the launch."""
        if buffer not in self.changes:
            return self.before(buffer)
        contents = self.before(buffer).copy()
        self.changes[buffer].put(contents)
        return contents


Rule = Callable[[Step], Result]


def whole_launch(step: Step) -> Result:
    """Compute a launch as a whole and compare what it writes with the golden words."""
    views = {span.buffer: step.contents(span.buffer) for span in step.launch.reads}
    for span in step.launch.writes:
        contents = step.contents(span.buffer)
        views[span.buffer] = contents if span.buffer in step.changes else contents.copy()
    execute(step.launch, views)
    return {
        span.buffer: difference(views[span.buffer], step.after(span.buffer))
        for span in step.launch.writes
    }


def copy_rule(step: Step) -> Result:
    """copy: the same change in the other buffer, where both are copied as a whole."""
    count, _, *sizes = step.launch.arguments
    source, target = step.buffer(1), step.buffer(4)
    change = step.changes[source]
    plan = step.golden.plan
    whole = plan.buffers[source].words == plan.buffers[target].words == count
    if not whole or (sizes[0], sizes[1], sizes[3], sizes[4]) != (0, 1, 0, 1):
        raise NotCoveredError
    return {target: change}


def activate_rule(step: Step) -> Result:
    """activate_array: a function of each changed word."""
    buffer, count, function = step.buffer(0), step.integer(1), step.integer(2)
    change = step.changes[buffer]
    if not change.within(count) or isinstance(change, Windows):
        raise NotCoveredError
    values = change.values.view(np.float32).copy()
    activate_array(values.reshape(-1), values.size, function, special_function_tables().ex2)
    if isinstance(change, Words):
        return {buffer: Words(change.indexes, values.view(np.uint32))}
    return {buffer: Columns(change.stride, change.places, values)}


def by_channel(
    step: Step,
    function: Callable[..., None],
    buffer: str,
    parameters: tuple[str, ...],
    rows: int,
    stride: int,
) -> Result:
    """Apply a function of a word and its channel's parameters to changed columns, in place."""
    columns = step.columns(buffer, rows, stride)
    if any(name in step.changes for name in parameters):
        every = golden_columns(step.before(buffer), rows, stride, np.arange(stride))
        columns = replaced(every, columns)
    values = columns.values.copy()
    function(values, *(step.contents(name)[:rows].view(np.float32) for name in parameters))
    return {buffer: Columns(stride, columns.places, values)}


def normalize_rule(step: Step) -> Result:
    """normalize: by channel, of its mean and variance."""
    if step.integer(4) != 1:
        raise NotCoveredError
    parameters = (step.buffer(2), step.buffer(3))
    rows, stride = step.integer(5), step.integer(6)
    return by_channel(step, jitted.normalize_columns, step.buffer(1), parameters, rows, stride)


def scale_rule(step: Step) -> Result:
    """scale_bias: by channel, of its scale."""
    rows, stride = step.integer(2), step.integer(3)
    parameters = (step.buffer(1),)
    return by_channel(step, jitted.scale_columns, step.buffer(0), parameters, rows, stride)


def bias_rule(step: Step) -> Result:
    """add_bias: by channel, of its bias."""
    if step.integer(2) != 1:
        raise NotCoveredError
    rows, stride = step.integer(3), step.integer(4)
    parameters = (step.buffer(1),)
    return by_channel(step, jitted.bias_columns, step.buffer(0), parameters, rows, stride)


def im2col_rule(step: Step) -> Result:
    """im2col: the windows that hold a changed pixel."""
    threads, height, width, size, pad, stride, rows_out, columns_out = (
        step.integer(number) for number in (0, 2, 3, 4, 5, 6, 7, 8)
    )
    source, target = step.buffer(1), step.buffer(9)
    channels = threads // (rows_out * columns_out)
    changed = step.columns(source, channels, height * width)
    geometry = Geometry(height, width, size, stride, -pad, rows_out, columns_out)
    windows = Windows.of(changed, step.before(source), geometry)
    return {target: windows if windows.places.size else None}


def maxpool_rule(step: Step) -> Result:
    """maxpool: the windows that hold a changed pixel; its indexes nothing reads in inference."""
    height, width, channels, stride, size, pad = (step.integer(number) for number in range(1, 7))
    source, target, indexes = step.buffer(7), step.buffer(8), step.buffer(9)
    if indexes in step.live:
        raise NotCoveredError
    changed = step.columns(source, channels, height * width)
    across = [(length + pad - size) // stride + 1 for length in (height, width)]
    geometry = Geometry(height, width, size, stride, -(pad // 2), *across)
    windows = Windows.of(changed, step.before(source), geometry)
    return {target: windows.largest() if windows.places.size else None, indexes: None}


def avgpool_rule(step: Step) -> Result:
    """avgpool: the mean of every channel, once any is changed."""
    width, height, channels = (step.integer(number) for number in (1, 2, 3))
    source, target = step.buffer(4), step.buffer(5)
    if step.integer(0) != channels:
        raise NotCoveredError
    changed = step.columns(source, channels, width * height)
    every = golden_columns(step.before(source), channels, width * height, np.arange(width * height))
    means = np.empty((1, channels), dtype=np.float32)
    jitted.average_columns(replaced(every, changed).values, means[0])
    return {target: Columns(1, np.zeros(1, np.int64), means)}


def gemm_rule(step: Step) -> Result:
    """gemm: columns whose column of B or of C changed, and rows whose row of A changed."""
    m, n, k = (step.integer(number) for number in range(3))
    a, b, c = (step.buffer(number) for number in range(3, 6))
    result = _changed_columns(step, m, n, k, b, c)
    if a in step.changes:
        rows = _changed_rows(step, m, k, a)
        result = _with_rows(step, result, rows, m, n, k)
    return {c: result if result.places.size else None}


def _changed_columns(step: Step, m: int, n: int, k: int, b: str, c: str) -> Columns:
    """Return the columns of C that change with golden A."""
    packed = step.golden.packed(step.launch.index)
    of_c, change = step.columns(c, m, n), step.changes.get(b)
    if isinstance(change, Windows) and not of_c.places.size and _is_matrix(change, k, n):
        out = _columns_before(step, c, m, n, change.places).values
        change.add_product(packed, out)
        return Columns(n, change.places, out)
    of_b = step.columns(b, k, n)
    places = np.union1d(of_b.places, of_c.places)
    columns = replaced(golden_columns(step.before(b), k, n, places), of_b)
    out = replaced(_columns_before(step, c, m, n, places), of_c).values
    columns.add_product(packed, out)
    return Columns(n, places, out)


def _is_matrix(windows: Windows, rows: int, stride: int) -> bool:
    g = windows.geometry
    return (windows.values.shape[1] * g.size**2, g.height_out * g.width_out) == (rows, stride)


def _columns_before(step: Step, c: str, m: int, n: int, places: Places) -> Columns:
    """Return golden columns of C before the launch, which as a rule was filled with zeros."""
    if step.golden.is_zero(c, step.launch.index):
        return Columns(n, places, np.zeros((places.size, m), np.float32))
    return golden_columns(step.before(c), m, n, places)


def _changed_rows(step: Step, m: int, k: int, a: str) -> Places:
    """Return the rows of A that hold changed weights."""
    change = step.changes[a]
    if not isinstance(change, Words) or not change.within(m * k):
        raise NotCoveredError
    rows: Places = np.unique(change.indexes // k)
    if 2 * rows.size > m:
        raise NotCoveredError
    return rows


def _with_rows(step: Step, columns: Columns, rows: Places, m: int, n: int, k: int) -> Columns:
    """Return all columns of C, with those given and with some rows computed from changed A."""
    a, b, c = (step.buffer(number) for number in range(3, 6))
    weights = step.contents(a)[: m * k].reshape(m, k)[rows].view(np.float32)
    packed = np.empty(padded_rows(rows.size) * k, dtype=np.float32)
    pack_rows(rows.size, k, weights.reshape(-1), packed)
    out = _some_rows(step.contents(c), rows, n)
    right = step.contents(b).view(np.float32)
    jitted.multiply_packed(
        packed, k, out, lambda first, count, into: pack_columns(n, k, right, first, count, into)
    )
    whole = replaced(golden_columns(step.after(c), m, n, np.arange(n)), columns)
    whole.values[:, rows] = out
    return whole


def _some_rows(matrix: Bits, rows: Places, n: int) -> Floats:
    """Return some rows of a matrix as columns: float32[n, rows]."""
    picked = matrix.view(np.float32)[: (int(rows.max()) + 1) * n].reshape(-1, n)[rows]
    return np.ascontiguousarray(picked.T)


#: The rule of each kernel that has one.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "copy": copy_rule,
        "activate_array": activate_rule,
        "normalize": normalize_rule,
        "scale_bias": scale_rule,
        "add_bias": bias_rule,
        "im2col": im2col_rule,
        "gemm": gemm_rule,
        "maxpool": maxpool_rule,
        "avgpool": avgpool_rule,
    }
)
