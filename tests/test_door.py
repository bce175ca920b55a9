"""The one door for programs: what ``import softbeam`` offers, and that it costs nothing."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.made_up import made_up_effects

import softbeam
import softbeam.emulator
import softbeam.judges
from softbeam.analysis.results import Results
from softbeam.campaign.effects.file import write_effects

ROOT = Path(__file__).resolve().parents[1]


def test_every_public_name_is_there() -> None:
    assert set(softbeam.__all__) <= set(dir(softbeam))
    for name in softbeam.__all__:
        assert getattr(softbeam, name) is getattr(softbeam, name)
        assert f"\n{name}\n    " in (softbeam.__doc__ or "")
    for name in softbeam.emulator.__all__:
        assert getattr(softbeam.emulator, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'launch_missiles'"):
        _ = softbeam.launch_missiles


def shown_code() -> list[tuple[str, str]]:
    """Return the Python of README and documents, a block each, with its document's name.

    Less that of develop.md, which is about what lies behind the door.
    """
    found = []
    for path in {ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - {ROOT / "docs/develop.md"}:
        text = path.read_text(encoding="utf-8")
        for language, block in re.findall(r"^```(python|pycon)\n(.*?)^```", text, re.M | re.S):
            typed = re.findall(r"^(?:>>>|\.\.\.) ?(.*)$", block, re.M)
            found.append((path.name, block if language == "python" else "\n".join(typed)))
    return sorted(found)


@pytest.mark.parametrize(("document", "block"), shown_code())
def test_documents_use_what_is_public_and_nothing_else(document: str, block: str) -> None:
    public = {
        "softbeam": softbeam,
        "softbeam.emulator": softbeam.emulator,
        "softbeam.judges": softbeam.judges,
    }
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names if alias.name.startswith("softbeam")}
            assert names <= set(public)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("softbeam"):
            assert node.module in public
            assert {alias.name for alias in node.names} <= set(public[node.module].__all__)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in public:
            assert node.attr in public[ast.unparse(node.value)].__all__


def test_importing_it_imports_nothing_else() -> None:
    check = (
        "import sys; before = set(sys.modules); import softbeam; dir(softbeam); "
        "added = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "sys.exit(', '.join(sorted(added - {'softbeam'} - set(sys.stdlib_module_names))) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_tutorial_runs(
    made_up_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Path(shutil.copytree(made_up_run, tmp_path / "runs" / "paper"))
    write_effects(run, made_up_effects(Results.load(run)))
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(cells) >= 7
    space: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "docs/tutorial.md", "exec"), space)
        assert capsys.readouterr().out.strip(), cell
