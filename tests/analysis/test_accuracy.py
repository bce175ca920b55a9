"""Accuracy under faults: counted by hand, and intervals that hold where the truth is known."""

from __future__ import annotations

import os

import numpy as np
import pytest

from softbeam.analysis.accuracy import SINGLE, Truth, columns_of, load_rows, truth_of
from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.proportion import Proportion
from softbeam.campaign.results.facts import Facts, GoldenClass, InputFacts
from softbeam.injection.inference import InferenceRecord

SIMULATED = int(os.environ.get("SOFTBEAM_SIMULATED", "24"))

IOV = Stream("iov", "single-bit")


def inference(index: int, images: int = 1, **changes: object) -> InferenceRecord:
    known = {
        "index": index,
        "mode": "iov",
        "model": "single-bit",
        "load": "4",
        "image": index % images,
        "faults": 4,
        "struck": 4,
        "outcome": "Masked",
        "detail": "absorbed",
        "not_finite": False,
        "top1": None,
        "largest_change": None,
    }
    return InferenceRecord(**{**known, **changes})  # type: ignore[arg-type]


def sdc(top1: int | None, detail: str = "critical") -> dict[str, object]:
    return {"outcome": "SDC", "detail": detail, "top1": top1, "largest_change": 0.5}


DUE = {"outcome": "DUE", "detail": "hang"}


def test_what_is_right() -> None:
    # The second input is answered wrong without a fault.
    truth = Truth(labels=(3, 5), golden=(3, 4))
    assert truth.fault_free == Proportion(1, 2)
    cases = [
        (0, {}, True),
        (1, {}, False),
        (0, sdc(3, "tolerable"), True),
        (0, sdc(7), False),
        (0, sdc(None), False),
        (1, sdc(5), True),
        (0, DUE, False),
    ]
    for image, changes, right in cases:
        assert truth.is_right(inference(0, image=image, **changes)) == right


def test_rows_of_loads() -> None:
    truth = Truth(labels=(3, 5), golden=(3, 4))
    records = [
        inference(0, 2),
        inference(1, 2, **sdc(5)),
        inference(2, 2, **DUE),
        inference(3, 2, **sdc(6)),
        inference(0, 2, load="1e-09", faults=0, struck=0),
        inference(1, 2, load="1e-09", faults=3, struck=2, **sdc(3, "tolerable")),
    ]
    counts = Counts.of([], Design(images=2), **columns_of(truth))
    four, rate = load_rows(counts, records, truth)
    assert (four.stream, four.load, four.n, four.faults, four.rate) == (IOV, "4", 4, 4.0, None)
    assert {name: share.successes for name, share in four.ended.items()} == {
        "Masked": 1, "SDC": 2, "DUE": 1
    }  # fmt: skip
    assert four.right is not None
    assert four.lost is not None
    assert four.gained is not None
    assert [one.successes for one in (four.critical, four.right, four.lost, four.gained)] == [
        2, 2, 1, 1
    ]  # fmt: skip
    assert (rate.load, rate.rate, rate.faults, rate.n) == ("1e-09", 1e-9, 1.5, 2)


def test_injections_are_inferences_of_one_fault(make_record) -> None:  # type: ignore[no-untyped-def]
    truth = Truth(labels=(946,), golden=(946,))
    records = [
        make_record(index=0, mode="iov", outcome="Masked", detail="absorbed"),
        make_record(index=1, mode="iov", **sdc(7)),
    ]
    counts = Counts.of(records, Design(), **columns_of(truth))
    (row,) = load_rows(counts, (), truth)
    assert (row.load, row.n, row.faults, row.rate) == (SINGLE, 2, 1.0, None)
    assert row.right == row.lost == Proportion(1, 2)
    assert row.gained == Proportion(0, 2)
    assert load_rows(Counts.of(records), (), None) == ()


def test_the_truth_is_known_of_all_inputs_or_not_at_all() -> None:
    golden = GoldenClass(number=3, score=0.5, second=1, lead=0.1)
    whole = [InputFacts(number=n, file="a", golden=golden, label=n) for n in range(2)]
    assert truth_of(Facts(inputs=tuple(whole))) == Truth((0, 1), (3, 3))
    half = [whole[0], InputFacts(number=1, file="b", golden=golden)]
    assert truth_of(Facts(inputs=tuple(half))) is None
    boxes = [InputFacts(number=0, file="b", boxes=3, label=1)]
    assert truth_of(Facts(inputs=tuple(boxes))) is None
    assert truth_of(Facts()) is None


def test_nothing_seen_is_no_certainty() -> None:
    truth = Truth((0,) * 40, (0,) * 40)
    records = [inference(index, 40) for index in range(400)]
    (row,) = load_rows(Counts.of([], Design(images=40), **columns_of(truth)), records, truth)
    assert row.lost is not None
    assert row.right is not None
    assert row.lost.estimate == 0
    assert 0.005 < row.lost.high < 0.02
    assert row.right.low < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "each", "accuracy", "fragile", "lost"),
    [
        (50, 4, 0.7, 0.3, 0.4),
        (50, 4, 0.9, 0.05, 0.2),
        (200, 2, 0.65, 1.0, 0.02),
        (100, 1, 0.8, 0.2, 0.5),
        (12, 60, 0.7, 0.5, 0.3),
    ],
)
def test_intervals_hold_the_accuracy_of_a_population_of_images(
    images: int, each: int, accuracy: float, fragile: float, lost: float
) -> None:
    """Images are drawn, each right or wrong, and of the right ones some are fragile.

    A fragile image loses its class in a share `lost` of inferences, others never; a wrong one
    never gains.  The intervals must hold what that comes to over all such images.
    """
    rng = np.random.default_rng(images + each)
    wanted = {"right": accuracy * (1 - fragile * lost), "lost": accuracy * fragile * lost}
    held = dict.fromkeys(wanted, 0)
    times = 5 * SIMULATED
    for _ in range(times):
        right = rng.random(images) < accuracy
        frail = rng.random(images) < fragile
        truth = Truth(tuple(int(not one) for one in right), (0,) * images)
        records = []
        for index in range(images * each):
            image = index % images
            fails = frail[image] and rng.random() < lost
            # To another class than the right one, wherever it was right.
            records.append(inference(index, images, **(sdc(2) if fails else {})))
        counts = Counts.of([], Design(images=images), **columns_of(truth))
        (row,) = load_rows(counts, records, truth)
        for name, share in (("right", row.right), ("lost", row.lost)):
            assert share is not None
            held[name] += share.low <= wanted[name] <= share.high
    # Of 95 %, less three standard deviations of so many simulations.
    least = 0.95 - 3 * (0.95 * 0.05 / times) ** 0.5
    assert all(number / times >= least for number in held.values()), held
