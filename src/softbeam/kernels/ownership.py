"""Which thread of a launch stores a word: needed only where a wild store meets another's word.

Within a launch the later block's store stays (hardware README, point 3), so the order of the two
threads decides what is left.
"""

from __future__ import annotations

from collections.abc import Sequence


def owner_thread(kernel: str, arguments: Sequence[int | float], word: int) -> int:
    """Return the number of the thread that stores a word, blocks of 512 threads in order.

    Parameters
    ----------
    kernel : str
        Short name of the kernel.
    arguments : sequence of int or float
        Its arguments; pointers do not matter.
    word : int
        Place of the word in the buffer that the kernel writes.

    Returns
    -------
    int
        ``512 * block + thread``, the block numbered x fastest.
    """
    if kernel == "fill":
        return word // int(arguments[3])
    if kernel == "copy":
        return (word - int(arguments[5])) // int(arguments[6])
    if kernel == "im2col":
        size, area = int(arguments[4]), int(arguments[7]) * int(arguments[8])
        channel = word // area // (size * size)
        return channel * area + word % area
    if kernel == "scale_bias":
        size = int(arguments[3])
        blocks = -(-size // 512)
        place = word % size
        return 512 * (place // 512 + blocks * (word // size)) + place % 512
    if kernel == "softmax":
        return word // int(arguments[3])
    return word
