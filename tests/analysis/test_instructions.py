"""Outcomes by instruction."""

from __future__ import annotations

from collections.abc import Callable

from softbeam.analysis.counts import Stream
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
    factors = instruction_factors(records, "im2col")
    assert set(factors) == {Stream("rf", "single-bit"), Stream("iov", "random-value")}
    struck = factors[Stream("rf", "single-bit")]
    assert list(struck) == [0x20, 0x40]
    assert struck[0x20].n == 10
    assert struck[0x20].sdc == Proportion(3, 10)
    assert struck[0x20].due == Proportion(2, 10)
    assert struck[0x40].sdc == Proportion(0, 4)
    assert factors[Stream("iov", "random-value")][0x20].due == Proportion(1, 1)
    assert instruction_factors(records, "softmax") == {}
