"""Windows over an image as numbers: which pixel lies at which place of which window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from softbeam.kernels.signatures import Arguments


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of any sides, steps and gaps over an image.

    Parameters
    ----------
    height, width
        Of the image, in pixels.
    kernel, pad, stride, dilation
        Along height and width: pixels of a window, zeros before the image, the windows' step, and
        the step within a window.
    out
        Windows along height and width.
    """

    height: int
    width: int
    kernel: tuple[int, int]
    pad: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    out: tuple[int, int]

    @classmethod
    def of(cls, a: Arguments, *out: int) -> Windows:
        """Return the windows of a launch, and how many there are along height and width."""
        kernel, pad, stride, dilation = (
            (getattr(a, f"{name}_h"), getattr(a, f"{name}_w"))
            for name in ("kernel", "pad", "stride", "dilation")
        )
        return cls(a.height, a.width, kernel, pad, stride, dilation, (out[0], out[1]))

    def along(self, axis: int) -> NDArray[np.int64]:
        """Return rows or columns of the image, by window and place of the window along an axis."""
        first = np.arange(self.out[axis])[:, None] * self.stride[axis] - self.pad[axis]
        found: NDArray[np.int64] = first + np.arange(self.kernel[axis]) * self.dilation[axis]
        return found


@lru_cache(maxsize=16)
def window_pixels(windows: Windows) -> NDArray[np.int32]:
    """Return the pixel of each place of each window, -1 outside the image: [windows, places]."""
    rows, columns = windows.along(0), windows.along(1)
    pixels = rows[:, None, :, None] * windows.width + columns[None, :, None, :]
    outside = (rows < 0) | (rows >= windows.height)
    beside = (columns < 0) | (columns >= windows.width)
    pixels[outside[:, None, :, None] | beside[None, :, None, :]] = -1
    return pixels.reshape(windows.out[0] * windows.out[1], -1).astype(np.int32)
