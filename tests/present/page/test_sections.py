from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softbeam.analysis.design import Design
from softbeam.analysis.results import Results
from softbeam.injection.record import InjectionRecord
from softbeam.present.page.sections import NAMELESS, Scope, scores
from softbeam.present.table import Table

pytestmark = pytest.mark.slow


def classes(results: Results) -> Table:
    """Return the table of the classes that took over."""
    (table,) = [
        block.table
        for block in scores(Scope(results)).blocks
        if block.table is not None and block.table.name == "classes"
    ]
    return table


def test_answers_that_name_no_class_count_among_the_critical_ones(
    results: Results, make_record: Callable[..., InjectionRecord]
) -> None:
    critical = {"mode": "iov", "outcome": "SDC", "detail": "critical", "largest_change": 0.5}
    records = [
        make_record(index=0, **critical, top1=7),
        make_record(index=1, **critical, top1=None, not_finite=True),
        make_record(index=2, **critical, top1=None, not_finite=True),
        make_record(index=3, **{**critical, "detail": "tolerable"}, top1=946),
    ]
    table = classes(replace(results, records=tuple(records)))
    assert table.column("class")[0] == NAMELESS
    assert table.column("n") == [2, 1]
    assert [share.estimate for share in table.column("share")] == [2 / 3, 1 / 3]


def test_only_a_single_input_has_one_golden_class(results: Results) -> None:
    assert classes(results).caption == "Classes that took over in place of espresso"
    several = replace(results, design=Design(images=2))
    assert classes(several).caption == "Classes that took over"
