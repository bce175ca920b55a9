"""The one door for programs: what ``import softbeam`` offers, and that it costs nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import softbeam

ROOT = Path(__file__).resolve().parents[1]


def test_every_public_name_is_there() -> None:
    assert set(softbeam.__all__) <= set(dir(softbeam))
    for name in softbeam.__all__:
        assert getattr(softbeam, name) is getattr(softbeam, name)
        assert f"\n{name}\n    " in (softbeam.__doc__ or "")
    with pytest.raises(AttributeError, match="no attribute 'launch_missiles'"):
        _ = softbeam.launch_missiles


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
    shutil.copytree(made_up_run, tmp_path / "runs" / "paper")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(cells) >= 7
    space: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "docs/tutorial.md", "exec"), space)
        assert capsys.readouterr().out.strip(), cell
