"""A picture scaled to a network's input, in the ways that networks are trained with.

Pictures are height x width x 3 floats from 0 to 1.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from softbeam.errors import ImageError
from softbeam.network.decoding import MOST_PIXELS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.floating]

#: What Darknet fills the rest of a letterbox with.
_GREY = 0.5


def cover(picture: Picture, height: int, width: int, place: str) -> Picture:
    """Scale until both sides just cover the input, with anti-aliasing; cut the middle out."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    rows = max(height, round(picture.shape[0] * scale))
    columns = max(width, round(picture.shape[1] * scale))
    _check(picture, rows, columns, height, width, place)
    if (rows, columns) != picture.shape[:2]:
        picture = _skimage_resize(picture, (rows, columns), order=1, anti_aliasing=True)
    top, left = (rows - height) // 2, (columns - width) // 2
    return picture[top : top + height, left : left + width]


def middle(
    picture: Picture, target: tuple[int, int | None], height: int, width: int, place: str
) -> Picture:
    """Scale as torchvision does, with Pillow, on bytes; cut the middle out.

    Parameters
    ----------
    picture
        The picture.
    target
        Pixels of the short side, or width and height.
    height, width
        The network's input.
    place
        The picture's name, for errors.

    Raises
    ------
    ImageError
        If the scaled picture does not cover the input.
    """
    import numpy as np
    from PIL import Image

    rows, columns = _scaled(picture, *target)
    if rows < height or columns < width:
        raise ImageError(
            f"{place}: scaled to {columns} x {rows} pixels it does not cover the network's "
            f"{width} x {height}; give a larger --resize"
        )
    _check(picture, rows, columns, height, width, place)
    drawn = np.rint(picture * 255.0).astype(np.uint8)
    if (rows, columns) != drawn.shape[:2]:
        drawn = np.asarray(
            Image.fromarray(drawn).resize((columns, rows), Image.Resampling.BILINEAR)
        )
    # Halves are rounded to even, as there.
    top, left = round((rows - height) / 2), round((columns - width) / 2)
    cut: Picture = drawn[top : top + height, left : left + width] / np.float32(255.0)
    return cut


def letterbox(picture: Picture, height: int, width: int) -> Picture:
    """Scale until both sides just fit into the input, as Darknet does; fill the rest with grey."""
    import numpy as np

    rows, columns = picture.shape[:2]
    if width / columns < height / rows:
        rows, columns = max(rows * width // columns, 1), width
    else:
        rows, columns = height, max(columns * height // rows, 1)
    scaled = _along(_along(picture.astype(np.float32), columns, 1), rows, 0)
    boxed = np.full((height, width, 3), _GREY, dtype=np.float32)
    top, left = (height - rows) // 2, (width - columns) // 2
    boxed[top : top + rows, left : left + columns] = scaled
    return boxed


def _scaled(picture: Picture, first: int, second: int | None) -> tuple[int, int]:
    """Return rows and columns of a picture whose short side, or width and height, is given."""
    if second is not None:
        return second, first
    rows, columns = picture.shape[:2]
    # torchvision cuts the long side's fraction off.
    if rows <= columns:
        return first, int(first * columns / rows)
    return int(first * rows / columns), first


def _along(picture: Picture, size: int, axis: int) -> Picture:
    """Interpolate between the two neighbours along an axis, rounded where Darknet rounds.

    Its last column is the picture's.  Its last row is what the row at or before that place has of
    itself, with nothing of the one behind: nearly black where float32 falls short of the last row.
    """
    import numpy as np

    before = picture.shape[axis]
    places = np.arange(size, dtype=np.float32)
    places *= np.float32(before - 1) / np.float32(max(size - 1, 1))
    if axis == 1:
        places[-1] = before - 1
    first = places.astype(np.int64)
    second = np.minimum(first + 1, before - 1)
    shape = [1, 1, 1]
    shape[axis] = size
    part = (places - first).astype(np.float32).reshape(shape)
    behind = part.copy()
    behind.reshape(-1)[-1] = 0
    between: Picture = (1 - part) * picture.take(first, axis) + behind * picture.take(second, axis)
    return between


def _check(picture: Picture, rows: int, columns: int, height: int, width: int, place: str) -> None:
    """Refuse a picture that is very large once it is scaled."""
    if rows * columns > MOST_PIXELS + height * width:
        raise ImageError(
            f"{place} has {picture.shape[1]:,} x {picture.shape[0]:,} pixels; scaled until both "
            f"sides cover {width} x {height} it has {columns:,} x {rows:,}, too many; crop it"
        )


def _skimage_resize(*given: Any, **more: Any) -> Any:
    """Scale with scikit-image, which is heavy and imported at its use."""
    return import_module("skimage.transform").resize(*given, **more)
