"""What is done to a picture before it is a network's input, as its training did it.

Here are the choices, their presets and their words; how pixels are scaled is
in :mod:`softbeam.network.resizing`, the whole way to the input in :mod:`softbeam.network.image`.
All of it happens outside of the network's layers, so no fault strikes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from softbeam.errors import ImageError
from softbeam.network.decoding import Exif

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from softbeam.network.layers import Shape

Preset = Literal["none", "imagenet", "darknet"]
"""``imagenet``: as torchvision evaluates its classifiers; ``darknet``: as Darknet does both
classifiers and detectors; ``none``: values from 0 to 1 of the picture's middle."""

#: Mean and standard deviation of ImageNet's pixels from 0 to 1, red, green and blue, and the part
#: of the scaled picture that is cut out (torchvision, ``transforms/_presets.py`` and the 224 of 256
#: pixels of its weights).
_MEAN, _STD, _PART = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 0.875

ARRAY = ".npy"
"""The ending of files that hold what the network gets."""

_SIZES = re.compile(r"([1-9]\d{0,5})(?:x([1-9]\d{0,5}))?")


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes an input: turned, scaled and cut, then ``(x * scale - mean) / std``.

    Attributes
    ----------
    exif : str
        See :data:`softbeam.network.decoding.Exif`.
    resize : str
        ``short``: until both sides cover the input, with anti-aliasing; ``letterbox``: until both
        sides fit into it, on grey, as Darknet; a number: until the short side has so many pixels,
        or ``WxH``: to exactly so many, as Pillow and so torchvision; ``imagenet``: a number, of
        which the input is 0.875.  What hangs over the input is cut off on both sides alike.
    mean, std : tuple of float
        For each channel, as the network gets them, or one for all; none if empty.
    scale : float
        What pixels from 0 to 1 are multiplied by, such as 255.
    bgr : bool
        Whether the channels are blue, green and red.
    """

    exif: Exif = "apply"
    resize: str = "short"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    scale: float = 1.0
    bgr: bool = False

    @property
    def sentence(self) -> str:
        """What is done to a picture, for reports."""
        parts = [_RESIZED.get(self.resize) or _pixels(self.resize)]
        parts.append("channels blue, green, red" if self.bgr else "channels red, green, blue")
        values = "from 0 to 1" if self.scale == 1.0 else f"from 0 to {self.scale:g}"
        if self.mean:
            values += f", less the mean {_listed(self.mean)}"
        if self.std:
            values += f"{'' if self.mean else ','} over the standard deviation {_listed(self.std)}"
        parts.append(f"values {values}")
        if self.exif == "ignore":
            parts.append("not turned as its camera noted")
        return "; ".join(parts) + "."

    def numbers(self, planes: npt.NDArray[np.float32], place: str) -> npt.NDArray[np.float32]:
        """Return what the network gets of planes from 0 to 1.

        Parameters
        ----------
        planes : numpy.ndarray of float32, [channels, height, width]
            Red, green and blue, or grey.
        place : str
            The image's name, for errors.

        Raises
        ------
        ImageError
            If mean or std have not as many numbers as there are channels.
        """
        import numpy as np

        for option, given in (("--mean", self.mean), ("--std", self.std)):
            if len(given) not in (0, 1, len(planes)):
                raise ImageError(
                    f"{place}: {option} has {len(given)} numbers; give one, or one for each of the "
                    f"network's {len(planes)} channels"
                )
        # In float32, as the frameworks.
        if self.bgr:
            planes = planes[::-1]
        if self.scale != 1.0:
            planes = planes * np.float32(self.scale)
        if self.mean:
            planes = planes - np.array(self.mean, dtype=np.float32)[:, None, None]
        if self.std:
            planes = planes / np.array(self.std, dtype=np.float32)[:, None, None]
        return planes


PLAIN = Preprocessing()
"""What is done where nothing else is said."""

PRESETS: dict[Preset, Preprocessing] = {
    "none": PLAIN,
    "imagenet": Preprocessing(resize="imagenet", mean=_MEAN, std=_STD),
    "darknet": Preprocessing(exif="ignore", resize="letterbox"),
}

_RESIZED = {
    "short": "Scaled, with anti-aliasing and without a change of proportions, until both sides "
    "just cover the input; what hangs over is cut off on both sides alike",
    "letterbox": "Scaled as Darknet does, without a change of proportions, until both sides just "
    "fit into the input, on grey",
    "imagenet": f"Scaled as torchvision does until the input is {_PART:g} of its short side; the "
    "middle is cut out",
}


def preprocessing(preset: Preset, given: dict[str, Any]) -> Preprocessing:
    """Return a preset with what was given beside it.

    Parameters
    ----------
    preset : str
        One of :data:`PRESETS`.
    given : dict
        Attributes of :class:`Preprocessing` that are said.

    Examples
    --------
    >>> preprocessing("imagenet", {"bgr": True}).mean
    (0.485, 0.456, 0.406)
    """
    return replace(PRESETS[preset], **given)


def in_words(preprocessing: Preprocessing, files: Iterable[Path | None]) -> str:
    """Return what was done to some files, in a sentence or two; arrays stay as they are."""
    arrays = [file is not None and file.suffix == ARRAY for file in files]
    said = preprocessing.sentence
    if arrays and all(arrays):
        return f"Given as numbers ({ARRAY}), which stay as they are."
    return f"{said} Inputs given as numbers ({ARRAY}) stay as they are." if any(arrays) else said


def checked_resize(text: str) -> str:
    """Return a way to scale, if it is one.

    Raises
    ------
    ValueError
        If it is not.
    """
    if text in ("short", "letterbox") or _SIZES.fullmatch(text):
        return text
    raise ValueError("it must be short, letterbox, a number of pixels, or two as 256x256")


def target_of(resize: str, shape: Shape) -> tuple[int, int | None]:
    """Return the pixels of the short side, or width and height, of a scaled picture.

    Parameters
    ----------
    resize : str
        A number, ``WxH`` or ``imagenet``.
    shape : Shape
        The network's input.
    """
    if resize == "imagenet":
        return round(max(shape[1:]) / _PART), None
    match = _SIZES.fullmatch(resize)
    assert match is not None
    first, second = match.groups()
    return int(first), None if second is None else int(second)


def _pixels(resize: str) -> str:
    if "x" in resize:
        return f"Scaled by Pillow to {resize} pixels; the middle is cut out"
    return f"Scaled by Pillow until its short side has {resize} pixels; the middle is cut out"


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
