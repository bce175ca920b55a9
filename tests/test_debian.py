"""Tests install Debian packages only when they are asked to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.debian import ASKED, install_darknet

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("value", [None, "", "0"])
def test_nothing_is_installed_unasked(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a command was run")

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.delenv(ASKED, raising=False)
    if value is not None:
        monkeypatch.setenv(ASKED, value)
    with pytest.raises(pytest.skip.Exception, match=f"{ASKED}=1"):
        install_darknet()


def test_the_check_of_every_change_asks_and_the_documents_say_so() -> None:
    assert f"{ASKED}=1 make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert ASKED in (ROOT / "docs" / "develop.md").read_text(encoding="utf-8")
