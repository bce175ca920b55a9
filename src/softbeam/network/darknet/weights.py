"""Darknet's ``.weights`` files, read and written."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from softbeam.errors import NetworkError
from softbeam.files import regular_file
from softbeam.network.layers import Layer, trained_buffers
from softbeam.network.weights import check_weights, layer_name

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from softbeam.network.weights import Weights

VERSION = (0, 2, 0)
"""Major, minor and revision that :func:`write_weights` writes, as Darknet's last version does."""

#: Bytes of the header from version 0.2 on; before that it is shorter.
_HEADER = 20


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
    check_weights(weights, layers, f"the weights {path}")
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
        last = f", the last being layer {layer_name([*buffers][-1], layers)}," if buffers else ""
        raise NetworkError(
            f"{path} goes on behind the network's layers{last}: {given}; give the network's own "
            "weights"
        )
    ends = accumulate(buffers.values(), lambda end, words: end + 4 * words, initial=begin)
    name = next(name for name, end in zip(buffers, [*ends][1:], strict=True) if end > size)
    raise NetworkError(
        f"{path} ends within {name} of layer {layer_name(name, layers)}: {given}; give the "
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

    check_weights(weights, layers, "the given weights")
    try:
        with path.open("wb") as file:
            file.write(struct.pack("<3iQ", *VERSION, seen))
            for name in trained_buffers(layers):
                file.write(np.ascontiguousarray(weights[name], dtype="<f4").tobytes())
    except OSError as error:
        raise NetworkError(f"cannot write the weights {path}: {error.strerror or error}") from error


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
