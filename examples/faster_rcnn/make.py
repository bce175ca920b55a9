"""Write a two-stage detector as a program.

python examples/faster_rcnn/make.py runs/faster_rcnn

The pieces are those of Faster R-CNN; what they compute with is small.  The backbone's filters are
random, the proposals and the classifier are the least squares over one picture that comes with
scikit-image, in which a cup of coffee is the only object: what is asked is where faults act, not
what a detector learns.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data, transform

from softbeam import Program
from softbeam.program.description import Address

SIDE, STRIDE, SIZES = 96, 8, (24.0, 40.0, 64.0)
CHANNELS, MAP = 32, SIDE // STRIDE
KEPT, WANTED, PARTS, LABELS = 64, 8, 4, 2
CUP = np.array([16.0, 12.0, 76.0, 78.0])  # left, top, right, bottom


def picture() -> np.ndarray:
    """Return the cup of coffee: channels, rows, columns."""
    found = transform.resize(data.coffee()[:, 100:500], (SIDE, SIDE), anti_aliasing=True)
    return np.ascontiguousarray(found.transpose(2, 0, 1), dtype=np.float32)


def overlaps(boxes: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes and one other."""
    corner = np.minimum(boxes[:, 2:], other[2:]) - np.maximum(boxes[:, :2], other[:2])
    both = corner.clip(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (other[2:] - other[:2]).prod()
    return both / (areas - both)


def anchors() -> np.ndarray:
    """Return all anchors as boxes: sizes, rows, columns."""
    centre = (np.arange(MAP) + 0.5) * STRIDE
    x, y = np.meshgrid(centre, centre)
    middle = np.stack([x, y], -1).reshape(1, -1, 2)
    half = np.array(SIZES).reshape(-1, 1, 1) / 2
    return np.concatenate([middle - half, middle + half], -1).reshape(-1, 4)


def solve(x: np.ndarray, y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights and biases of the least squares."""
    mean = x.mean(0)
    centred = x - mean
    weights = np.linalg.solve(
        centred.T @ centred + ridge * np.eye(x.shape[1]), centred.T @ (y - y.mean(0))
    )
    return weights.T.astype(np.float32), (y.mean(0) - mean @ weights).astype(np.float32)


def backbone(program: Program, image: Address) -> Address:
    """Add three convolutions, each with a pool; return the address of the map."""
    rng = np.random.default_rng(7)
    channels, side = 3, SIDE
    for number, filters in enumerate((12, 20, CHANNELS)):
        stage = f"backbone.{number}"
        scale = np.sqrt(2 / (9 * channels))
        weights = (rng.normal(size=(filters, channels, 3, 3)) * scale).astype(np.float32)
        given = program.buffer(f"{stage}.weights", weights)
        biases = program.buffer(f"{stage}.biases", np.full(filters, -0.1, np.float32))
        out = program.buffer(f"{stage}.out", shape=(filters, side, side), dtype=np.float32)
        grid = (-(-side * side // 128), filters)
        arguments = (channels, filters, side, side, image, given, biases, out)
        program.launch("convolve", grid, 128, *arguments, stage=stage)
        side //= 2
        image = program.buffer(f"{stage}.pooled", shape=(filters, side, side), dtype=np.float32)
        grid = -(-filters * side * side // 128)
        program.launch("pool", grid, 128, filters, side, side, out, image, stage=stage)
        channels = filters
    return image


def proposals(program: Program, image: Address) -> tuple[Address, Address]:
    """Add the region proposal network; return the addresses of the boxes and of those kept."""
    features = program.run(image).outputs[image.buffer].reshape(CHANNELS, -1).T
    boxes, places, count = anchors(), MAP * MAP, len(SIZES)
    good = overlaps(boxes, CUP).reshape(count, places)
    sizes = np.repeat(SIZES, places)[:, None]
    middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    moved = ((CUP[:2] + CUP[2:]) / 2 - middle) / sizes
    grown = np.log((CUP[2:] - CUP[:2]) / sides)
    deltas = np.concatenate([moved, grown], 1).reshape(count, places, 4)
    wanted = np.concatenate([8 * good[..., None] - 3, deltas], 2)
    weights, biases = solve(features, wanted.transpose(1, 0, 2).reshape(places, -1), 0.5)
    found = program.buffer("proposals.found", shape=(5 * count, places), dtype=np.float32)
    given = (program.buffer("proposals.weights", weights), program.buffer("proposals.b", biases))
    arguments = (CHANNELS, 5 * count, places, image, *given, found)
    program.launch("head", (-(-places // 64), 5 * count), 64, *arguments, stage="proposals")
    scores = program.buffer("proposals.scores", shape=count * places, dtype=np.float32)
    decoded = program.buffer("proposals.boxes", shape=(count * places, 4), dtype=np.float32)
    lengths = program.buffer("proposals.sizes", np.array(SIZES, np.float32))
    arguments = (count, MAP, MAP, float(STRIDE), float(SIDE), lengths, found, scores, decoded)
    grid = -(-count * places // 64)
    program.launch("decode", grid, 64, *arguments, stage="proposals")
    best = program.buffer("proposals.best", shape=(KEPT, 4), dtype=np.float32)
    ranked = program.buffer("proposals.ranked", shape=KEPT, dtype=np.float32)
    arguments = (count * places, KEPT, scores, decoded, ranked, best)
    program.launch("sort", grid, 64, *arguments, stage="proposals")
    masks = program.buffer("proposals.masks", shape=KEPT, dtype=np.uint64)
    program.launch("suppress", 1, KEPT, KEPT, 0.6, best, masks, stage="proposals")
    kept = program.buffer("proposals.kept", shape=WANTED, dtype=np.int32)
    program.launch("keep", 1, 1, KEPT, WANTED, masks, kept, stage="proposals")
    return best, kept


def classifier(program: Program, image: Address, boxes: Address, kept: Address) -> Address:
    """Add the second stage; return the address of the scores."""
    words = CHANNELS * PARTS * PARTS
    pooled = program.buffer("boxes.pooled", shape=(WANTED, words), dtype=np.float32)
    arguments = (CHANNELS, MAP, MAP, PARTS, 1 / STRIDE, image, boxes, kept, pooled)
    program.launch("roi_pool", (WANTED, CHANNELS), 32, *arguments, stage="boxes")
    run = program.run(pooled, boxes, kept).outputs
    chosen = run[boxes.buffer][run[kept.buffer].clip(0)]
    cup = overlaps(chosen, CUP) > 0.5
    labels = np.stack([~cup, cup], 1) * 2.0 - 1.0
    weights, biases = solve(run[pooled.buffer], labels, 0.5)
    scores = program.buffer("boxes.scores", shape=(WANTED, LABELS), dtype=np.float32)
    given = (program.buffer("boxes.weights", weights), program.buffer("boxes.biases", biases))
    program.launch("classify", (WANTED, LABELS), 32, words, pooled, *given, scores, stage="boxes")
    return scores


def detector(architecture: str = "sm_90") -> Program:
    """Return the program; what a step learns needs what those before it compute."""
    program = Program("faster_rcnn")
    program.load(Path(__file__).with_name("detector.cu"), architecture=architecture)
    image = backbone(program, program.buffer("picture", picture()))
    boxes, kept = proposals(program, image)
    scores = classifier(program, image, boxes, kept)
    program.output(boxes, kept, scores)
    return program


if __name__ == "__main__":
    detector().write(sys.argv[1])
