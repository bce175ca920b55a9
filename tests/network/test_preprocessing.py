"""Preprocessing beside Pillow, plain NumPy and Darknet's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from softbeam.errors import ImageError
from softbeam.network.image import load_image
from softbeam.network.preprocessing import (
    PLAIN,
    PRESETS,
    Preprocessing,
    checked_resize,
    preprocessing,
)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def photo(tmp_path: Path, width: int, height: int, exif: int = 1) -> Path:
    """Write a picture without two equal halves."""
    small = np.random.default_rng(width).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    noted = Image.Exif()
    noted[0x112] = exif
    path = tmp_path / f"{width}x{height}.png"
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(path, exif=noted)
    return path


@pytest.mark.parametrize("size", [(300, 401), (401, 300), (256, 256), (90, 131)])
@pytest.mark.parametrize("side", [64, 224, 299])
def test_imagenet_is_what_torchvision_does(
    tmp_path: Path, size: tuple[int, int], side: int
) -> None:
    # Its transforms written out: Resize(short side), CenterCrop, ToTensor, Normalize.
    path = photo(tmp_path, *size)
    image = Image.open(path).convert("RGB")
    short = {64: 73, 224: 256, 299: 342}[side]
    width, height = image.size
    scaled = (
        (short, int(short * height / width))
        if width <= height
        else (int(short * width / height), short)
    )
    image = image.resize(scaled, Image.Resampling.BILINEAR)
    left = round((scaled[0] - side) / 2.0)
    top = round((scaled[1] - side) / 2.0)
    cut = np.asarray(image.crop((left, top, left + side, top + side)))
    tensor = cut.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    expected = (tensor - np.array(MEAN, np.float32)[:, None, None]) / np.array(STD, np.float32)[
        :, None, None
    ]
    found = load_image(path, (3, side, side), PRESETS["imagenet"]).reshape(3, side, side)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_a_size_of_the_input_is_pillow_s_own(tmp_path: Path) -> None:
    path = photo(tmp_path, 50, 31)
    expected = np.asarray(Image.open(path).resize((24, 20), Image.Resampling.BILINEAR))
    found = load_image(path, (3, 20, 24), Preprocessing(resize="24x20")).reshape(3, 20, 24)
    np.testing.assert_allclose(found, expected.transpose(2, 0, 1) / 255, atol=1e-6)


def test_numbers_are_scaled_then_centred_in_the_order_of_the_channels(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (8, 8), (255, 51, 0)).save(path)
    way = Preprocessing(mean=(104, 117, 123), std=(1, 2, 4), scale=255, bgr=True)
    found = load_image(path, (3, 8, 8), way).reshape(3, 64)
    expected = [0 - 104, (51 - 117) / 2, (255 - 123) / 4]
    assert found == pytest.approx(np.repeat(expected, 64).reshape(3, 64), abs=1e-4)


def test_one_mean_does_for_all_channels_and_two_for_none(tmp_path: Path) -> None:
    path = photo(tmp_path, 8, 8)
    plain = load_image(path, (1, 8, 8))
    centred = load_image(path, (1, 8, 8), Preprocessing(mean=(0.5,), std=(0.5,)))
    assert centred == pytest.approx((plain - 0.5) / 0.5)
    with pytest.raises(ImageError, match=r"--std has 2 numbers; give one, or one for each .* 3"):
        load_image(path, (3, 8, 8), Preprocessing(std=(1.0, 1.0)))


def test_a_scaled_picture_must_cover_the_input(tmp_path: Path) -> None:
    path = photo(tmp_path, 50, 31)
    with pytest.raises(ImageError, match=r"scaled to 22 x 14 pixels it does not cover .* 20 x 20"):
        load_image(path, (3, 20, 20), Preprocessing(resize="14"))
    with pytest.raises(ImageError, match="too many; crop it"):
        load_image(path, (3, 20, 20), Preprocessing(resize="99999x99999"))


def test_a_letterbox_lies_on_grey(tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    Image.new("RGB", (40, 10), "white").save(path)
    found = load_image(path, (3, 20, 20), PRESETS["darknet"]).reshape(3, 20, 20)
    assert (found[:, 7:12] == 1).all()
    assert (np.delete(found, np.s_[7:12], axis=1) == 0.5).all()


def test_darknet_takes_pictures_as_they_are_stored(tmp_path: Path) -> None:
    turned = photo(tmp_path, 40, 10, exif=6)
    found = load_image(turned, (3, 20, 20), PRESETS["darknet"]).reshape(3, 20, 20)
    assert (found[:, 0] == 0.5).all()
    found = load_image(turned, (3, 20, 20), Preprocessing(resize="letterbox")).reshape(3, 20, 20)
    assert (found[:, :, 0] == 0.5).all()


PROGRAM = """
import ctypes, sys
import numpy as np
class Image(ctypes.Structure):
    _fields_ = [("w", ctypes.c_int), ("h", ctypes.c_int), ("c", ctypes.c_int),
                ("data", ctypes.POINTER(ctypes.c_float))]
library = ctypes.CDLL(sys.argv[1])
library.load_image_color.restype = library.letterbox_image.restype = Image
library.letterbox_image.argtypes = [Image, ctypes.c_int, ctypes.c_int]
width, height = int(sys.argv[3]), int(sys.argv[4])
boxed = library.letterbox_image(library.load_image_color(sys.argv[2].encode(), 0, 0), width, height)
np.save(sys.argv[5], np.ctypeslib.as_array(boxed.data, (3 * width * height,)))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "side"),
    [((60, 41), (32, 32)), ((41, 60), (64, 96)), ((20, 20), (33, 33)), ((90, 7), (32, 32))],
)
def test_a_letterbox_is_darknet_s(
    darknet: Path, tmp_path: Path, size: tuple[int, int], side: tuple[int, int]
) -> None:
    path, answer = photo(tmp_path, *size), tmp_path / "answer.npy"
    library = "/usr/lib/darknet/libdarknet.so"
    words = [sys.executable, "-c", PROGRAM, library, str(path), *map(str, side), str(answer)]
    subprocess.run(words, check=True, capture_output=True)
    found = load_image(path, (3, side[1], side[0]), PRESETS["darknet"])
    np.testing.assert_allclose(found, np.load(answer), rtol=0, atol=2e-6)


def test_an_array_is_what_the_network_gets(tmp_path: Path) -> None:
    path = tmp_path / "input.npy"
    numbers = np.random.default_rng(1).normal(0, 3, (5, 4, 6)).astype(np.float32)
    for array in (numbers, numbers[None], numbers.astype(np.float64), np.asfortranarray(numbers)):
        np.save(path, array)
        found = load_image(path, (5, 4, 6), PRESETS["imagenet"])
        assert np.array_equal(found, numbers.reshape(-1))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 6, 5), np.float32), r"has the shape \[4, 6, 5\]; .*: \[5, 4, 6\]"),
        (np.zeros((2, 5, 4, 6), np.float32), "has the shape"),
        (np.full((5, 4, 6), np.nan, np.float32), "holds NaN or infinity"),
        (np.full((5, 4, 6), 1e300), "holds NaN or infinity"),
        (np.zeros((5, 4, 6), np.complex64), "give a .npy file of float32 numbers"),
        (np.array([{}]), "it promises"),
    ],
)
def test_another_array_is_refused(tmp_path: Path, array: np.ndarray, reason: str) -> None:
    path = tmp_path / "input.npy"
    np.save(path, array)
    with np.errstate(all="ignore"), pytest.raises(ImageError, match=f"{path}.*{reason}"):
        load_image(path, (5, 4, 6))


def test_an_array_that_promises_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "input.npy"
    np.save(path, np.zeros((5, 4, 6), np.float32))
    content = path.read_bytes().replace(b"(5, 4, 6)", b"(5, 1<<9)")
    path.write_bytes(content.replace(b"(5, 1<<9)", b"(99999,4)"))
    with pytest.raises(ImageError, match="it promises 1599984 bytes of float32 and holds 480"):
        load_image(path, (5, 4, 6))


def test_presets_are_changed_by_what_is_said_beside_them() -> None:
    way = preprocessing("imagenet", {"bgr": True, "resize": "short"})
    assert (way.mean, way.bgr, way.resize) == (MEAN, True, "short")
    assert preprocessing("none", {}) == PLAIN


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (PLAIN, "red, green, blue; values from 0 to 1."),
        (
            PRESETS["imagenet"],
            "less the mean 0.485, 0.456, 0.406 over the standard dev",
        ),
        (Preprocessing(scale=255, bgr=True, resize="256"), "short side has 256 pixels"),
        (Preprocessing(std=(2,), exif="ignore"), "from 0 to 1, over the standard deviation 2; not"),
    ],
)
def test_it_is_said_in_a_sentence(way: Preprocessing, words: str) -> None:
    assert words in way.sentence


@given(st.text(alphabet="0123456789x shortlebx-+", max_size=12))
def test_ways_to_scale_are_known_or_refused(text: str) -> None:
    try:
        found = checked_resize(text)
    except ValueError as error:
        found = str(error)
    assert found in (text, "it must be short, letterbox, a number of pixels, or two as 256x256")
