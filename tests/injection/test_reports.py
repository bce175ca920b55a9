"""What a hardened network reports, and what an injection is called for it."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.injection.changes import Words
from softbeam.injection.classification import Outcome
from softbeam.injection.reports import NOTHING, is_detected, report, reported


def words(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([one for one, _ in pairs]), np.array([two for _, two in pairs], dtype=np.uint32)


@pytest.mark.parametrize(
    ("outcome", "detail", "found", "wanted"),
    [
        ("Masked", "absorbed", (0, 0), ("Masked", "absorbed")),
        ("Masked", "absorbed", (0, 3), ("Masked", "corrected")),
        ("Masked", "dead", (1, 0), ("DUE", "detected")),
        ("SDC", "critical", (0, 0), ("SDC", "critical")),
        # Corrected in vain: the answer is another one.
        ("SDC", "critical", (0, 1), ("SDC", "critical")),
        ("SDC", "critical", (2, 1), ("DUE", "detected")),
    ],
)
def test_what_an_inference_is_called(outcome, detail, found, wanted) -> None:  # type: ignore[no-untyped-def]
    one = reported(Outcome(outcome, detail), np.array(found, dtype=np.uint32))
    assert (one.outcome, one.detail) == wanted


def test_a_report_is_read_from_what_differs(make_example) -> None:  # type: ignore[no-untyped-def]
    golden = make_example("tiny", harden="add_bias@0=duplication").golden
    name = golden.plan.report
    assert np.array_equal(report(golden, {}), NOTHING)
    assert report(golden, {name: Words(*words((1, 7)))}).tolist() == [0, 7]
    assert not is_detected(golden, {})
    assert not is_detected(golden, {name: words((1, 7))})
    assert is_detected(golden, {name: words((1, 7), (0, 1))})


def test_a_network_without_a_report_reports_nothing(tiny) -> None:  # type: ignore[no-untyped-def]
    assert np.array_equal(report(tiny.golden, {}), NOTHING)
    assert not is_detected(tiny.golden, {"0.output": words((0, 1))})
