"""The kernels that look at windows of a feature map: im2col and the pools."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import callee, entry_point, jit
from softbeam.kernels.behaviour import Behaviour
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import dense


@entry_point
def im2col(count, im, height, width, ksize, pad, stride, height_col, width_col, col):
    """Lay out every output pixel's neighbourhood as a column of `col`, zeros outside the image."""
    channels = count // (height_col * width_col)
    position = 0
    for channel in range(channels):
        for i in range(ksize):
            for j in range(ksize):
                for row_out in range(height_col):
                    row = row_out * stride - pad + i
                    if row < 0 or row >= height:
                        for column_out in range(width_col):
                            col[position + column_out] = 0
                    else:
                        source = (channel * height + row) * width
                        for column_out in range(width_col):
                            column = column_out * stride - pad + j
                            if column < 0 or column >= width:
                                col[position + column_out] = 0
                            else:
                                col[position + column_out] = im[source + column]
                    position += width_col


def _im2col_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: a thread lays out one window of one channel."""
    area = arguments.height_col * arguments.width_col
    channel = word // area // arguments.ksize**2
    return int(channel * area + word % area)


@entry_point
def im2col_ext(
    count, im, height, width, kernel_h, kernel_w, pad_h, pad_w, stride_h, stride_w, dilation_h,
    dilation_w, height_col, width_col, col,
):  # fmt: skip
    """Lay out windows of any height, width, steps and gaps as ``im2col`` does."""
    position = 0
    for channel in range(count // (height_col * width_col)):
        for i in range(kernel_h):
            for j in range(kernel_w):
                for row_out in range(height_col):
                    row = row_out * stride_h - pad_h + i * dilation_h
                    source = (channel * height + row) * width
                    for column_out in range(width_col):
                        column = column_out * stride_w - pad_w + j * dilation_w
                        inside = 0 <= row < height and 0 <= column < width
                        col[position] = im[source + column] if inside else np.float32(0.0)
                        position += 1


def _im2col_ext_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: a thread lays out one window of one channel."""
    area = arguments.height_col * arguments.width_col
    channel = word // area // (arguments.kernel_h * arguments.kernel_w)
    return int(channel * area + word % area)


@entry_point
def pool_window(
    count, average, height, width, kernel_h, kernel_w, pad_h, pad_w, stride_h, stride_w, dilation_h,
    dilation_w, height_out, width_out, top, bottom, left, right, source, output,
):  # fmt: skip
    """Write the largest element of every window, NaN before all, or its average."""
    for index in range(count):
        rest = index // width_out
        first = rest // height_out * height
        largest, total, places = np.float32(-np.inf), np.float32(0.0), 0
        for i in range(kernel_h):
            for j in range(kernel_w):
                row = rest % height_out * stride_h - pad_h + i * dilation_h
                column = index % width_out * stride_w - pad_w + j * dilation_w
                places += top <= row < bottom and left <= column < right
                if 0 <= row < height and 0 <= column < width:
                    value = source[(first + row) * width + column]
                    total = canonical(np.float32(total + value))
                    largest = value if value > largest or value != value else largest
        mean = canonical(np.float32(total / np.float32(places)))
        output[index] = mean if average else largest


@jit
def pool_columns(columns, numbers, average, places, out):
    """Write the largest element, or the average, of some windows, as ``pool_window`` does.

    Parameters
    ----------
    columns
        float32[pixels, channels].
    numbers
        int64[windows, pixels of a window]: which of them a window holds, -1 outside the image.
    average
        Whether it is the average.
    places
        int64[windows]: what an average divides by.
    out
        float32[windows, channels], written.
    """
    channels = columns.shape[1]
    for window in range(numbers.shape[0]):
        out[window, :] = np.float32(0.0) if average else np.float32(-np.inf)
        for number in numbers[window]:
            if number < 0:
                continue
            for channel in range(channels):
                value, found = columns[number, channel], out[window, channel]
                if average:
                    out[window, channel] = canonical(np.float32(found + value))
                else:
                    out[window, channel] = value if value > found or value != value else found
        if average:
            for channel in range(channels):
                mean = np.float32(out[window, channel] / np.float32(places[window]))
                out[window, channel] = canonical(mean)


@callee
def _start(pad):
    # C divides towards zero: -pad / 2.
    return -(pad // 2)


@entry_point
def maxpool(count, in_h, in_w, in_c, stride, size, pad, source, output, indexes):
    """Write the largest element of every window and its index; the first of equals, never NaN."""
    height = (in_h + pad - size) // stride + 1
    width = (in_w + pad - size) // stride + 1
    index_out = 0
    for plane in range(count // (height * width)):
        for i in range(height):
            for j in range(width):
                largest = np.float32(-np.inf)
                winner = np.int64(-1)
                for row in range(_start(pad) + i * stride, _start(pad) + i * stride + size):
                    for column in range(_start(pad) + j * stride, _start(pad) + j * stride + size):
                        if 0 <= row < in_h and 0 <= column < in_w:
                            index = column + in_w * (row + in_h * plane)
                            if source[index] > largest:
                                largest = source[index]
                                winner = index
                output[index_out] = largest
                indexes[index_out] = winner
                index_out += 1


@jit
def maxpool_xy(count, in_h, in_w, in_c, stride_x, stride_y, size, pad, source, output, indexes):
    """Write what ``maxpool`` writes, with a step of its own along each axis."""
    height = (in_h + pad - size) // stride_y + 1
    width = (in_w + pad - size) // stride_x + 1
    for index_out in range(count):
        top = _start(pad) + index_out // width % height * stride_y
        left = _start(pad) + index_out % width * stride_x
        plane = index_out // (width * height)
        largest = np.float32(-np.inf)
        winner = np.int64(-1)
        for row in range(top, top + size):
            for column in range(left, left + size):
                if 0 <= row < in_h and 0 <= column < in_w:
                    index = column + in_w * (row + in_h * plane)
                    if source[index] > largest:
                        largest = source[index]
                        winner = index
        output[index_out] = largest
        indexes[index_out] = winner


@jit
def maxpool_depth(count, width, height, channels, out_c, batch, source, output, indexes):
    """Write the largest element of every `out_c`-th channel, and its index, at every pixel."""
    area = width * height
    for pixel in range(count):
        place, image = pixel % area, pixel // area % batch
        for group in range(out_c):
            largest = np.float32(-3.402823466e38)
            winner = np.int64(-1)
            for channel in range(group, channels, out_c):
                index = (image * channels + channel) * area + place
                if source[index] > largest:
                    largest = source[index]
                    winner = index
            output[(image * out_c + group) * area + place] = largest
            indexes[(image * out_c + group) * area + place] = winner


def _depth_owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: a thread writes all channels of a pixel."""
    area = arguments.w * arguments.h
    return int(word // (arguments.out_c * area) * area + word % area)


@entry_point
def maxpool_columns(columns, slots, height, width, size, stride, start, windows, width_out, out):
    """Write the largest element of every window and row, as ``maxpool`` does."""
    rows = columns.shape[1]
    for number in range(windows.shape[0]):
        top = start + windows[number] // width_out * stride
        left = start + windows[number] % width_out * stride
        out[number, :] = np.float32(-np.inf)
        for row in range(max(top, 0), min(top + size, height)):
            for column in range(max(left, 0), min(left + size, width)):
                slot = slots[row * width + column]
                for channel in range(rows):
                    value, largest = columns[slot, channel], out[number, channel]
                    out[number, channel] = value if value > largest else largest


@entry_point
def avgpool(count, width, height, channels, source, output):
    """Write the mean of each of `count` channels, summed in order."""
    area = width * height
    for index in range(count):
        total = np.float32(0.0)
        for position in range(index * area, (index + 1) * area):
            total = canonical(np.float32(total + source[position]))
        output[index] = canonical(np.float32(total / np.float32(area)))


@entry_point
def average_columns(columns, means):
    """Write each row's mean over all columns of a map, summed in order, as ``avgpool`` does."""
    means[:] = np.float32(0.0)
    for number in range(columns.shape[0]):
        for row in range(columns.shape[1]):
            means[row] = canonical(np.float32(means[row] + columns[number, row]))
    for row in range(columns.shape[1]):
        means[row] = canonical(np.float32(means[row] / np.float32(columns.shape[0])))


FAMILY: Mapping[str, Behaviour] = {
    "im2col": Behaviour(im2col, owner=_im2col_owner, stored=dense("col", "n", "ksize", "ksize")),
    "im2col_ext": Behaviour(
        im2col_ext, owner=_im2col_ext_owner, stored=dense("col", "n", "kernel_h", "kernel_w")
    ),
    "maxpool": Behaviour(maxpool, stored=dense("output", "n")),
    "maxpool_xy": Behaviour(maxpool_xy, stored=dense("output", "n")),
    "maxpool_depth": Behaviour(
        maxpool_depth, owner=_depth_owner, stored=dense("output", "n", "out_c")
    ),
    "pool_window": Behaviour(pool_window, stored=dense("output", "n")),
    "avgpool": Behaviour(avgpool, stored=dense("output", "n")),
}
