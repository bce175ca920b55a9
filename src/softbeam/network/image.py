"""Pixels to the numbers of a network's input buffer: how a picture is made to fit.

How a file becomes pixels is :mod:`softbeam.network.decoding`'s work.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbeam.errors import ImageError
from softbeam.network.decoding import MOST_PIXELS, Exif, read_pixels
from softbeam.network.layers import Shape

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SAMPLE = "coffee.png"
"""The sample photo, which comes with scikit-image: a cup of espresso."""

PREPROCESSING = (
    "Scaled, with anti-aliasing and without a change of proportions, until both sides just cover "
    "the input; what hangs over is cut off on both sides alike; values from 0 to 1."
)
"""What is done to a picture, for reports."""

#: Pixels that are turned to floats at a time.
_BLOCK = 1 << 20


def load_image(path: Path | None, shape: Shape, exif: Exif = "apply") -> npt.NDArray[np.float32]:
    """Read an image and make it fit a network's input.

    Parameters
    ----------
    path
        A file as of :func:`softbeam.network.decoding.read_pixels`; None for the sample photo.
    shape
        Channels (1 or 3), height and width of the network's input.
    exif
        See :data:`softbeam.network.decoding.Exif`.

    Returns
    -------
    numpy.ndarray
        Float32 from 0 to 1, channel by channel, row by row, 1-D; as of :func:`fit`.

    Raises
    ------
    ImageError
        If the file cannot be read as an image, or the network takes neither 1 nor 3 channels.
    """
    if path is None:
        return fit(_skimage("data").coffee(), shape, SAMPLE)
    return fit(read_pixels(path, exif), shape, str(path))


def fit(pixels: npt.NDArray[np.generic], shape: Shape, place: str) -> npt.NDArray[np.float32]:
    """Make pixels fit a network's input.

    They are scaled, with anti-aliasing and without a change of proportions, until both sides
    just cover the input; what hangs over is cut off on both sides alike.  Transparency is laid on
    white.

    Parameters
    ----------
    pixels
        Height, width and, unless grey, channels: grey, grey and alpha, RGB or RGBA; integers of any
        width, which scale by their range, or floats from 0 to 1.
    shape
        Channels (1 or 3), height and width of the network's input.
    place
        The image's name, for errors.

    Returns
    -------
    numpy.ndarray
        Float32 from 0 to 1, channel by channel, row by row, 1-D.

    Raises
    ------
    ImageError
        If the pixels are none of the above, or the network takes neither 1 nor 3 channels.
    """
    import numpy as np

    channels, height, width = shape
    if channels not in (1, 3):
        raise ImageError(f"{place}: the network takes {channels} channels; an image has 1 or 3")
    colour = _as_rgb(pixels, place)
    scale = max(height / colour.shape[0], width / colour.shape[1])
    rows = max(height, round(colour.shape[0] * scale))
    columns = max(width, round(colour.shape[1] * scale))
    if rows * columns > MOST_PIXELS + height * width:
        raise ImageError(
            f"{place} has {colour.shape[1]:,} x {colour.shape[0]:,} pixels; scaled until both "
            f"sides cover {width} x {height} it has {columns:,} x {rows:,}, too many; crop it"
        )
    if (rows, columns) != colour.shape[:2]:
        colour = _skimage("transform").resize(colour, (rows, columns), order=1, anti_aliasing=True)
    top, left = (rows - height) // 2, (columns - width) // 2
    colour = colour[top : top + height, left : left + width]
    planes = (
        _skimage("color").rgb2gray(colour)[None] if channels == 1 else np.moveaxis(colour, -1, 0)
    )
    return np.ascontiguousarray(np.clip(planes, 0.0, 1.0), dtype=np.float32).reshape(-1)


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
