"""What is compiled beside the golden run: where it is needed, and without harm where it fails."""

from __future__ import annotations

import operator

import pytest

from softbeam.campaign import beside


def test_where_all_is_compiled_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "common_is_compiled", lambda: True)
    monkeypatch.setattr(beside, "WorkerPool", None)
    monkeypatch.setattr(beside, "compile_common", None)
    with beside.compiling_beside():
        pass


def test_one_core_compiles_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(beside, "common_is_compiled", lambda: False)
    monkeypatch.setattr(beside, "compile_common", lambda: done.append("compiled"))
    monkeypatch.setattr(beside, "WorkerPool", None)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    with beside.compiling_beside():
        assert done == ["compiled"]


@pytest.mark.slow
def test_another_process_compiles_and_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    known = beside.common_is_compiled
    monkeypatch.setattr(beside, "common_is_compiled", lambda: False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    with beside.compiling_beside():
        pass
    assert known()


@pytest.mark.slow
def test_a_process_that_cannot_compile_is_done_without(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(beside, "common_is_compiled", lambda: False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    # What it returns cannot be called, so that the process ends with an error.
    monkeypatch.setattr(beside, "compile_in_worker", operator.not_)
    with beside.compiling_beside():
        pass
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.slow
def test_an_error_meanwhile_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "common_is_compiled", lambda: False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    with pytest.raises(KeyboardInterrupt), beside.compiling_beside():
        raise KeyboardInterrupt
