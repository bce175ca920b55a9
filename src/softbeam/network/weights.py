"""A network's trained numbers: the shipped ones, and random ones.

Those of Darknet's files are read in :mod:`softbeam.network.darknet.weights`.  All give a mapping
from buffer name (``0.weights``, ``0.biases`` ...) to a 1-D float32 array.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, TypeAlias

from softbeam.errors import NetworkError
from softbeam.network.layers import Layer, trained_buffers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Weights: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

SHIPPED = {"extraction": "extraction-200.safetensors"}
"""The files of the networks whose weights come with softbeam."""


def shipped_weights(network: str, layers: tuple[Layer, ...]) -> dict[str, npt.NDArray[np.float32]]:
    """Return the trained weights that come with softbeam.

    Parameters
    ----------
    network
        The network's name, such as ``extraction``.
    layers
        Its layers.

    Returns
    -------
    dict
        Buffer name to a 1-D float32 array; the shipped float16 is widened, which is exact.

    Raises
    ------
    NetworkError
        If none come with softbeam for this network, or they do not fit its layers.
    """
    import numpy as np
    from safetensors.numpy import load_file

    if network not in SHIPPED:
        raise NetworkError(
            f"no weights come with softbeam for network {network!r}, only for "
            f"{', '.join(SHIPPED)}; give a Darknet .weights file"
        )
    resource = files("softbeam.network").joinpath("data", network, SHIPPED[network])
    with as_file(resource) as path:
        tensors = load_file(path)
    weights = {
        name: np.ascontiguousarray(tensors[name].reshape(-1), dtype=np.float32)
        for name in trained_buffers(layers)
        if name in tensors
    }
    check_weights(weights, layers, f"the shipped weights {SHIPPED[network]}")
    return weights


def random_weights(layers: tuple[Layer, ...], seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return weights for a network that was never trained.

    Their sizes are such that values neither grow nor vanish from layer to layer.

    Parameters
    ----------
    layers
        The network's layers.
    seed
        What they are drawn from.

    Returns
    -------
    dict
        Buffer name to a 1-D float32 array.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    weights = {}
    for layer in layers:
        for name, words in layer.trained.items():
            drawn = generator.standard_normal(words, dtype=np.float32)
            if name == "weights":
                # Words of one product: what He's initialization goes by.
                drawn *= np.float32((2.0 / layer.fan_in) ** 0.5)
            elif name in ("scales", "rolling_variance"):
                drawn = np.float32(1.0) + np.float32(0.1) * np.clip(drawn, -4, 4)
            else:
                drawn *= np.float32(0.1)
            weights[f"{layer.index}.{name}"] = drawn
    return weights


def layer_name(buffer: str, layers: tuple[Layer, ...]) -> str:
    """Return the name of the layer that a buffer belongs to."""
    return layers[int(buffer.partition(".")[0])].name


def check_weights(weights: Weights, layers: tuple[Layer, ...], what: str) -> None:
    """Refuse weights that lack a trained buffer, or have one of another size.

    Raises
    ------
    NetworkError
        Naming the buffer, its layer and `what`, which the weights are.
    """
    for name, words in trained_buffers(layers).items():
        if name not in weights:
            raise NetworkError(
                f"{what} have no {name}, which layer {layer_name(name, layers)} needs"
            )
        if weights[name].shape != (words,):
            raise NetworkError(
                f"{what}: {name} of layer {layer_name(name, layers)} has shape "
                f"{weights[name].shape}; it must be ({words},)"
            )
