"""A tiny network as files, as a user has them: .cfg, .weights and images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softbeam.network import load_network
from softbeam.network.darknet.weights import write_weights
from softbeam.network.layers import trained_buffers

#: All ten kernels, in launches so small that an injection takes less than a millisecond.
CFG = """
[net]
height=10
width=10
channels=3

[convolutional]
batch_normalize=1
filters=4
size=3
stride=1
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
filters=7
size=1
stride=1
pad=1
activation=leaky

[avgpool]

[softmax]
groups=1
"""


@dataclass(frozen=True)
class NetworkFiles:
    """Where the files of a tiny network are; the images differ."""

    cfg: Path
    weights: Path
    images: tuple[Path, Path, Path]

    @property
    def options(self) -> list[str]:
        """The network and its weights on the command line."""
        return [str(self.cfg), "--weights", str(self.weights)]


def write_network(folder: Path) -> NetworkFiles:
    """Write a tiny network with random weights and three random images."""
    from skimage.io import imsave

    cfg, weights = folder / "tiny.cfg", folder / "tiny.weights"
    cfg.write_text(CFG)
    layers = load_network(str(cfg)).layers
    rng = np.random.default_rng(11)
    values = {}
    for name, words in trained_buffers(layers).items():
        drawn = rng.normal(0, 0.5, words).astype(np.float32)
        values[name] = np.abs(drawn) + np.float32(0.1) if name.endswith("variance") else drawn
    write_weights(weights, layers, values)
    images = []
    for number in range(3):
        image = folder / f"image-{number}.png"
        pixels = rng.integers(0, 256, (10, 10, 3), dtype=np.uint8)
        imsave(image, pixels, check_contrast=False)
        images.append(image)
    return NetworkFiles(cfg, weights, (images[0], images[1], images[2]))
