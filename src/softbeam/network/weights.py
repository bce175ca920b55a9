"""A network's trained numbers: the shipped ones, Darknet's ``.weights`` files, and random ones.

All give a mapping from buffer name (``0.weights``, ``0.biases`` ...) to a 1-D float32 array.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from importlib.resources import as_file, files
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from softbeam.errors import NetworkError
from softbeam.files import regular_file
from softbeam.network.layers import Layer, trained_buffers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Weights: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

VERSION = (0, 2, 0)
"""Major, minor and revision that :func:`write_weights` writes, as Darknet's last version does."""

#: Bytes of the header from version 0.2 on; before that it is shorter.
_HEADER = 20

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
    _check(weights, layers, f"the shipped weights {SHIPPED[network]}")
    return weights


def read_weights(path: Path, layers: tuple[Layer, ...]) -> dict[str, npt.NDArray[np.float32]]:
    """Read a Darknet ``.weights`` file.

    The file: major, minor and revision (int32), images seen in training (uint64 from version 0.2
    on, before that int32), then for each convolution its biases, with batch norm its scales,
    rolling means and rolling variances, and its weights (float32), all little-endian.

    Parameters
    ----------
    path
        The file.
    layers
        The layers of the network that it belongs to.

    Returns
    -------
    dict
        Buffer name to a 1-D float32 array.

    Raises
    ------
    NetworkError
        If the file cannot be read, or is shorter or longer than the layers ask for.
    """
    import numpy as np

    buffers = trained_buffers(layers)
    try:
        with regular_file(path) as (file, size):
            begin = _header_bytes(file.read(_HEADER), size, path)
            # What is wrong is known before any of it is read.
            _check_size(size, begin, buffers, layers, path)
            file.seek(begin)
            weights = {
                name: np.fromfile(file, "<f4", words).astype(np.float32, copy=False)
                for name, words in buffers.items()
            }
    except OSError as error:
        reason = error.strerror or error
        raise NetworkError(
            f"cannot read the weights {path}: {reason}; give a Darknet .weights file"
        ) from error
    _check(weights, layers, f"the weights {path}")
    return weights


def _check_size(
    size: int, begin: int, buffers: Mapping[str, int], layers: tuple[Layer, ...], path: Path
) -> None:
    """Refuse a file that has not as many numbers behind its header as the layers have."""
    expected = begin + 4 * sum(buffers.values())
    if size == expected:
        return
    given = f"the network needs {expected} bytes, the file has {size}"
    if size > expected:
        last = f", the last being layer {_layer_name([*buffers][-1], layers)}," if buffers else ""
        raise NetworkError(
            f"{path} goes on behind the network's layers{last}: {given}; give the network's own "
            "weights"
        )
    ends = accumulate(buffers.values(), lambda end, words: end + 4 * words, initial=begin)
    name = next(name for name, end in zip(buffers, [*ends][1:], strict=True) if end > size)
    raise NetworkError(
        f"{path} ends within {name} of layer {_layer_name(name, layers)}: {given}; give the "
        "network's own weights"
    )


def write_weights(path: Path, layers: tuple[Layer, ...], weights: Weights, seen: int = 0) -> None:
    """Write a Darknet ``.weights`` file, of version 0.2.

    Parameters
    ----------
    path
        The file; an existing one is replaced.
    layers
        The network's layers.
    weights
        Buffer name to a 1-D float32 array, for each trained buffer of the layers.
    seen
        The number of images seen in training.

    Raises
    ------
    NetworkError
        If an array is missing or has another size than its buffer, or the file cannot be written.
    """
    import numpy as np

    _check(weights, layers, "the given weights")
    try:
        with path.open("wb") as file:
            file.write(struct.pack("<3iQ", *VERSION, seen))
            for name in trained_buffers(layers):
                file.write(np.ascontiguousarray(weights[name], dtype="<f4").tobytes())
    except OSError as error:
        raise NetworkError(f"cannot write the weights {path}: {error.strerror or error}") from error


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


def _header_bytes(data: bytes, file_size: int, path: Path) -> int:
    """Return the header's length, which depends on the version that it gives.

    Darknet takes 1000 and more for a marker of transposed matrices, with the short header.
    """
    if len(data) >= 12:
        major, minor, _ = struct.unpack_from("<3i", data)
        long = major * 10 + minor >= 2 and major < 1000 and minor < 1000
        if file_size >= (size := _HEADER if long else 16):
            return size
    raise NetworkError(
        f"{path} has {file_size} bytes, too few for the header of a Darknet .weights file "
        "(16, or 20 from version 0.2 on); give a whole file"
    )


def _layer_name(buffer: str, layers: tuple[Layer, ...]) -> str:
    return layers[int(buffer.partition(".")[0])].name


def _check(weights: Weights, layers: tuple[Layer, ...], what: str) -> None:
    for name, words in trained_buffers(layers).items():
        if name not in weights:
            raise NetworkError(
                f"{what} have no {name}, which layer {_layer_name(name, layers)} needs"
            )
        if weights[name].shape != (words,):
            raise NetworkError(
                f"{what}: {name} of layer {_layer_name(name, layers)} has shape "
                f"{weights[name].shape}; it must be ({words},)"
            )
