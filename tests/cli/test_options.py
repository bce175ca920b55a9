"""What several commands say on the way."""

from __future__ import annotations

from softbeam.cli._options import now_and_then


def test_a_log_has_a_line_a_minute() -> None:
    said: list[str] = []
    times = iter([0.0, 1.0, 59.0, 61.0, 61.0, 100.0, 400.0, 400.0])
    told = now_and_then(said.append, lambda: next(times))
    for done in (10, 500, 600, 900, 4000):
        told(done, 30_000)
    assert said == ["600 of 30,000 after 1 min", "4,000 of 30,000 after 7 min"]
