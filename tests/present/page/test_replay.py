from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from softbeam.injection.record import InjectionRecord
from softbeam.present.page.replay import class_title, reason

NAMES = {3: "cat", 7: "bell\x1b[31m"}


@pytest.fixture
def explained(make_record: Callable[..., InjectionRecord]) -> Callable[..., str]:
    """Return a function that gives the reason of an SDC."""

    def explain(told: tuple[str, ...] = (), **record: Any) -> str:
        one = make_record(**{"outcome": "SDC", "detail": "critical", **record})
        trace = SimpleNamespace(next_use=None, stopped_at=None, address=None)
        return reason(
            SimpleNamespace(record=one, trace=trace, words=(), layers=(), stopped=None, told=told),
            NAMES,
        )

    return explain


def test_the_class_that_took_over_is_named(explained: Callable[..., str]) -> None:
    assert explained(top1=3, largest_change=0.5) == (
        "Another class is first: cat. The largest change of a score is 0.5."
    )
    assert explained(top1=4, largest_change=0.5).startswith("Another class is first: class 4.")


def test_what_a_users_judge_says_is_told_in_its_words(explained: Callable[..., str]) -> None:
    told = ("angle (1): 1", "angle (1): 2")
    # Also where the word is one of softbeam's own.
    for detail in ("off the road", "critical"):
        assert explained(told, detail=detail, top1=None, largest_change=1.0) == (
            f"The judge says: {detail}. The largest change of a score is 1."
        )


def test_no_class_is_first_where_all_scores_are_nan(explained: Callable[..., str]) -> None:
    for change in (math.nan, math.inf, None):
        assert explained(top1=None, largest_change=change, not_finite=True) == (
            "No class is first: all scores are NaN. A score is no finite number any more."
        )


def test_names_of_classes_are_made_visible() -> None:
    assert class_title(7, NAMES) == r"bell\x1b[31m"
