"""Softmax, each of whose words depends on all of its group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.emulator.arithmetic import canonical
from softbeam.jit import entry_point
from softbeam.kernels.behaviour import NOBODY, Behaviour
from softbeam.kernels.native.exponential import expf
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored


@entry_point
def softmax(
    source, count, batch, batch_offset, groups, group_offset, stride, temperature, output, table
):
    """Write the softmax of every group of `count` elements; `table` is MUFU.EX2's."""
    for thread in range(batch * groups):
        start = (thread // groups) * batch_offset + (thread % groups) * group_offset
        largest = np.float32(-np.inf)
        for index in range(count):
            value = source[start + index * stride]
            largest = value if value > largest else largest
        # The kernel divides by the temperature anew for every element; the result is the same.
        peak = canonical(np.float32(largest / temperature))
        total = np.float32(0.0)
        for index in range(count):
            place = start + index * stride
            scaled = canonical(np.float32(source[place] / temperature))
            power = expf(canonical(np.float32(scaled - peak)), table)
            total = canonical(np.float32(total + power))
            output[place] = power
        for index in range(count):
            place = start + index * stride
            output[place] = canonical(np.float32(output[place] / total))


def _owner(arguments: Arguments, word: int) -> int:
    """Return the thread of a word: a thread computes one group of one image."""
    a = arguments
    image, rest = divmod(word, a.batch_offset) if a.batch > 1 else (0, word)
    if a.stride == 1:
        group, element = divmod(rest, a.group_offset)
    else:
        element, place = divmod(rest, a.stride)
        group = place // a.group_offset
    inside = image < a.batch and group < a.groups and element < a.n
    return int(image * a.groups + group) if inside else NOBODY


def _stored(arguments: Arguments) -> tuple[Stored, ...]:
    """Return the elements of all groups of all images."""
    a = arguments
    return (Stored("output", (a.batch, a.groups, a.n), (a.batch_offset, a.group_offset, a.stride)),)


FAMILY: Mapping[str, Behaviour] = {
    "softmax": Behaviour(softmax, owner=_owner, tables=("ex2",), stored=_stored),
}
