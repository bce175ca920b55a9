"""The kernels that change a feature map in place, by numbers of each channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import entry_point, jit
from softbeam.kernels.behaviour import BLOCK, Behaviour, Channelwise
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import dense


@entry_point
def normalize(count, x, mean, variance, batch, filters, spatial):
    """Replace x by (x - mean) / (sqrt(variance) + 1e-6) of its filter."""
    for start in range(0, count, spatial):
        channel = (start // spatial) % filters
        centre = mean[channel]
        # Each step is one float32 operation of the kernel, IEEE-correct there as here.
        root = canonical(np.sqrt(variance[channel]))
        deviation = canonical(np.float32(root + np.float32(0.000001)))
        for index in range(start, min(start + spatial, count)):
            distance = np.float32(x[index] - centre)
            x[index] = canonical(np.float32(distance / deviation))


@jit
def normalize_columns(columns, mean, variance):
    """Normalize columns in place, as ``normalize`` does."""
    rows = columns.shape[1]
    deviation = np.empty(rows, dtype=np.float32)
    for row in range(rows):
        root = canonical(np.sqrt(variance[row]))
        deviation[row] = canonical(np.float32(root + np.float32(0.000001)))
    for number in range(columns.shape[0]):
        for row in range(rows):
            distance = np.float32(columns[number, row] - mean[row])
            columns[number, row] = canonical(np.float32(distance / deviation[row]))


@jit
def _deviation(variance):
    root = np.sqrt(canonical(np.float32(variance + np.float32(0.00001))))
    return canonical(np.float32(root))


@jit
def normalize_inside(count, x, mean, variance, batch, filters, spatial):
    """Replace x by (x - mean) / sqrt(variance + 1e-5) of its filter."""
    for start in range(0, count, spatial):
        channel = (start // spatial) % filters
        centre, deviation = mean[channel], _deviation(variance[channel])
        for index in range(start, min(start + spatial, count)):
            distance = np.float32(x[index] - centre)
            x[index] = canonical(np.float32(distance / deviation))


@jit
def normalize_inside_columns(columns, mean, variance):
    """Normalize columns in place, as ``normalize_inside`` does."""
    rows = columns.shape[1]
    deviation = np.empty(rows, dtype=np.float32)
    for row in range(rows):
        deviation[row] = _deviation(variance[row])
    for number in range(columns.shape[0]):
        for row in range(rows):
            distance = np.float32(columns[number, row] - mean[row])
            columns[number, row] = canonical(np.float32(distance / deviation[row]))


@jit
def scale_channels(source, size, channel_size, batch_size, scale_wh, scales, out):
    """Multiply `size` elements by their channels' numbers, or by their pixels' (`scale_wh`)."""
    for index in range(size):
        place = index // channel_size
        if scale_wh:
            place = index % channel_size + index // batch_size * channel_size
        out[index] = canonical(np.float32(source[index] * scales[place]))


@entry_point
def scale_bias(output, biases, filters, size):
    """Multiply the `size` outputs of each of `filters` filters by its scale; one image."""
    for channel in range(filters):
        scale = biases[channel]
        for index in range(channel * size, (channel + 1) * size):
            output[index] = canonical(np.float32(output[index] * scale))


@entry_point
def scale_columns(columns, scales):
    """Multiply columns in place by their rows' scales, as ``scale_bias`` does."""
    for number in range(columns.shape[0]):
        for row in range(columns.shape[1]):
            columns[number, row] = canonical(np.float32(columns[number, row] * scales[row]))


@entry_point
def add_bias(output, biases, batch, filters, size):
    """Add each filter's bias to its `size` outputs."""
    for image in range(batch):
        for channel in range(filters):
            bias = biases[channel]
            first = (image * filters + channel) * size
            for index in range(first, first + size):
                output[index] = canonical(np.float32(output[index] + bias))


@entry_point
def bias_columns(columns, biases):
    """Add their rows' biases to columns in place, as ``add_bias`` does."""
    for number in range(columns.shape[0]):
        for row in range(columns.shape[1]):
            columns[number, row] = canonical(np.float32(columns[number, row] + biases[row]))


def _scale_bias_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: the grid has a row of blocks for each filter."""
    blocks = -(-arguments.size // BLOCK)
    place = word % arguments.size
    row = word // arguments.size
    return int(BLOCK * (place // BLOCK + blocks * row) + place % BLOCK)


FAMILY: Mapping[str, Behaviour] = {
    "normalize": Behaviour(
        normalize,
        Channelwise("x", ("mean", "variance"), "filters", "spatial", "batch", normalize_columns),
        stored=dense("x", "N"),
    ),
    "normalize_inside": Behaviour(
        normalize_inside,
        Channelwise(
            "x", ("mean", "variance"), "filters", "spatial", "batch", normalize_inside_columns
        ),
        stored=dense("x", "N"),
    ),
    "scale_channels": Behaviour(scale_channels, stored=dense("out", "size")),
    "scale_bias": Behaviour(
        scale_bias,
        Channelwise("output", ("biases",), "n", "size", None, scale_columns),
        owner=_scale_bias_owner,
    ),
    "add_bias": Behaviour(
        add_bias, Channelwise("output", ("biases",), "n", "size", "batch", bias_columns)
    ),
}
