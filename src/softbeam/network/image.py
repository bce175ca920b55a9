"""An image file to the numbers of a network's input buffer.

How a file becomes pixels is in :mod:`softbeam.network.decoding`, what can be chosen in
:mod:`softbeam.network.preprocessing`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbeam.errors import ImageError
from softbeam.files import array_of, read_file
from softbeam.network import resizing
from softbeam.network.decoding import read_pixels
from softbeam.network.layers import Shape
from softbeam.network.preprocessing import ARRAY, PLAIN, Preprocessing, target_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SAMPLE = "coffee.png"
"""The sample photo, which comes with scikit-image: a cup of espresso."""

#: Pixels that are turned to floats at a time.
_BLOCK = 1 << 20

#: Bytes of an array's header, more than any has.
_HEADER = 1 << 16


def load_image(
    path: Path | None, shape: Shape, preprocessing: Preprocessing = PLAIN
) -> npt.NDArray[np.float32]:
    """Read an image and make it fit a network's input.

    Parameters
    ----------
    path
        A file as of :func:`softbeam.network.decoding.read_pixels`, or a ``.npy`` file of what the
        network gets; None for the sample photo.
    shape
        Channels, height and width of the network's input; for a picture 1 or 3 channels.
    preprocessing
        What is done to a picture; an array stays as it is.

    Returns
    -------
    numpy.ndarray
        Float32, channel by channel, row by row, 1-D; as of :func:`fit`.

    Raises
    ------
    ImageError
        If the file cannot be read as an image, or does not fit the network.
    """
    if path is None:
        return fit(_skimage("data").coffee(), shape, SAMPLE, preprocessing)
    if path.suffix == ARRAY:
        return _read_array(path, shape)
    return fit(read_pixels(path, preprocessing.exif), shape, str(path), preprocessing)


def _read_array(path: Path, shape: Shape) -> npt.NDArray[np.float32]:
    """Return the numbers of a ``.npy`` file as they are."""
    import numpy as np

    size = shape[0] * shape[1] * shape[2]
    try:
        # Of no type that can become float32 has a number more than 16 bytes.
        array = array_of(read_file(path, 16 * size + _HEADER))
        numbers = array.astype(np.float32, casting="same_kind")
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            f"cannot read the input {path}: {reason}; give a .npy file of float32 numbers"
        ) from error
    if array.shape not in (shape, (1, *shape)):
        raise ImageError(
            f"the input {path} has the shape {list(array.shape)}; the network takes channels, "
            f"height and width: {list(shape)}"
        )
    if not np.isfinite(numbers).all():
        raise ImageError(f"the input {path} holds NaN or infinity; give finite numbers")
    return np.ascontiguousarray(numbers).reshape(-1)


def fit(
    pixels: npt.NDArray[np.generic],
    shape: Shape,
    place: str,
    preprocessing: Preprocessing = PLAIN,
) -> npt.NDArray[np.float32]:
    """Make pixels fit a network's input.

    Transparency is laid on white.

    Parameters
    ----------
    pixels
        Height, width and, unless grey, channels: grey, grey and alpha, RGB or RGBA; integers of any
        width, which scale by their range, or floats from 0 to 1.
    shape
        Channels (1 or 3), height and width of the network's input.
    place
        The image's name, for errors.
    preprocessing
        What is done to them.

    Returns
    -------
    numpy.ndarray
        Float32, channel by channel, row by row, 1-D; from 0 to 1 unless `preprocessing` says
        otherwise.

    Raises
    ------
    ImageError
        If the pixels are none of the above, or do not fit the network.
    """
    import numpy as np

    channels, height, width = shape
    if channels not in (1, 3):
        raise ImageError(
            f"{place}: the network takes {channels} channels; an image has 1 or 3; give a .npy file"
        )
    colour: npt.NDArray[np.floating] = _as_rgb(pixels, place)
    if preprocessing.resize == "short":
        colour = resizing.cover(colour, height, width, place)
    elif preprocessing.resize == "letterbox":
        colour = resizing.letterbox(colour, height, width)
    else:
        target = target_of(preprocessing.resize, shape)
        colour = resizing.middle(colour, target, height, width, place)
    planes = (
        _skimage("color").rgb2gray(colour)[None] if channels == 1 else np.moveaxis(colour, -1, 0)
    )
    unit = np.ascontiguousarray(np.clip(planes, 0.0, 1.0), dtype=np.float32)
    return np.ascontiguousarray(preprocessing.numbers(unit, place)).reshape(-1)


def _as_rgb(pixels: npt.NDArray[np.generic], place: str) -> npt.NDArray[np.float64]:
    """Return height x width x 3 floats from 0 to 1."""
    import numpy as np

    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] > 4 or 0 in pixels.shape:
        raise ImageError(f"{place} has the shape {pixels.shape}; give a grey or colour image")
    height, width, _ = pixels.shape
    colour = np.empty((height, width, 3))
    # In blocks: transparency takes several times the memory of the picture.
    step = max(_BLOCK // width, 1)
    for first in range(0, height, step):
        rows = slice(first, first + step)
        colour[rows] = _rows_as_rgb(pixels[rows], place)
    return colour


def _rows_as_rgb(pixels: npt.NDArray[np.generic], place: str) -> npt.NDArray[np.float64]:
    import numpy as np

    try:
        values = np.asarray(_skimage("util").img_as_float64(pixels))
    except (ValueError, TypeError) as error:
        raise ImageError(f"{place} has pixels of no use: {error}") from error
    if not np.isfinite(values).all() or values.min() < 0.0 or values.max() > 1.0:
        raise ImageError(f"{place} has values below 0, above 1 or none at all; scale it to 0 ... 1")
    colours = values.shape[2]
    if colours in (1, 2):
        grey, alpha = values[:, :, :1], values[:, :, 1:]
        values = np.concatenate((grey, grey, grey, alpha), axis=2)
    return np.asarray(_skimage("color").rgba2rgb(values)) if values.shape[2] == 4 else values


def _skimage(module: str) -> Any:
    """Import a part of scikit-image, which is heavy, at its use.

    Some of its releases carry types, incomplete ones; what is checked here must not depend on
    which is installed.
    """
    return import_module(f"skimage.{module}")
