"""Published techniques: quantities that make sense, and the documentation says the same."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from support.hardened_twin import hardened_twin

from softbeam.analysis.hardening.published import PUBLISHED, Published
from softbeam.analysis.results import Results

SCRIPTS = Path(__file__).parents[3] / "scripts"


def load_script(name: str) -> ModuleType:
    """Return one of the project's scripts as a module."""
    found = spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)
def test_quantities_are_parts(one: Published) -> None:
    for found in (one.removed, one.cost):
        if found is not None:
            assert 0.0 < found.low <= found.high <= 1.0
    assert one.is_point == (one.removed is not None and one.cost is not None)
    assert one.differs
    assert one.errors
    assert one.costs


def test_names_are_unique() -> None:
    assert len({one.name for one in PUBLISHED}) == len(PUBLISHED)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("document_hardening")


def test_the_documentation_has_the_published_rows(script: ModuleType) -> None:
    assert script.main(["--check"]) == 0
    rows = list(script.published_rows())[2:]
    text = script.FILE.read_text()
    for one, row in zip(PUBLISHED, rows, strict=True):
        assert row in text
        assert one.differs in row
        # Its paper is among the sources.
        assert (one.doi or one.paper.split('"')[1]) in text


def test_rows_of_hardened_runs_say_what_is_left(script: ModuleType, made_up_run: Path) -> None:
    plain = Results.load(made_up_run)
    head, line = script.own_head()
    (row,) = script.own_rows(plain, [hardened_twin(plain, keep=10**6)])
    names = [name.strip() for name in head.strip("|").split("|")]
    cells = dict(zip(names, (cell.strip() for cell in row.strip("|").split("|")), strict=True))
    assert line.count("|") == head.count("|")
    assert cells["injections"] == str(len(plain.records))
    assert cells["critical SDCs left, %"].startswith("0.0 [0.0, ")
    assert not cells["critical SDCs left, %"].endswith("0.0]")
    assert cells["DUEs left, %"].startswith("200.0 [")
    assert cells["more instructions, %"] == "100.00"
    assert "range of" in cells["hardened by"]


def test_rows_need_runs_that_compare(
    script: ModuleType, made_up_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--check", "--beside", str(made_up_run), str(tmp_path)]) == 2
    assert "there are no results in" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        script.main(["--check", "--beside", str(made_up_run)])
