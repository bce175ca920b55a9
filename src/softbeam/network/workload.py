"""One inference that can be struck: network, weights, input and machine code, with their hashes.

Here is what a user names, read and checked; the golden run is :mod:`softbeam.network.golden`'s,
counting :mod:`softbeam.network.profile`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import NetworkError
from softbeam.kernels import ARCHITECTURES, manifest_sha256
from softbeam.network.catalogue import Network, load_network
from softbeam.network.image import load_image
from softbeam.network.plan import Plan
from softbeam.network.planner import Im2col
from softbeam.network.weights import read_weights, shipped_weights


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything that an inference depends on.

    Attributes
    ----------
    network : Network
        Its layers and class names.
    plan : Plan
        Its buffers and launches.
    architecture : str
        Whose machine code runs, such as ``sm_90``.
    im2col : str
        Whether 1x1 convolutions launch im2col, see :func:`softbeam.network.planner.make_plan`.
    weights : mapping of str to numpy.ndarray of float32
        By buffer.
    image : numpy.ndarray of float32
        The input, channel by channel.
    weights_sha256, input_sha256, kernels_sha256 : str
        Hashes of the weights as they are computed with, of the input as the network gets it, and
        of the kernels' manifest.
    """

    network: Network
    plan: Plan
    architecture: str
    im2col: Im2col
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    image: NDArray[np.float32] = field(repr=False)
    weights_sha256: str
    input_sha256: str
    kernels_sha256: str


def weights_hash(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """Return the SHA-256 over the names and the bits of all weights, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        values = np.ascontiguousarray(weights[name], dtype="<f4")
        digest.update(f"{name} {values.size}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def load_workload(
    network: str,
    *,
    weights: Path | None = None,
    image: Path | None = None,
    im2col: Im2col = "always",
    architecture: str = ARCHITECTURES[0],
) -> Workload:
    """Read what a user names.

    Parameters
    ----------
    network : str
        A network's name or the path of a ``.cfg`` file.
    weights : Path, optional
        A Darknet ``.weights`` file; the shipped weights if not given.
    image : Path, optional
        An image file; scikit-image's ``coffee.png`` if not given.
    im2col : {"always", "except-1x1"}
        See :func:`softbeam.network.planner.make_plan`.
    architecture : str
        One of :data:`softbeam.kernels.ARCHITECTURES`.

    Returns
    -------
    Workload
        Checked, and not run yet.

    Raises
    ------
    NetworkError
        If the network, its weights or the architecture cannot be used.
    ImageError
        If the image cannot.
    """
    if architecture not in ARCHITECTURES:
        raise NetworkError(
            f"no machine code is shipped for {architecture!r}; use {', '.join(ARCHITECTURES)}"
        )
    loaded = load_network(network)
    plan = loaded.plan(im2col)
    values = (
        shipped_weights(loaded.name, loaded.layers)
        if weights is None
        else read_weights(weights, loaded.layers)
    )
    pixels = load_image(image, loaded.input_shape)
    return Workload(
        network=loaded,
        plan=plan,
        architecture=architecture,
        im2col=im2col,
        weights=values,
        image=pixels,
        weights_sha256=weights_hash(values),
        input_sha256=hashlib.sha256(pixels.astype("<f4").tobytes()).hexdigest(),
        kernels_sha256=manifest_sha256(),
    )
