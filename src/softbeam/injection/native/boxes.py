"""Boxes of detectors compared with one another: thinned out, and paired by how they overlap.

No kernel does this: Darknet leaves it to the host.  It is compiled because a fault can leave tens
of thousands of boxes.  What boxes are, and what their pairs mean, is
in :mod:`softbeam.injection.detection`.  Here they are rows of float64: left, right, upper and lower
edge, area, label, score; one with an edge that is no number has a left edge of infinity.
"""

from __future__ import annotations

from softbeam.jit import jit


@jit
def overlap(boxes, i, others, j):
    """Return the intersection of two boxes over their union (IoU), 0 where there is none."""
    across = min(boxes[i, 1], others[j, 1]) - max(boxes[i, 0], others[j, 0])
    # Written so that what is no number overlaps nothing.
    if not across > 0:
        return 0.0
    along = min(boxes[i, 3], others[j, 3]) - max(boxes[i, 2], others[j, 2])
    if not along > 0:
        return 0.0
    both = across * along
    shared = both / (boxes[i, 4] + others[j, 4] - both)
    # Boxes without a finite size overlap nothing; tiny ones suffer from rounding.
    return min(shared, 1.0) if shared > 0 else 0.0


@jit
def overlaps(ones, others, shared):
    """Write the overlap of each box with each other to `shared`: [ones, others]."""
    for i in range(ones.shape[0]):
        for j in range(others.shape[0]):
            shared[i, j] = overlap(ones, i, others, j)


@jit
def apart(boxes, i, j, power):
    """Return the distance of two boxes' centres over the diagonal around both, to twice `power`."""
    width = max(boxes[i, 1], boxes[j, 1]) - min(boxes[i, 0], boxes[j, 0])
    height = max(boxes[i, 3], boxes[j, 3]) - min(boxes[i, 2], boxes[j, 2])
    across = (boxes[i, 0] + boxes[i, 1] - boxes[j, 0] - boxes[j, 1]) / 2
    along = (boxes[i, 2] + boxes[i, 3] - boxes[j, 2] - boxes[j, 3]) / 2
    diagonal = width * width + height * height
    return ((across * across + along * along) / diagonal) ** power if diagonal > 0 else 0.0


@jit
def thin(boxes, most, power, kept):
    """Say of each box whether none that is kept before it and has its label overlaps it more.

    Boxes of one label lie together.  Unless `power` is no number, the distance of their centres is
    taken off the overlap (DIoU).
    """
    kept[:] = True
    for i in range(boxes.shape[0]):
        if not kept[i]:
            continue
        for j in range(i + 1, boxes.shape[0]):
            if boxes[j, 5] != boxes[i, 5]:
                break
            if not kept[j]:
                continue
            shared = overlap(boxes, i, boxes, j)
            if shared > most and power == power:
                shared -= apart(boxes, i, j, power)
            if shared > most:
                kept[j] = False


@jit
def alike(ones, others, order, other_order, least, partners, taken):
    """Give boxes the same box of the others as a partner, where it overlaps itself enough.

    Both are gone through by label, then from the highest score down; rows end with the score.
    """
    i, j = 0, 0
    while i < ones.shape[0] and j < others.shape[0]:
        one, other = order[i], other_order[j]
        same = True
        for entry in range(ones.shape[1]):
            same = same and ones[one, entry] == others[other, entry]
        if same and overlap(ones, one, others, other) >= least:
            partners[one] = other
            taken[other] = True
        label, next_label = ones[one, 5], others[other, 5]
        score, next_score = ones[one, 6], others[other, 6]
        ahead = label < next_label or (label == next_label and score > next_score)
        behind = label > next_label or (label == next_label and score < next_score)
        i += not behind
        j += not ahead


@jit
def near(ones, others, order, starts, ends, least, rows, columns, shared):
    """Write which boxes overlap enough, and how much; return how many pairs there are.

    Box i is held against those of ``order[starts[i]:ends[i]]``.  Pairs for which there is no room
    are counted only.
    """
    count = 0
    for i in range(ones.shape[0]):
        for number in range(starts[i], ends[i]):
            j = order[number]
            found = overlap(ones, i, others, j)
            if found >= least:
                if count < rows.shape[0]:
                    rows[count], columns[count], shared[count] = i, j, found
                count += 1
    return count


@jit
def settle(rows, columns, partners, taken):
    """Give each row the first column that is free when its turn comes; -1 is none."""
    for number in range(rows.shape[0]):
        i, j = rows[number], columns[number]
        if partners[i] < 0 and not taken[j]:
            partners[i] = j
            taken[j] = True
