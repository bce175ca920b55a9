"""An image file to its pixels, with Pillow: which files are read, and as what.

What becomes of the pixels is in :mod:`softbeam.network.image`.  Colour profiles are left out
of account, as in Darknet and in the usual training pipelines.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from softbeam.errors import ImageError, SoftbeamError
from softbeam.files import read_file
from softbeam.memory import require_memory

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

Exif = Literal["apply", "ignore"]
"""Whether a picture is turned as its camera noted (EXIF), or taken as it is stored, as in Darknet.

Of a TIFF the orientation is a part of the format and always applied.
"""

MOST_PIXELS = 40_000_000
"""Pixels of a picture; one of 40 megapixels takes 2 GB on its way to a network's input."""

BYTES_A_PIXEL = 56
"""Memory that a pixel takes on that way, in float64 (measured)."""

#: Bytes of a file: more than as many pixels of four channels with 16 bits take uncompressed.
_MOST_BYTES = 10 * MOST_PIXELS

#: Formats of pictures.  Others that Pillow opens are vector graphics, which it hands to other
#: programs, or stubs.
_FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM", "QOI"),
    *("SGI", "SUN", "TGA", "TIFF", "WEBP"),
)

#: What Pillow turns each of its modes to without loss of what is seen.
_PLAIN = {
    **{mode: mode for mode in ("L", "LA", "RGB", "RGBA", "F")},
    **{"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB"},
    **dict.fromkeys(("CMYK", "YCbCr", "HSV"), "RGB"),
    **dict.fromkeys(("I;16", "I;16L", "I;16B", "I;16N"), "I;16"),
}

#: With a colour that counts as transparent: the mode that has it as alpha.
_WITH_ALPHA = {"1": "LA", "L": "LA", "RGB": "RGBA", "P": "RGBA"}

#: The file descriptor that C libraries write their complaints to.
_STANDARD_ERROR = 2

#: Tags of a TIFF (TIFF 6.0): bits and kind of a sample, and what zero means; values of the latter.
_BITS, _KIND, _MEANING = 258, 339, 262
_SIGNED, _WHITE_IS_ZERO = 2, 0


def read_pixels(path: Path, exif: Exif = "apply") -> npt.NDArray[np.generic]:
    """Return the pixels of an image file.

    Parameters
    ----------
    path : Path
        A PNG, JPEG, TIFF, WebP, GIF or another file of pixels that Pillow reads.
    exif : {"apply", "ignore"}
        See :data:`Exif`.

    Returns
    -------
    numpy.ndarray
        Height, width and, unless grey, channels: grey and alpha, RGB or RGBA.  Bytes, of a grey
        picture of 16 bits uint16, of one of floats float32.  Of an animation its first picture.

    Raises
    ------
    ImageError
        If the file is none of these, is damaged, is too large, or has pixels whose meaning it
        does not say.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        content = read_file(path, _MOST_BYTES)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file", "give an image file") from None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error), "give an image file") from error
    try:
        with warnings.catch_warnings():
            # What a decoder warns of (odd metadata, a size near its limit) is no news here.
            warnings.simplefilter("ignore")
            Image.init()
            known = [name for name in _FORMATS if name in Image.OPEN]
            with Image.open(BytesIO(content), formats=known) as image:
                _check_size(image.size, path)
                with _hushed() if image.format == "TIFF" else nullcontext():
                    image.load()
                _check_meaning(image, path)
                plain = _plain(image, path)
                if exif == "apply":
                    plain = ImageOps.exif_transpose(plain)
                return np.asarray(plain)
    except SoftbeamError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many("more than", path) from error
    except UnidentifiedImageError as error:
        raise _unreadable(
            path,
            "no decoder knows its format or its kind of pixels, or it is damaged",
            "give a PNG or JPEG",
        ) from error
    # Pillow's decoders raise whatever they like on a file that is none.
    except Exception as error:
        raise _unreadable(path, "it is damaged", "give a PNG or JPEG") from error


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what libtiff writes of a damaged file, past Python, from standard error."""
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:
        # It is closed.
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise _too_many(f"{width:,} x {height:,} pixels,", path)
    require_memory(BYTES_A_PIXEL * width * height, f"the image {path}", "give a smaller one")


def _check_meaning(image: Image, path: Path) -> None:
    """Refuse pixels whose black and white the file does not say, or Pillow does not see."""
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS, (8,))[0]
    if _SIGNED in tags.get(_KIND, ()):
        reason = "its samples are signed"
    elif bits > 8 and tags.get(_MEANING) == _WHITE_IS_ZERO:
        reason = f"its zero is white, with {bits} bits a sample"
    elif image.mode.startswith("I") and bits not in (8, 16):
        reason = f"it has {bits} bits a sample, and nothing says how large white is"
    elif image.mode == "I" and image.format not in ("PNG", "PPM"):
        reason = "it has 32 bits a sample, and nothing says how large white is"
    else:
        return
    raise _unreadable(path, reason, "save it with 8 or 16 bits a channel, unsigned, black as zero")


def _plain(image: Image, path: Path) -> Image:
    """Return a picture in one of the modes that NumPy takes as they are."""
    mode = image.mode
    if mode in _WITH_ALPHA and ("transparency" in image.info or _palette(image) == "RGBA"):
        return image.convert(_WITH_ALPHA[mode])
    if mode == "P":
        return image.convert("RGB")
    if mode == "I":
        # 16 bits that some releases of Pillow hold in 32.
        return image.convert("I;16")
    if mode not in _PLAIN:
        raise _unreadable(path, f"its pixels are {mode}", "save it as RGB")
    wanted = _PLAIN[mode]
    return image if mode == wanted or wanted == "I;16" else image.convert(wanted)


def _palette(image: Image) -> str:
    return image.palette.mode if image.palette is not None else ""


def _too_many(size: str, path: Path) -> ImageError:
    return _unreadable(
        path, f"it has {size} of which {MOST_PIXELS:,} are read at most", "scale it down"
    )


def _unreadable(path: Path, reason: str, advice: str) -> ImageError:
    return ImageError(f"cannot read the image {path}: {reason}; {advice}")
