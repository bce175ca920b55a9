"""Outcomes by instruction."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softbeam.analysis.counts import Stream
from softbeam.analysis.design import Design
from softbeam.analysis.instructions import instruction_factors
from softbeam.analysis.proportion import Proportion
from softbeam.injection.record import InjectionRecord

SDC = {"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": 0.5}
DUE = {"outcome": "DUE", "detail": "hang"}


def test_injections_are_counted_where_they_struck(
    make_record: Callable[..., InjectionRecord],
) -> None:
    ends = [
        *[{"pc": 0x20, **SDC}] * 3,
        *[{"pc": 0x20, **DUE}] * 2,
        *[{"pc": 0x20}] * 5,
        *[{"pc": 0x40}] * 4,
        *[{"pc": 0x20, "kernel": "fill", **SDC}] * 7,
    ]
    records = [make_record(index=index, **end) for index, end in enumerate(ends)]
    records += [make_record(index=0, mode="iov", model="random-value", pc=0x20, **DUE)]
    factors = instruction_factors(records, "im2col", Design())
    assert set(factors) == {Stream("rf", "single-bit"), Stream("iov", "random-value")}
    struck = factors[Stream("rf", "single-bit")]
    assert list(struck) == [0x20, 0x40]
    assert struck[0x20].n == 10
    assert struck[0x20].sdc == Proportion(3, 10)
    assert struck[0x20].due == Proportion(2, 10)
    assert struck[0x40].sdc == Proportion(0, 4)
    assert factors[Stream("iov", "random-value")][0x20].due == Proportion(1, 1)
    assert instruction_factors(records, "softmax", Design()) == {}


def test_strata_are_weighted_by_their_sizes(make_record: Callable[..., InjectionRecord]) -> None:
    """Ten injections each in a large and in a small layer: the large one counts nine times."""
    ends = [
        *[{"layer": 0, "pc": 0x20, **SDC}] * 2,
        *[{"layer": 0, "pc": 0x20}] * 3,
        *[{"layer": 0, "pc": 0x40}] * 5,
        *[{"layer": 9, "pc": 0x20, **SDC}] * 10,
    ]
    records = [make_record(index=index, kernel="fill", **end) for index, end in enumerate(ends)]
    design = Design(stratified=True, weights={"rf": {(0, "fill"): 0.9, (9, "fill"): 0.1}})
    factors = instruction_factors(records, "fill", design)[Stream("rf", "single-bit")]
    # Of all places 0.9 * 5/10 + 0.1 are at the pc, 0.9 * 2/10 + 0.1 of them SDC.
    assert factors[0x20].n == 15
    assert factors[0x20].sdc.estimate == pytest.approx(0.28 / 0.55)
    assert factors[0x20].sdc.low < 0.28 / 0.55 < factors[0x20].sdc.high
    assert factors[0x40].sdc.estimate == 0
