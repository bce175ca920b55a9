"""Picture files of every kind that Pillow writes: read as what is seen, or refused by name."""

from __future__ import annotations

import zlib
from pathlib import Path
from struct import pack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from softbeam.errors import ImageError, TooLargeError
from softbeam.network import decoding
from softbeam.network.decoding import read_pixels

TRANSPARENT = [9, 8, 7, 0]


def picture(mode: str, colour: object, palette: tuple[int, ...] = ()) -> Image.Image:
    image = Image.new(mode, (5, 4), colour)  # type: ignore[arg-type]
    if palette:
        image.putpalette(palette)
    return image


def written(tmp_path: Path, image: Image.Image, ending: str, **options: object) -> Path:
    path = tmp_path / f"image.{ending}"
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("image", "ending", "expected"),
    [
        (picture("CMYK", (0, 255, 255, 0)), "jpg", [255, 0, 0]),
        (picture("CMYK", (0, 255, 255, 0)), "tif", [255, 0, 0]),
        (picture("I;16", 13107), "png", [13107]),
        (picture("I;16", 13107), "tif", [13107]),
        (picture("F", 0.25), "tif", [0.25]),
        (picture("1", 1), "png", [255]),
        (picture("1", 1), "tif", [255]),
        (picture("LA", (10, 100)), "png", [10, 100]),
        (picture("P", 1, (0, 0, 0, 9, 8, 7)), "png", [9, 8, 7]),
        (picture("RGB", (255, 51, 0)), "ppm", [255, 51, 0]),
        (picture("RGB", (255, 51, 0)), "tga", [255, 51, 0]),
    ],
)
def test_every_mode_is_read_as_what_is_seen(
    tmp_path: Path, image: Image.Image, ending: str, expected: list[float]
) -> None:
    pixels = read_pixels(written(tmp_path, image, ending))
    assert pixels.shape[:2] == (4, 5)
    assert np.atleast_1d(pixels[0, 0]).tolist() == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    ("image", "ending", "transparency", "expected"),
    [
        (picture("P", 1, (0, 0, 0, 9, 8, 7)), "png", 1, TRANSPARENT),
        (picture("P", 1, (0, 0, 0, 9, 8, 7)), "gif", 1, TRANSPARENT),
        (picture("RGB", (9, 8, 7)), "png", (9, 8, 7), TRANSPARENT),
        (picture("L", 9), "png", 9, [9, 0]),
    ],
)
def test_a_colour_that_counts_as_transparent_is(
    tmp_path: Path, image: Image.Image, ending: str, transparency: object, expected: list[int]
) -> None:
    path = written(tmp_path, image, ending, transparency=transparency)
    assert read_pixels(path)[0, 0].tolist() == expected


@pytest.mark.parametrize("ending", ["gif", "webp", "tif", "png"])
def test_an_animation_is_its_first_picture(tmp_path: Path, ending: str) -> None:
    more = {"lossless": True} if ending == "webp" else {}
    red, green = picture("RGB", (255, 0, 0)), picture("RGB", (0, 255, 0))
    path = written(tmp_path, red, ending, save_all=True, append_images=[green], **more)
    assert read_pixels(path)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(("ending", "stored"), [("jpg", 5), ("png", 5), ("webp", 5), ("tif", 4)])
def test_a_picture_is_turned_as_its_camera_noted(tmp_path: Path, ending: str, stored: int) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    path = written(tmp_path, picture("RGB", (255, 0, 0)), ending, exif=exif)
    assert read_pixels(path).shape == (5, 4, 3)
    # The orientation of a TIFF is a part of its format.
    assert read_pixels(path, "ignore").shape[1] == stored


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("I", "signed"), ("LAB", "its pixels are LAB; save it as RGB")],
)
def test_pixels_without_a_known_white_are_refused_by_name(
    tmp_path: Path, mode: str, reason: str
) -> None:
    path = written(tmp_path, picture(mode, 70000 if mode == "I" else (50, 0, 0)), "tif")
    with pytest.raises(ImageError, match=f"cannot read the image {path}: .*{reason}"):
        read_pixels(path)


def tiff(bits: int, kind: int, meaning: int, pixels: bytes) -> bytes:
    """Return a TIFF of 2 x 2 grey pixels: bits and kind of a sample, meaning of zero."""
    tags = [(256, 2), (257, 2), (258, bits), (259, 1), (262, meaning), (273, 8), (277, 1)]
    tags += [(278, 2), (279, len(pixels)), (339, kind)]
    fields = b"".join(pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    return (
        pack("<2sHI", b"II", 42, 8 + len(pixels))
        + pixels
        + pack("<H", len(tags))
        + fields
        + pack("<I", 0)
    )


@pytest.mark.parametrize(
    ("bits", "kind", "meaning", "reason"),
    [
        (32, 1, 1, "it has 32 bits a sample, and nothing says how large white is"),
        (12, 1, 1, "it has 12 bits a sample"),
        (16, 1, 0, "its zero is white, with 16 bits a sample"),
        (8, 2, 1, "its samples are signed"),
        (16, 2, 1, "its samples are signed"),
    ],
)
def test_samples_that_pillow_reads_as_others_are_refused(
    tmp_path: Path, bits: int, kind: int, meaning: int, reason: str
) -> None:
    path = tmp_path / "image.tif"
    path.write_bytes(tiff(bits, kind, meaning, bytes(4 * bits // 8)))
    with pytest.raises(ImageError, match=reason):
        read_pixels(path)


def test_a_tiff_of_the_usual_kind_is_read(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    path.write_bytes(tiff(8, 1, 0, bytes((0, 55, 255, 255))))
    assert read_pixels(path).tolist() == [[255, 200], [0, 0]]


def png(width: int, height: int) -> bytes:
    """Return a black PNG of 1 bit a pixel, small for its size."""
    header = pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize(
    ("side", "size"), [(13_000, "13,000 x 13,000 pixels,"), (40_000, "more than")]
)
def test_too_many_pixels_are_refused_before_they_are_made(
    tmp_path: Path, side: int, size: str
) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(png(side, side))
    with pytest.raises(ImageError, match=rf"it has {size} of which 40,000,000 are read at most"):
        read_pixels(path)


def test_a_picture_that_there_is_no_memory_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, picture("RGB", 0), "png")
    monkeypatch.setattr(decoding, "BYTES_A_PIXEL", 1 << 60)
    with pytest.raises(TooLargeError, match=f"the image {path} needs"):
        read_pixels(path)


def test_what_pillow_hands_to_other_programs_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no decoder knows"):
        read_pixels(written(tmp_path, picture("RGB", 0), "eps"))


def test_a_damaged_tiff_is_told_of_in_softbeam_s_words_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, picture("1", 1), "tif", compression="group4")
    content = bytearray(path.read_bytes())
    content[8] = 0
    path.write_bytes(content)
    with pytest.raises(ImageError, match="it is damaged"):
        read_pixels(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "gif", "webp", "bmp"])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = written(folder, picture("RGB", (255, 51, 0)), ending)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        pixels = read_pixels(path)
    except (ImageError, TooLargeError) as error:
        found = str(path) in str(error)
    else:
        found = pixels.ndim in (2, 3)
    assert found
