"""Images of all forms, made here with Pillow and NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from softbeam.errors import ImageError
from softbeam.network.image import fit, load_image

SHAPE = (3, 8, 8)


def planes(path: Path) -> np.ndarray:
    values = load_image(path, SHAPE)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    return values.reshape(SHAPE)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 51, (0.2, 0.2, 0.2)),
        ("1", 1, (1.0, 1.0, 1.0)),
        ("I;16", 13107, (0.2, 0.2, 0.2)),
        ("RGB", (255, 51, 0), (1.0, 0.2, 0.0)),
        ("RGBA", (255, 51, 0, 255), (1.0, 0.2, 0.0)),
        ("RGBA", (0, 0, 0, 0), (1.0, 1.0, 1.0)),
        ("RGBA", (0, 0, 0, 204), (0.2, 0.2, 0.2)),
        ("LA", (0, 204), (0.2, 0.2, 0.2)),
        ("P", 0, (0.0, 0.0, 0.0)),
    ],
)
def test_every_form_becomes_rgb_from_0_to_1(
    tmp_path: Path, mode: str, colour: object, expected: tuple[float, float, float]
) -> None:
    path = tmp_path / "image.png"
    Image.new(mode, (20, 11), colour).save(path)  # type: ignore[arg-type]
    for plane, value in zip(planes(path), expected, strict=True):
        assert plane == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("ending", ["jpg", "bmp", "gif", "tif", "webp"])
def test_other_formats_are_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"image.{ending}"
    Image.new("RGB", (9, 30), (255, 255, 255)).save(path)
    assert planes(path) == pytest.approx(1.0, abs=0.02)


def test_the_middle_is_cut_out_channel_by_channel() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (8, 14, 3), dtype=np.uint8)
    values = fit(pixels, SHAPE, "drawn")
    expected = (pixels[:, 3:11] / 255).transpose(2, 0, 1)
    assert values.reshape(SHAPE) == pytest.approx(expected, abs=1e-7)


def test_the_short_side_fits_and_proportions_stay() -> None:
    # A white square in the middle of a wide black image stays a square, half as large.
    pixels = np.zeros((16, 40), np.uint8)
    pixels[4:12, 16:24] = 255
    values = fit(pixels, SHAPE, "drawn").reshape(SHAPE)
    assert (values[:, 3:5, 3:5] > 0.9).all()
    assert (values[:, 0] < 0.1).all()
    assert (values[:, :, 0] < 0.1).all()
    assert values[0] == pytest.approx(values[0].T, abs=1e-6)


def test_anti_aliasing_averages_fine_stripes() -> None:
    pixels = np.zeros((64, 64), np.uint8)
    pixels[:, ::2] = 255
    values = fit(pixels, (1, 8, 8), "drawn").reshape(8, 8)
    assert values[1:-1, 1:-1] == pytest.approx(0.5, abs=0.05)


def test_the_sample_is_a_full_image_and_repeats() -> None:
    values = load_image(None, (3, 224, 224))
    assert values.shape == (3 * 224 * 224,)
    assert 0.0 <= values.min() < 0.1
    assert 0.9 < values.max() <= 1.0
    assert np.array_equal(values, load_image(None, (3, 224, 224)))


@pytest.mark.parametrize("content", [None, b"", b"no image at all", b"\x89PNG\r\n\x1a\n cut off"])
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=f"cannot read the image {path}"):
        load_image(path, SHAPE)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((4, 4, 7), np.uint8), r"shape \(4, 4, 7\)"),
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "shape"),
        (np.full((4, 4), 300.0), "(pixels of no use|below 0, above 1)"),
        (np.full((4, 4), np.nan), "below 0, above 1 or none"),
        (np.full((4, 4), -0.5), "below 0, above 1 or none"),
    ],
)
def test_pixels_that_are_no_image_are_refused(pixels: np.ndarray, reason: str) -> None:
    with pytest.raises(ImageError, match=f"drawn has .*{reason}"):
        fit(pixels, SHAPE, "drawn")


@pytest.mark.parametrize("shape", [(1, 300_000), (300_000, 1)])
def test_a_picture_that_would_be_scaled_beyond_bounds_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match=r"scaled until both sides cover 224 x 224 .* crop it"):
        fit(np.zeros(shape, np.uint8), (3, 224, 224), "drawn")


def test_blocks_leave_no_seams() -> None:
    # More rows than are turned to floats at a time.
    pixels = np.random.default_rng(5).integers(0, 256, (70, 70_000, 4), dtype=np.uint8)
    values = fit(pixels, (3, 70, 70_000), "drawn").reshape(3, 70, 70_000)
    alpha = pixels[:, :, 3] / 255
    expected = alpha * (pixels[:, :, 1] / 255) + (1 - alpha)
    assert np.abs(values[1] - expected).max() < 1e-6


def test_a_network_of_two_channels_takes_no_image() -> None:
    with pytest.raises(ImageError, match="takes 2 channels"):
        load_image(None, (2, 8, 8))
