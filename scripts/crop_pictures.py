"""Cut the pictures that the rows of docs/hardening.md were measured on out of scikit-image's.

    python scripts/crop_pictures.py FOLDER

FOLDER/calibration gets 50 crops of ten pictures, FOLDER/test five crops of three others; all come
with scikit-image and are square, so that `softbeam` only scales them.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

CALIBRATION = (
    "astronaut",
    "brick",
    "camera",
    "cat",
    "clock",
    "gravel",
    "immunohistochemistry",
    "moon",
    "retina",
    "rocket",
)
TEST = {"coffee": 2, "coins": 2, "grass": 1}
"""Pictures to strike, and how many crops of each."""

SIDE = 224
"""Side of a crop in pixels, if the picture has as many."""


def crops(name: str, number: int) -> list[Image.Image]:
    """Cut squares out of a picture, spread from one of its ends to the other."""
    picture = Image.fromarray(getattr(data, name)()).convert("RGB")
    side = min(SIDE, *picture.size)
    places = np.linspace(0, 1, number)
    corners = [
        (int(at * (picture.width - side)), int(at * (picture.height - side))) for at in places
    ]
    return [picture.crop((x, y, x + side, y + side)) for x, y in corners]


def main(folder: Path) -> None:
    """Write both folders."""
    numbers = {"calibration": dict.fromkeys(CALIBRATION, 5), "test": TEST}
    for part, pictures in numbers.items():
        (folder / part).mkdir(parents=True, exist_ok=True)
        for name, number in pictures.items():
            for index, crop in enumerate(crops(name, number)):
                crop.save(folder / part / f"{name}-{index}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
