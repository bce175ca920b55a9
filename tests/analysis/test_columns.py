"""Columns of exports: declared once, described in the documentation by their declarations."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from softbeam.analysis.columns import COLUMNS
from softbeam.injection.columns import columns_of, stored

ROOT = Path(__file__).resolve().parents[2]


def test_the_documentation_has_the_columns_of_today() -> None:
    found = spec_from_file_location("document_columns", ROOT / "scripts" / "document_columns.py")
    assert found is not None
    assert found.loader is not None
    script = module_from_spec(found)
    found.loader.exec_module(script)
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert script.document(text) == text
    assert all(f"| `{column.name}` | {column.kind}" in text for column in COLUMNS)


def test_every_column_is_described() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    for column in COLUMNS:
        assert column.meaning
        assert not column.meaning.endswith(".")
        assert column.since >= 1


@dataclass
class Later:
    """A record with a field that came later."""

    old: int = field(metadata=stored("old", lambda one: 1))
    new: int | None = field(default=None, metadata=stored("new", lambda one: 2, since=3))


@dataclass
class Careless:
    """A record whose later field says nothing for older files."""

    new: int = field(metadata=stored("new", lambda one: 2, since=3))


def test_a_later_column_needs_a_value_for_older_files() -> None:
    assert [(one.name, one.kind, one.since) for one in columns_of(Later)] == [
        ("old", "int64", 1),
        ("new", "int64", 3),
    ]
    with pytest.raises(TypeError, match="new needs a default"):
        columns_of(Careless)
