"""Which thread of a launch stores a word: needed only where a wild store meets another's word.

Within a launch the later block's store stays (hardware README, point 3), so the order of the two
threads decides what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

NOBODY = -1
"""The owner of a word that no thread of the launch stores."""

Arguments = Sequence[int | float]


def owner_thread(kernel: str, arguments: Arguments, word: int) -> int:
    """Return the number of the thread that stores a word, blocks of 512 threads in order.

    Parameters
    ----------
    kernel : str
        Short name of the kernel.
    arguments : sequence of int or float
        Its arguments; pointers do not matter.
    word : int
        Place of the word, counted from where the kernel's pointer points.

    Returns
    -------
    int
        ``512 * block + thread``, the block numbered x fastest, or :data:`NOBODY`.

    Examples
    --------
    >>> owner_thread("fill", (100, 0.0, 0, 3), 9), owner_thread("fill", (100, 0.0, 0, 3), 10)
    (3, -1)
    """
    if kernel in _SPACED:
        first, step = (int(arguments[at]) if at is not None else 0 for at in _SPACED[kernel])
        thread, between = divmod(word - first, step)
        return thread if between == 0 and 0 <= thread < int(arguments[0]) else NOBODY
    return _OWNERS[kernel](arguments, word) if kernel in _OWNERS else word


#: Kernels that treat every n-th element: where their arguments hold the first and n.
_SPACED: Mapping[str, tuple[int | None, int]] = {
    "fill": (None, 3),
    "const": (None, 3),
    "scal": (None, 3),
    "constrain": (None, 3),
    "mul": (None, 4),
    "pow": (None, 5),
    "copy": (5, 6),
    "axpy": (6, 7),
}


def _im2col(arguments: Arguments, word: int) -> int:
    size, area = int(arguments[4]), int(arguments[7]) * int(arguments[8])
    channel = word // area // (size * size)
    return channel * area + word % area


def _scale_bias(arguments: Arguments, word: int) -> int:
    size = int(arguments[3])
    blocks = -(-size // 512)
    place = word % size
    return 512 * (place // 512 + blocks * (word // size)) + place % 512


def _softmax(arguments: Arguments, word: int) -> int:
    _, count, batch, batch_offset, groups, group_offset, stride = map(int, arguments[:7])
    image, rest = divmod(word, batch_offset) if batch > 1 else (0, word)
    if stride == 1:
        group, element = divmod(rest, group_offset)
    else:
        element, place = divmod(rest, stride)
        group = place // group_offset
    inside = image < batch and group < groups and element < count
    return image * groups + group if inside else NOBODY


def _shortcut(arguments: Arguments, word: int) -> int:
    _, minw, minh, minc, _, sample, _, _, _, _, _, w2, h2, _ = map(int, arguments[:14])
    (row, column), plane = divmod(word % (w2 * h2), w2), word // (w2 * h2)
    i, j = column // sample, row // sample
    inside = column % sample == row % sample == 0 and i < minw and j < minh and plane < minc
    return (plane * minh + j) * minw + i if inside else NOBODY


def _reorg(arguments: Arguments, word: int) -> int:
    _, _, w, h, c, _, stride, forward = map(int, arguments[:8])
    if not forward:
        return word
    rest, w2 = divmod(word, w * stride)
    c2, h2 = divmod(rest, h * stride)
    offset = h2 % stride * stride + w2 % stride
    channel = offset * (c // stride**2) + c2
    return (channel * h + h2 // stride) * w + w2 // stride


def _flatten(arguments: Arguments, word: int) -> int:
    _, _, spatial, layers, _, forward = map(int, arguments[:6])
    if not forward:
        return word
    image, place = divmod(word, layers * spatial)
    return (image * layers + place % layers) * spatial + place // layers


def _levels_image(arguments: Arguments, word: int) -> int:
    area = int(arguments[3]) * int(arguments[4])
    return word // (3 * area) * area + word % area


_OWNERS: Mapping[str, Callable[[Arguments, int], int]] = {
    "im2col": _im2col,
    "scale_bias": _scale_bias,
    "softmax": _softmax,
    "shortcut": _shortcut,
    "reorg": _reorg,
    "flatten": _flatten,
    "levels_image": _levels_image,
}
