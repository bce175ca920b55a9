"""How ONNX's operators that move elements become layers: transposed, cut, joined, repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import prod

import numpy as np

from softbeam.network import layers as kinds
from softbeam.network.layers import Piece
from softbeam.network.onnx.graph import Node
from softbeam.network.onnx.lowering import Lowering, Refused, integers, shape_of
from softbeam.network.onnx.steps import collapsed, dense, laid_on

#: Runs of neighbours that a Gather or a Pad may consist of: each is a launch.
_MOST_RUNS = 64


def move(
    lowering: Lowering,
    label: str,
    target: str,
    sides: Sequence[int],
    pieces: Sequence[Piece],
    filled: float | None = None,
) -> None:
    """Add a layer that moves pieces to a tensor of some sides."""
    first = pieces[0].source
    shape = lowering.layers[first].output_shape if first >= 0 else lowering.image
    layer = kinds.Move(
        len(lowering.layers), shape, shape_of(sides), tuple(pieces), filled, label=label,
        takes=first,
    )  # fmt: skip
    lowering.add(layer, target, tuple(sides))


def piece(
    source: int,
    sizes: Sequence[int],
    start: int,
    steps: Sequence[int],
    to: int = 0,
    places: Sequence[int] | None = None,
) -> Piece:
    """Return a piece along as few axes as do; without `places` its words are neighbours."""
    few = collapsed(sizes, steps, dense(sizes) if places is None else places)
    if len(few[0]) > 6:
        raise Refused(f"it moves elements along {len(few[0])} axes; softbeam's kernel knows 6")
    return Piece(source, few[0], start, few[1], to, few[2])


def _axis(node: Node, rank: int, usual: int = 0) -> int:
    axis = int(node.attributes.get("axis", usual))
    if not -rank <= axis < rank:
        raise Refused(f"axis is {axis}; its input has {rank}")
    return axis % rank


def _transpose(lowering: Lowering, node: Node) -> None:
    source, _ = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    order = node.attributes.get("perm", range(len(sides))[::-1])
    steps = dense(sides)
    new = [sides[axis] for axis in order]
    one = piece(source, new, 0, [steps[axis] for axis in order])
    if len(one.sizes) == 1:
        # Only axes of one element change their places.
        lowering.keep(node, source, prod(sides))
        return
    move(lowering, node.name, node.outputs[0], new, [one])


def cut(
    lowering: Lowering,
    label: str,
    tensor: str,
    target: str,
    slices: Mapping[int, tuple[int, int, int]],
) -> None:
    """Add a layer of some elements of a tensor: by axis the first, how many, and their step."""
    sides = lowering.sides(tensor)
    steps, sizes, start = list(dense(sides)), list(sides), 0
    for axis, (first, count, step) in slices.items():
        start += first * steps[axis]
        steps[axis] *= step
        sizes[axis] = count
    one = piece(lowering.places[tensor][0], sizes, start, steps)
    move(lowering, label, target, sizes, [one])


def _slice(lowering: Lowering, node: Node) -> None:
    lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    starts, ends = (integers(lowering, node, at, name) for at, name in ((1, "starts"), (2, "ends")))
    if starts is None or ends is None:
        raise Refused("it does not say where it begins and ends")
    axes = integers(lowering, node, 3, "axes") or list(range(len(starts)))
    strides = integers(lowering, node, 4, "steps") or [1] * len(starts)
    slices, backward = {}, {}
    for axis, start, end, step in zip(axes, starts, ends, strides, strict=True):
        found = range(*slice(start, end, step).indices(sides[axis]))
        if not found:
            raise Refused(f"it takes nothing along axis {axis}")
        if step > 0:
            slices[axis % len(sides)] = (found.start, len(found), step)
        else:
            backward[axis % len(sides)] = found
    target = node.outputs[0]
    tensor = f"{target}#forward" if backward else target
    cut(lowering, node.name, node.inputs[0], tensor, slices)
    for number, (axis, found) in enumerate(backward.items(), 1):
        result = target if number == len(backward) else f"{target}#{axis}"
        take(lowering, node.name, tensor, result, axis, found)
        tensor = result


def _split(lowering: Lowering, node: Node) -> None:
    lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    axis = _axis(node, len(sides))
    parts = integers(lowering, node, 1, "split")
    if parts is None:
        each = -(-sides[axis] // len(node.outputs))
        parts = [min(each, sides[axis] - each * part) for part in range(len(node.outputs))]
    if sum(parts) != sides[axis] or len(parts) != len(node.outputs):
        raise Refused(f"split is {parts}, of {sides[axis]} elements")
    for target, count, end in zip(node.outputs, parts, accumulate(parts), strict=True):
        if lowering.graph.readers(target) or target in lowering.graph.outputs:
            cut(lowering, node.name, node.inputs[0], target, {axis: (end - count, count, 1)})


def concat(lowering: Lowering, node: Node) -> None:
    """Lower a join along any axis."""
    sides = lowering.sides(node.outputs[0])
    axis = _axis(node, len(sides))
    places, pieces, before = dense(sides), [], 0
    for name in node.inputs:
        own = lowering.sides(name)
        to = before * places[axis]
        pieces.append(piece(lowering.held(name), own, 0, dense(own), to, places))
        before += own[axis]
    if before != sides[axis]:
        raise Refused(f"it joins {before} elements along axis {axis}, not {sides[axis]}")
    move(lowering, node.name, node.outputs[0], sides, pieces)


def take(
    lowering: Lowering, label: str, tensor: str, target: str, axis: int, chosen: Sequence[int]
) -> None:
    """Add a layer of chosen elements along an axis: a piece for each run with one step."""
    sides = lowering.sides(tensor)
    runs: list[list[int]] = []
    for one in chosen:
        run = runs[-1] if runs else []
        step = run[1] - run[0] if len(run) > 1 else None
        if run and one >= run[0] and step in (None, one - run[-1]):
            run.append(one)
        else:
            runs.append([one])
    if len(runs) > _MOST_RUNS:
        raise Refused(f"it takes {len(runs)} runs of elements; softbeam knows {_MOST_RUNS}")
    new = [*sides[:axis], len(chosen), *sides[axis + 1 :]]
    source, steps, places = lowering.places[tensor][0], dense(sides), dense(new)
    pieces, done = [], 0
    for run in runs:
        step = run[1] - run[0] if len(run) > 1 else 1
        sizes = [*sides[:axis], len(run), *sides[axis + 1 :]]
        along = [*steps[:axis], steps[axis] * step, *steps[axis + 1 :]]
        to = done * places[axis]
        pieces.append(piece(source, sizes, run[0] * steps[axis], along, to, places))
        done += len(run)
    move(lowering, label, target, new, pieces)


def _gather(lowering: Lowering, node: Node) -> None:
    lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    axis = _axis(node, len(sides))
    indexes = np.asarray(lowering.graph.constants.get(node.inputs[1], ()), dtype=np.int64)
    if indexes.size == 0:
        raise Refused(f"its indices {node.inputs[1]!r} are no constant")
    chosen = [int(one) % sides[axis] for one in indexes.reshape(-1)]
    tensor, target = node.inputs[0], node.outputs[0]
    take(lowering, node.name, tensor, target, axis, chosen)
    lowering.view(target, (*sides[:axis], *indexes.shape, *sides[axis + 1 :]))


def _expand(lowering: Lowering, node: Node) -> None:
    source, shape = lowering.place(node)
    own, sides = lowering.sides(node.inputs[0]), lowering.sides(node.outputs[0])
    if prod(own) == prod(sides):
        lowering.keep(node, source, prod(shape))
        return
    one = piece(source, sides, 0, laid_on(own, sides))
    move(lowering, node.name, node.outputs[0], sides, [one])


def _tile(lowering: Lowering, node: Node) -> None:
    source, _ = lowering.place(node)
    own = lowering.sides(node.inputs[0])
    times = [int(one) for one in lowering.weight(node, 1).reshape(-1)]
    sizes = [size for pair in zip(times, own, strict=True) for size in pair]
    steps = [step for pair in zip([0] * len(own), dense(own), strict=True) for step in pair]
    sides = [count * side for count, side in zip(times, own, strict=True)]
    move(lowering, node.name, node.outputs[0], sides, [piece(source, sizes, 0, steps)])


def _depth_to_space(lowering: Lowering, node: Node) -> None:
    source, _ = lowering.place(node)
    batch, channels, height, width = lowering.sides(node.inputs[0])
    block = int(node.attributes["blocksize"])
    if node.op == "SpaceToDepth":
        sides = (batch, block * block * channels, height // block, width // block)
        split = (batch, channels, height // block, block, width // block, block)
        crd = node.attributes.get("mode", b"DCR") == b"CRD"
        order = (0, 1, 3, 5, 2, 4) if crd else (0, 3, 5, 1, 2, 4)
    else:
        sides = (batch, channels // block**2, height * block, width * block)
        inner = channels // block**2
        if node.attributes.get("mode", b"DCR") == b"CRD":
            split, order = (batch, inner, block, block, height, width), (0, 1, 4, 2, 5, 3)
        else:
            split, order = (batch, block, block, inner, height, width), (0, 3, 4, 1, 5, 2)
    steps = dense(split)
    one = piece(source, [split[axis] for axis in order], 0, [steps[axis] for axis in order])
    move(lowering, node.name, node.outputs[0], sides, [one])


def pad(lowering: Lowering, node: Node) -> None:
    """Lower a Pad: with a constant, with what lies at the edge, or reflected there."""
    source, _ = lowering.place(node)
    sides = lowering.sides(node.inputs[0])
    given = integers(lowering, node, 1, "pads")
    axes = integers(lowering, node, 3, "") or list(range(len(sides)))
    if given is None or min(given) < 0:
        raise Refused(f"pads is {given}; softbeam's kernels add elements")
    before, after = [0] * len(sides), [0] * len(sides)
    for axis, first, last in zip(axes, given, given[len(axes) :], strict=False):
        before[axis], after[axis] = first, last
    new = [sum(each) for each in zip(before, sides, after, strict=True)]
    how = node.attributes.get("mode", b"constant").decode()
    if how == "constant":
        value = lowering.constant(node, 2)
        filled = node.attributes.get("value", 0.0) if value is None else value.reshape(-1)[0]
        places = dense(new)
        to = sum(count * place for count, place in zip(before, places, strict=True))
        one = piece(source, sides, 0, dense(sides), to, places)
        move(lowering, node.name, node.outputs[0], new, [one], float(filled))
        return
    if how not in ("edge", "reflect", "wrap"):
        raise Refused(f"mode is {how}")
    tensor = node.inputs[0]
    padded = [axis for axis in range(len(sides)) if before[axis] or after[axis]]
    if not padded:
        lowering.keep(node, source, prod(sides))
    for axis in padded:
        target = node.outputs[0] if axis == padded[-1] else f"{node.outputs[0]}#{axis}"
        numbers = np.pad(np.arange(sides[axis]), (before[axis], after[axis]), how)
        take(lowering, node.name, tensor, target, axis, numbers.tolist())
        tensor = target


MAKERS: Mapping[str, Callable[[Lowering, Node], None]] = {
    "Concat": concat,
    "DepthToSpace": _depth_to_space,
    "Expand": _expand,
    "Gather": _gather,
    "Pad": pad,
    "Slice": _slice,
    "SpaceToDepth": _depth_to_space,
    "Split": _split,
    "Tile": _tile,
    "Transpose": _transpose,
}
