from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from softbeam.analysis.breakdown import (
    OPCODE_GROUPS,
    Split,
    by_bit,
    by_opcode_group,
    by_pc,
    golden_class,
    opcode_group,
    score_changes,
    usurpers,
)
from softbeam.analysis.counts import Stream
from softbeam.analysis.design import Design
from softbeam.analysis.proportion import Proportion
from softbeam.injection.record import InjectionRecord
from softbeam.sass.opcodes import OPCODES

MakeRecord = Callable[..., InjectionRecord]

SDC = {"outcome": "SDC", "detail": "tolerable", "top1": 5, "largest_change": 0.25}


def test_every_opcode_has_a_group_that_is_shown() -> None:
    assert {opcode_group(name) for name in OPCODES} <= set(OPCODE_GROUPS)
    assert opcode_group("STG.E.128") == "store"
    assert opcode_group("BRA") == "control"
    assert opcode_group("FFMA.RZ") == "fp32"
    assert opcode_group("ISETP.GE.AND") == "predicate"


def test_bits_of_one_target(make_record: MakeRecord) -> None:
    records = [
        make_record(bit=3, **SDC),
        make_record(bit=3),
        make_record(bit=0),
        make_record(bit=60, target="store_address"),
        make_record(bit=None),
    ]
    first, second = by_bit(records, "register")
    assert (first.key, first.n, second.key, second.n) == (0, 1, 3, 2)
    assert second.ended["SDC"] == Proportion(1, 2)
    assert second.ended["DUE"] == Proportion(0, 2)
    assert [one.key for one in by_bit(records, "store_address")] == [60]
    assert by_bit(records, "destination_index") == ()


def test_groups_come_in_the_order_of_the_page(make_record: MakeRecord) -> None:
    records = [make_record(opcode=name) for name in ("EXIT", "STG.E", "FADD", "IADD3", "MOV")]
    found = by_opcode_group(records)
    assert [(one.key, one.n) for one in found] == [
        ("other", 2),
        ("fp32", 1),
        ("store", 1),
        ("control", 1),
    ]


def test_strata_are_weighed(make_record: MakeRecord) -> None:
    design = Design(stratified=True, weights={"rf": {(0, "im2col"): 0.9, (1, "fill"): 0.1}})
    records = [make_record(bit=1, layer=0, kernel="im2col") for _ in range(10)]
    records += [make_record(bit=1, layer=1, kernel="fill", **SDC) for _ in range(10)]
    (one,) = by_bit(records, "register", design)
    share = one.ended["SDC"]
    assert (share.successes, share.n) == (10, 20)
    assert share.estimate == pytest.approx(0.1)
    # 20 injections of unequal weight tell less than 20 equal ones.
    assert share.low < 0.1 < share.high
    assert share.high - share.low > Proportion(2, 20).high - Proportion(2, 20).low


def test_inputs_are_clusters(make_record: MakeRecord) -> None:
    # Of bit 1 the inputs differ, of bit 2 they do not.
    records = []
    for number in range(240):
        image = number % 3
        for bit, sdc in ((1, number % 12 < 4 * image + 2), (2, number % 12 < 6)):
            end = SDC if sdc else {}
            records.append(make_record(bit=bit, image=image, **end))
    together = by_bit(records, "register")
    apart = by_bit(records, "register", Design(images=3))
    for one, other in zip(together, apart, strict=True):
        assert (one.key, one.n) == (other.key, other.n)
        assert one.ended["SDC"].estimate == pytest.approx(other.ended["SDC"].estimate)

    def width(splits: tuple[Split[int], ...], place: int) -> float:
        share = splits[place].ended["SDC"]
        return share.high - share.low

    assert width(apart, 0) > 3 * width(together, 0)
    assert width(apart, 1) < 1.2 * width(together, 1)


def test_scores(make_record: MakeRecord) -> None:
    records = [
        make_record(**SDC),
        make_record(**{**SDC, "largest_change": 1e-7}),
        make_record(**{**SDC, "largest_change": math.inf, "not_finite": True}),
        make_record(),
    ]
    found = score_changes(records)
    assert found.finite == (1e-7, 0.25)
    assert (found.not_finite, found.n) == (1, 3)
    assert found.beyond(0.01) == Proportion(2, 3)
    assert found.beyond(1.0) == Proportion(1, 3)


def test_classes_that_took_over(make_record: MakeRecord) -> None:
    critical = {**SDC, "detail": "critical"}
    records = [make_record(**{**critical, "top1": number}) for number in (7, 2, 7, 9, 2, 7)]
    assert usurpers(records) == (
        (7, Proportion(3, 6)),
        (2, Proportion(2, 6)),
        (9, Proportion(1, 6)),
    )
    assert golden_class(records) is None
    # Scores that are all NaN name no class; such SDCs are critical, and count as the others do.
    nameless = [make_record(**{**critical, "top1": None, "not_finite": True})] * 2
    assert usurpers([*records, *nameless]) == (
        (7, Proportion(3, 8)),
        (None, Proportion(2, 8)),
        (2, Proportion(2, 8)),
        (9, Proportion(1, 8)),
    )
    assert golden_class([*records, make_record(**SDC)]) == 5
    assert usurpers([make_record(**SDC)]) == ()


CRITICAL = {"outcome": "SDC", "detail": "critical", "top1": 3, "largest_change": 0.5}
DUE = {"outcome": "DUE", "detail": "hang"}


def test_injections_are_counted_where_they_struck(
    make_record: MakeRecord,
) -> None:
    ends = [
        *[{"pc": 0x20, **CRITICAL}] * 3,
        *[{"pc": 0x20, **DUE}] * 2,
        *[{"pc": 0x20}] * 5,
        *[{"pc": 0x40}] * 4,
        *[{"pc": 0x20, "kernel": "fill", **CRITICAL}] * 7,
    ]
    records = [make_record(index=index, **end) for index, end in enumerate(ends)]
    records += [make_record(index=0, mode="iov", model="random-value", pc=0x20, **DUE)]
    factors = by_pc(records, "im2col", Design())
    assert set(factors) == {Stream("rf", "single-bit"), Stream("iov", "random-value")}
    struck = factors[Stream("rf", "single-bit")]
    assert list(struck) == [0x20, 0x40]
    assert struck[0x20].n == 10
    assert struck[0x20].ended["SDC"] == Proportion(3, 10)
    assert struck[0x20].ended["DUE"] == Proportion(2, 10)
    assert struck[0x40].ended["SDC"] == Proportion(0, 4)
    assert factors[Stream("iov", "random-value")][0x20].ended["DUE"] == Proportion(1, 1)
    assert by_pc(records, "softmax", Design()) == {}


def test_strata_are_weighted_by_their_sizes(make_record: MakeRecord) -> None:
    """Ten injections each in a large and in a small layer: the large one counts nine times."""
    ends = [
        *[{"layer": 0, "pc": 0x20, **CRITICAL}] * 2,
        *[{"layer": 0, "pc": 0x20}] * 3,
        *[{"layer": 0, "pc": 0x40}] * 5,
        *[{"layer": 9, "pc": 0x20, **CRITICAL}] * 10,
    ]
    records = [make_record(index=index, kernel="fill", **end) for index, end in enumerate(ends)]
    design = Design(stratified=True, weights={"rf": {(0, "fill"): 0.9, (9, "fill"): 0.1}})
    factors = by_pc(records, "fill", design)[Stream("rf", "single-bit")]
    # Of all places 0.9 * 5/10 + 0.1 are at the pc, 0.9 * 2/10 + 0.1 of them SDC.
    assert factors[0x20].n == 15
    assert factors[0x20].ended["SDC"].estimate == pytest.approx(0.28 / 0.55)
    assert factors[0x20].ended["SDC"].low < 0.28 / 0.55 < factors[0x20].ended["SDC"].high
    assert factors[0x40].ended["SDC"].estimate == 0
