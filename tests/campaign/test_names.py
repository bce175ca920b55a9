"""Names of layers and classes beside results."""

from __future__ import annotations

from pathlib import Path

from softbeam.campaign.names import (
    CLASSES,
    LAYERS,
    copy_names,
    read_classes,
    read_layers,
    write_classes,
    write_layers,
)


def test_names_are_kept(tmp_path: Path) -> None:
    assert read_classes(tmp_path) == ()
    assert read_layers(tmp_path) == {}
    write_classes(tmp_path, ["tasse", "löffel"])
    write_layers(tmp_path, {0: "features/conv 1", 12: "/fc\nof two lines", 3: ""})
    assert read_classes(tmp_path) == ("tasse", "löffel")
    assert read_layers(tmp_path) == {0: "features/conv 1", 12: "/fc of two lines", 3: ""}
    assert sorted(path.name for path in tmp_path.iterdir()) == [CLASSES, LAYERS]


def test_names_that_are_spoilt_are_none(tmp_path: Path) -> None:
    (tmp_path / LAYERS).write_bytes(b"0 \xff\n")
    (tmp_path / CLASSES).mkdir()
    assert read_classes(tmp_path) == ()
    assert read_layers(tmp_path) == {}
    (tmp_path / LAYERS).write_text("one conv\n2 relu\n")
    assert read_layers(tmp_path) == {2: "relu"}


def test_names_are_copied_where_there_are_any(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    copy_names(source, target)
    assert not list(target.iterdir())
    write_layers(source, {0: "conv"})
    copy_names(source, target)
    assert read_layers(target) == {0: "conv"}
