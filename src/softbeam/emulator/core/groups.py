"""Divergence and reconvergence of a warp's threads, jitted.

A warp is a list of groups: threads that share a row.  The last ready group runs.  When a group
diverges, its smaller part runs first, until it waits at its BSYNC or exits (hardware README,
point 2); of equal parts, the one without the lowest lane.
"""

from __future__ import annotations

import numpy as np

from softbeam.emulator.core.counting import most_counted
from softbeam.emulator.core.layout import READY
from softbeam.emulator.core.operands import count_ones
from softbeam.jit import callee


@callee
def push_group(w, mask, row):
    """Add a ready group, which becomes the running one."""
    number = w.groups
    w.group_mask[number] = mask
    w.group_row[number] = row
    w.group_wait[number] = READY
    w.groups = number + 1


@callee
def drop_group(w, group):
    """Remove a group, keeping the order of the others."""
    last = w.groups - 1
    for position in range(group, last):
        w.group_mask[position] = w.group_mask[position + 1]
        w.group_row[position] = w.group_row[position + 1]
        w.group_wait[position] = w.group_wait[position + 1]
    w.groups = last


@callee
def running_group(w):
    """Return the last ready group, or -1."""
    for group in range(w.groups - 1, -1, -1):
        if w.group_wait[group] == READY:
            return group
    return -1


@callee
def end_of_turn(w, turn, budget):
    """Return how many instructions a thread may have executed when its group's turn ends."""
    group = running_group(w)
    if group < 0:
        return budget
    return min(budget, most_counted(w, w.group_mask[group]) + turn)


@callee
def give_way(w, budget):
    """Let the other ready groups of a warp come before the one whose turn has ended.

    False if it may not run again: the budget is used up, or no group is ready.
    """
    group = running_group(w)
    if group < 0:
        return False
    mask, row = w.group_mask[group], w.group_row[group]
    if most_counted(w, mask) >= budget:
        return False
    for position in range(group, 0, -1):
        w.group_mask[position] = w.group_mask[position - 1]
        w.group_row[position] = w.group_row[position - 1]
        w.group_wait[position] = w.group_wait[position - 1]
    w.group_mask[0], w.group_row[0], w.group_wait[0] = mask, row, READY
    return True


@callee
def _lowest(mask):
    return mask & (~mask + np.uint32(1))


@callee
def _runs_before(first, second):
    """Whether the part `first` of a diverged group runs before the part `second`."""
    ones, others = count_ones(first), count_ones(second)
    if ones != others:
        return ones < others
    return _lowest(first) > _lowest(second)


@callee
def split(w, group, mask, row, rest, rest_row):
    """Replace a group by two parts, ordered so that the one that runs first is last."""
    if _runs_before(mask, rest):
        w.group_mask[group] = rest
        w.group_row[group] = rest_row
        _insert(w, group + 1, mask, row)
    else:
        w.group_mask[group] = mask
        w.group_row[group] = row
        _insert(w, group + 1, rest, rest_row)


@callee
def _insert(w, position, mask, row):
    number = w.groups
    for later in range(number, position, -1):
        w.group_mask[later] = w.group_mask[later - 1]
        w.group_row[later] = w.group_row[later - 1]
        w.group_wait[later] = w.group_wait[later - 1]
    w.group_mask[position] = mask
    w.group_row[position] = row
    w.group_wait[position] = READY
    w.groups = number + 1


@callee
def alive(w):
    """Return the lanes that have not exited."""
    mask = np.uint32(0)
    for group in range(w.groups):
        mask |= w.group_mask[group]
    return np.uint32(mask)


@callee
def lowest_lane(mask):
    """Return the lowest lane of a mask that is not empty."""
    lane = 0
    while not (mask >> np.uint32(lane)) & np.uint32(1):
        lane += 1
    return lane


@callee
def release(w):
    """Merge and make ready every set of groups whose convergence barrier is complete.

    A barrier is complete when every thread that it names waits at it or has exited.  A thread that
    waits at the same instruction for others than those who name it is not there yet: it is deeper
    in a function that calls itself.
    """
    group = 0
    while group < w.groups:
        barrier = w.group_wait[group]
        if barrier < 0:
            group += 1
            continue
        living = alive(w)
        own = w.group_mask[group]
        wanted = w.barriers[barrier, lowest_lane(own)] & living
        row = w.group_row[group]
        there = np.uint32(0)
        for other in range(w.groups):
            if w.group_wait[other] == barrier and w.group_row[other] == row:
                mask = w.group_mask[other]
                if other == group or w.barriers[barrier, lowest_lane(mask)] & own:
                    there |= mask
        if wanted & ~there:
            group += 1
            continue
        there &= wanted | own
        merged = np.uint32(0)
        for other in range(w.groups - 1, -1, -1):
            mask = w.group_mask[other]
            if w.group_wait[other] == barrier and mask & there == mask:
                merged |= mask
                drop_group(w, other)
        push_group(w, merged, row)
        group = 0
