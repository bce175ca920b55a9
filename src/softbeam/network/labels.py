"""What is right: the class of each image of a labelled set.

A set says it in one of two ways: a folder for each class, with its images in it, or a table
``file,label`` beside the images.  A label is a class's name, or its number.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from softbeam.errors import ImageError
from softbeam.files import read_file
from softbeam.text import visible

#: Bytes of a table of labels: sixty for each of a million images.
_MOST = 64 << 20

#: Errors that are told one by one.
_TOLD = 5

#: What the first line of a table may be instead of a row.
_HEADING = ("file", "label")


@dataclass(frozen=True, slots=True)
class Image:
    """An image's file.

    Attributes
    ----------
    file : Path
        Where it is.
    name : str
        What it is called: its path within the folder that was named, else the file's name.
    folder : str or None
        The folder of its class, where there is one for each class.
    """

    file: Path
    name: str
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The right classes of some images.

    Attributes
    ----------
    numbers : tuple of int
        A class for each image.
    classes : tuple of str or None
        Names of the classes, where the folders alone tell them.
    """

    numbers: tuple[int, ...]
    classes: tuple[str, ...] | None = None


def images_of(path: Path) -> list[Image]:
    """Return a file as an image, or the images of a folder, sorted by name.

    A folder that holds no file but folders has a folder for each class.

    Raises
    ------
    ImageError
        If the folder holds no file.
    """
    if not path.is_dir():
        return [Image(path, path.name)]
    found = [Image(file, file.name) for file in _inside(path) if file.is_file()]
    if not found:
        found = [
            Image(file, f"{folder.name}/{file.name}", folder.name)
            for folder in _inside(path)
            if folder.is_dir()
            for file in _inside(folder)
            if file.is_file()
        ]
    if not found:
        raise ImageError(f"the folder {path} holds no image; name a folder that does, or a file")
    return found


def _inside(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.name[0] != ".")


def labels_of(
    images: Sequence[Image],
    table: Path | None,
    names: Sequence[str] | None,
    classes: int,
) -> Labels | None:
    """Return the right class of each image; None where nobody says it.

    Parameters
    ----------
    images : sequence of Image
        The images.
    table : Path, optional
        A table of labels; the images' folders say it if not given.
    names : sequence of str, optional
        Names of the classes.
    classes : int
        How many classes the network tells apart.

    Raises
    ------
    ImageError
        Naming the images and labels that do not go together.
    """
    if table is None:
        folders = [one.folder for one in images]
        if not any(folders):
            return None
        if None in folders:
            raise ImageError(
                "some images lie in a folder for their class and others do not; give one folder "
                "that has a folder for each class, or --labels"
            )
        return _by_folder([one for one in folders if one is not None], names, classes)
    found = _read(table)
    known = _Classes(names, classes)
    wrong: list[str] = []
    numbers = []
    called = Counter(one.name.rpartition("/")[2] for one in images)
    for one in images:
        name = one.name.rpartition("/")[2]
        label = found.get(one.name)
        if label is None and name in found:
            label = found[name]
            if called[name] > 1:
                wrong.append(f"{visible(name)} is the name of several images; give their paths")
                continue
        if label is None:
            wrong.append(f"{visible(one.name)} has no label")
            continue
        number = known.number(label)
        if number is None:
            wrong.append(f"{visible(one.name)}: {known.why(label)}")
            continue
        numbers.append(number)
    if wrong:
        more = f"; and {len(wrong) - _TOLD:,} more" if len(wrong) > _TOLD else ""
        raise ImageError(f"{table}: " + "; ".join(dict.fromkeys(wrong[:_TOLD])) + more)
    return Labels(tuple(numbers))


class _Classes:
    """Classes by what a label calls them: a name, or where none is called so a number."""

    def __init__(self, names: Sequence[str] | None, classes: int) -> None:
        self._count = classes
        numbers: dict[str, list[int]] = {}
        for number, name in enumerate((names or ())[:classes]):
            numbers.setdefault(name, []).append(number)
        self._numbers = numbers

    def number(self, label: str) -> int | None:
        """Return the class of a label; None if there is none, or several."""
        named = self._numbers.get(label, [])
        if named:
            return named[0] if len(named) == 1 else None
        if label.isdecimal() and label.isascii() and int(label) < self._count:
            return int(label)
        return None

    def why(self, label: str) -> str:
        """Return why a label is none."""
        said = visible(label)[:60]
        if label in self._numbers:
            return f"several classes are called '{said}'; give the class's number"
        if label.isdecimal():
            return f"there is no class {said}, they are 0 to {self._count - 1}"
        if not self._numbers:
            return f"no class is known to be called '{said}'; give --names, or numbers as labels"
        near = get_close_matches(label, list(self._numbers), n=1)
        hint = f"; did you mean '{visible(near[0])}'?" if near else ""
        return f"no class is called '{said}'{hint}"


def _by_folder(folders: Sequence[str], names: Sequence[str] | None, classes: int) -> Labels:
    """Return the classes that folders are named after.

    Where nobody names the classes and there is a folder for each, they are numbered in
    alphabetical order, as torchvision's ImageFolder numbers those that it trains with.
    """
    known = _Classes(names, classes)
    different = sorted(set(folders))
    wrong = [one for one in different if known.number(one) is None]
    if not wrong:
        return Labels(tuple(known.number(one) or 0 for one in folders))
    if not names and len(wrong) == len(different) == classes:
        order = {name: number for number, name in enumerate(different)}
        return Labels(tuple(order[one] for one in folders), tuple(different))
    told = "; ".join(known.why(one) for one in wrong[:_TOLD])
    more = f"; and {len(wrong) - _TOLD:,} more" if len(wrong) > _TOLD else ""
    raise ImageError(
        f"of {len(different):,} folders of images {len(wrong):,} are named after no class: "
        f"{told}{more}"
    )


def _read(path: Path) -> dict[str, str]:
    """Return the labels of a table, by file."""
    try:
        text = read_file(path, _MOST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ImageError(
            f"cannot read the labels {path}: {reason}; give a CSV file with lines file,label"
        ) from error
    found: dict[str, str] = {}
    wrong = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            cells = [one.strip() for one in row]
            if not any(cells) or (not found and tuple(map(str.lower, cells)) == _HEADING):
                continue
            if len(cells) != 2 or not all(cells):
                wrong.append(f"line {reader.line_num} is not file,label")
            elif found.setdefault(cells[0].removeprefix("./"), cells[1]) != cells[1]:
                wrong.append(f"line {reader.line_num} gives {visible(cells[0])} another label")
    except csv.Error as error:
        wrong.append(f"line {reader.line_num}: {error}")
    if wrong:
        more = f"; and {len(wrong) - _TOLD:,} more" if len(wrong) > _TOLD else ""
        raise ImageError(f"{path}: " + "; ".join(wrong[:_TOLD]) + more)
    if not found:
        raise ImageError(f"{path} holds no label; give lines file,label")
    return found
