"""Write the HOG detector as a program: python examples/hog/make.py runs/hog.

A linear classifier finds faces in a picture that comes with scikit-image.  Its weights are the
least squares over faces and other pictures that come with scikit-image too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import color, data, transform
from skimage.feature import hog

from softbeam import Program

SIDE = 256  # of the picture, in pixels
CELLS = SIDE // 8
WINDOW = 7  # blocks of a window of 64 x 64 pixels
WINDOWS = CELLS - 1 - WINDOW + 1
#: Pictures without faces.
OTHERS = (
    "coffee", "brick", "grass", "gravel", "chelsea", "page", "coins", "moon", "rocket", "horse",
    "clock", "cell",
)  # fmt: skip


def grey(name: str) -> np.ndarray:
    """Return a picture of scikit-image's in grey, small."""
    picture = getattr(data, name)()
    picture = color.rgb2gray(picture[..., :3]) if picture.ndim == 3 else picture / picture.max()
    return transform.resize(picture.astype(float), (SIDE, SIDE), anti_aliasing=True)


def features(picture: np.ndarray) -> np.ndarray:
    """Return scikit-image's own features of a picture: blocks, rows by columns."""
    return hog(picture, 9, (8, 8), (2, 2), "L2-Hys", feature_vector=False)


def classifier() -> tuple[np.ndarray, float]:
    """Return the weights and the bias of a linear classifier of faces."""
    known = [transform.resize(one, (64, 64), anti_aliasing=True) for one in data.lfw_subset()]
    faces = [features(one).ravel() for one in known[:100]]
    faces += [features(one[:, ::-1]).ravel() for one in known[:100]]
    others = [features(one).ravel() for one in known[100:]]
    for name in OTHERS:
        found = features(grey(name))
        others += [
            found[row : row + WINDOW, column : column + WINDOW].ravel()
            for row in range(0, WINDOWS, 2)
            for column in range(0, WINDOWS, 2)
        ]
    x = np.vstack(faces + others)
    sign = np.repeat([1.0, -1.0], [len(faces), len(others)])
    weight = np.repeat([0.5 / len(faces), 0.5 / len(others)], [len(faces), len(others)])
    mean = weight @ x
    centred = (x - mean) * np.sqrt(weight)[:, None]
    normal = centred.T @ centred + 0.01 * np.eye(x.shape[1])
    solved = np.linalg.solve(normal, centred.T @ (sign * np.sqrt(weight)))
    return solved.astype(np.float32), float(-mean @ solved)


def detector(picture: np.ndarray, architecture: str = "sm_90") -> Program:
    """Return the program that scores every window of a picture."""
    weights, bias = classifier()
    program = Program("hog")
    program.load(Path(__file__).with_name("hog.cu"), architecture=architecture)
    image = program.buffer("image", picture.astype(np.float32))
    magnitude = program.buffer("magnitude", shape=picture.shape, dtype=np.float32)
    angle = program.buffer("angle", shape=picture.shape, dtype=np.float32)
    histogram = program.buffer("histogram", shape=(CELLS, CELLS, 9), dtype=np.float32)
    blocks = program.buffer("features", shape=(CELLS - 1, CELLS - 1, 36), dtype=np.float32)
    trained = program.buffer("weights", weights)
    scores = program.buffer("scores", shape=(WINDOWS, WINDOWS), dtype=np.float32)
    tiles = (SIDE // 32, SIDE // 8)
    program.launch("gradients", tiles, (32, 8), SIDE, SIDE, image, magnitude, angle)
    program.launch("cells", CELLS * CELLS // 64, 64, CELLS, CELLS, magnitude, angle, histogram)
    count = (CELLS - 1) ** 2
    program.launch("blocks", -(-count // 64), 64, CELLS, CELLS, histogram, blocks)
    windows = (WINDOWS, WINDOWS)
    program.launch("classify", windows, 64, CELLS - 1, WINDOW, blocks, trained, bias, scores)
    program.output(scores)
    return program


if __name__ == "__main__":
    detector(grey("astronaut")).write(sys.argv[1])
