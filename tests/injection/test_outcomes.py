"""The registry of endings: order, words, and that every one has its place."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from softbeam.emulator.ending import EXCEPTIONS
from softbeam.injection.choices import KINDS
from softbeam.injection.outcomes import (
    CRITICAL,
    DETAIL,
    DETAILS,
    DETECTION_DETAILS,
    EVERY_DETAIL,
    OF_EXCEPTION,
    OUTCOMES,
    SASSIFI_CATEGORIES,
    check_detail,
    detail_of_sdc,
    details_of,
    is_critical,
    sassifi_category,
)
from softbeam.present.figures.style import OUTCOME_STYLES


def test_the_words_of_results_stay_as_they_are() -> None:
    # Stored results hold them.
    assert OUTCOMES == ("Masked", "SDC", "DUE")
    assert dict(DETAILS) == {
        "Masked": ("never read", "overwritten", "dead", "absorbed"),
        "SDC": ("critical", "top-5", "tolerable"),
        "DUE": (
            "illegal address", "misaligned address", "out-of-range address",
            "invalid address space", "illegal instruction", "invalid pc", "hang",
        ),
    }  # fmt: skip
    assert DETECTION_DETAILS == ("box class", "box number", "box position", "tolerable")
    assert details_of("SDC", "mask") == ("mask overlap", "mask pixels", "tolerable")
    assert details_of("SDC", "text") == ("text", "tolerable")
    assert details_of("SDC", "values") == ("out of tolerance", "tolerable")
    assert {
        "critical", "box class", "box number", "box position", "mask overlap", "text",
        "out of tolerance",
    } == CRITICAL  # fmt: skip


def test_every_detail_is_one_of_an_outcome_with_a_category_and_a_colour() -> None:
    assert set(DETAIL) == EVERY_DETAIL
    assert {detail.outcome for detail in DETAIL.values()} == set(OUTCOMES)
    for name, detail in DETAIL.items():
        assert SASSIFI_CATEGORIES[name].startswith(f"{detail.outcome}: ")
    assert set(OUTCOMES) <= set(OUTCOME_STYLES)


def test_every_exception_of_the_emulator_has_a_detail() -> None:
    assert set(OF_EXCEPTION) == set(EXCEPTIONS.values())


@pytest.mark.parametrize("answers", KINDS)
def test_the_last_rule_holds_for_every_sdc(answers: str) -> None:
    own = [one for one in DETAIL.values() if one.outcome == "SDC" and one.answers in ("", answers)]
    assert all(one.holds is not None for one in own)
    last = own[-1].holds
    assert last is not None
    assert last(SimpleNamespace())


def test_the_first_rule_that_holds_is_the_detail() -> None:
    def answer(**changes: object) -> SimpleNamespace:
        return SimpleNamespace(
            **{"top1": 3, "golden": [3, 1], "changed_among": lambda n: False} | changes
        )

    assert detail_of_sdc("classes", answer()) == "tolerable"
    assert detail_of_sdc("classes", answer(changed_among=lambda n: n == 5)) == "top-5"
    assert detail_of_sdc("classes", answer(top1=None, changed_among=lambda n: True)) == "critical"


@pytest.mark.parametrize(
    ("outcome", "detail", "why"),
    [
        ("Fine", "critical", "no injection ends 'Fine'"),
        ("SDC", "hang", "'hang' is one of DUE, not SDC"),
        ("SDC", "", "1 to 40 characters that can be seen, not ''"),
        ("SDC", " ", "1 to 40 characters"),
        ("SDC", "x" * 41, "1 to 40 characters"),
        ("SDC", "red\x1b[31m", "that can be seen"),
    ],
)
def test_what_no_judge_can_say(outcome: str, detail: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        check_detail(outcome, detail, own=True)


def test_a_judges_own_words() -> None:
    check_detail("Masked", "within a metre", own=True)
    with pytest.raises(ValueError, match="no injection ends 'Masked', 'within a metre'"):
        check_detail("Masked", "within a metre")
    assert [is_critical(one) for one in ("critical", "critical: left", "criticality", "top-5")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert sassifi_category("DUE", "too fast") == "DUE: Non Zero Exit Status"
    assert sassifi_category("DUE", "hang") == "DUE: Timeout"


def test_what_checks_find_is_told_of_networks_that_report() -> None:
    for outcome, detail in (("DUE", "detected"), ("Masked", "corrected")):
        assert detail not in details_of(outcome)
        assert detail in details_of(outcome, reports=True)
        assert detail in details_of(outcome, "boxes", reports=True)
        without = [one for one in details_of(outcome, reports=True) if one != detail]
        assert without == list(details_of(outcome))
    assert details_of("SDC", reports=True) == details_of("SDC")
