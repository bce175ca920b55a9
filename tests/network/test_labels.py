"""Labelled images: folders of classes, tables of labels, and what does not go together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softbeam.errors import ImageError
from softbeam.network.labels import Image, images_of, labels_of

NAMES = ("cat", "dog", "cow", "dog")


def write(folder: Path, *files: str) -> list[Image]:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return images_of(folder)


def table(folder: Path, text: str) -> Path:
    path = folder.parent / f"{folder.name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def numbers(
    images: list[Image], labels: Path | None, names: object, classes: int
) -> tuple[int, ...]:
    found = labels_of(images, labels, names, classes)  # type: ignore[arg-type]
    assert found is not None
    return found.numbers


def test_a_folder_of_images_says_nothing_of_classes(tmp_path: Path) -> None:
    images = write(tmp_path, "b.png", "a.png", ".hidden", "inner/c.png")
    assert [one.name for one in images] == ["a.png", "b.png"]
    assert labels_of(images, None, NAMES, 4) is None
    assert images_of(tmp_path / "b.png") == [Image(tmp_path / "b.png", "b.png")]


def test_folders_are_named_after_classes(tmp_path: Path) -> None:
    images = write(tmp_path, "cow/1.png", "cat/2.png", "cat/1.png", "cat/.x", ".git/a")
    assert [one.name for one in images] == ["cat/1.png", "cat/2.png", "cow/1.png"]
    assert numbers(images, None, NAMES, 4) == (0, 0, 2)


def test_folders_are_numbers_of_classes(tmp_path: Path) -> None:
    images = write(tmp_path, "10/1.png", "2/1.png")
    assert numbers(images, None, None, 11) == (10, 2)
    # Where a class is called so, that is meant.
    assert numbers(images, None, ("2", "10", "other"), 3) == (1, 0)


def test_a_folder_for_each_class_in_alphabetical_order(tmp_path: Path) -> None:
    images = write(tmp_path, "n02/1.png", "n01/1.png", "n10/1.png")
    found = labels_of(images, None, None, 3)
    assert found is not None
    assert found.numbers == (0, 1, 2)
    assert found.classes == ("n01", "n02", "n10")
    with pytest.raises(ImageError, match=r"of 3 folders .* 3 are named after no class: .*--names"):
        labels_of(images, None, None, 4)


def test_folders_that_are_no_classes_are_named(tmp_path: Path) -> None:
    images = write(tmp_path, "cat/1.png", "cwo/1.png", "dog/1.png")
    message = r"2 are named after no class: .*'cwo'; did you mean 'cow'\?; several .* called 'dog'"
    with pytest.raises(ImageError, match=message):
        labels_of(images, None, NAMES, 4)
    mixed = [*images, Image(tmp_path / "x.png", "x.png")]
    with pytest.raises(ImageError, match="some images lie in a folder for their class"):
        labels_of(mixed, None, NAMES, 4)


def test_a_table_of_labels(tmp_path: Path) -> None:
    folder = tmp_path / "val"
    images = write(folder, "a.png", "b.png", "c d.png")
    text = '\ufefffile,label\na.png,cow\n./b.png, 1 \n"c d.png",cat\nelsewhere.png,9\n\n'
    assert numbers(images, table(folder, text), NAMES, 4) == (2, 1, 0)
    assert numbers(images, table(folder, "a.png,3\nb.png,0\nc d.png,2\n"), None, 4) == (3, 0, 2)


def test_a_table_of_paths(tmp_path: Path) -> None:
    folder = tmp_path / "val"
    images = write(folder, "x/a.png", "y/a.png", "y/b.png")
    assert numbers(images, table(folder, "x/a.png,0\ny/a.png,1\nb.png,2\n"), None, 4) == (0, 1, 2)
    with pytest.raises(ImageError, match=r"a\.png is the name of several images; give their paths"):
        labels_of(images, table(folder, "a.png,0\nb.png,2\n"), None, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no label; give lines file,label"),
        ("file,label\n", "holds no label"),
        ("a.png\n", "line 1 is not file,label"),
        ("a.png,0,1\n", "line 1 is not file,label"),
        ("a.png,\n", "line 1 is not file,label"),
        ("a.png,0\na.png,1\n", "line 2 gives a.png another label"),
        ("b.png,0\n", "a.png has no label"),
        ("a.png,4\n", "a.png: there is no class 4, they are 0 to 3"),
        ("a.png,-1\n", "a.png: no class is called '-1'"),
        ("a.png,horse\n", "a.png: no class is called 'horse'"),
        ("a.png,dgo\n", "did you mean 'dog'?"),
        ("a.png,dog\n", "several classes are called 'dog'; give the class's number"),
        ("a.png,\x1b[31m\n", r"no class is called '\x1b[31m'"),
        ('a.png,"0\n', "line 1: unexpected end of data"),
    ],
)
def test_tables_that_do_not_fit(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "val"
    images = write(folder, "a.png")
    with pytest.raises(ImageError, match=re.escape(message)) as error:
        labels_of(images, table(folder, text), NAMES, 4)
    assert "\n" not in str(error.value)


def test_only_some_errors_are_told_one_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "val"
    images = write(folder, *(f"{number}.png" for number in range(9)))
    with pytest.raises(ImageError, match=r"0\.png has no label; .*; and 4 more"):
        labels_of(images, table(folder, "x.png,0\n"), NAMES, 4)


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    images = [Image(tmp_path / "a.png", "a.png")]
    with pytest.raises(ImageError, match=r"cannot read the labels .*: No such file"):
        labels_of(images, tmp_path / "gone.csv", None, 4)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ImageError, match="it is not UTF-8 text"):
        labels_of(images, tmp_path / "bytes.csv", None, 4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="holds no image"):
        images_of(tmp_path / "empty")
