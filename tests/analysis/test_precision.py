"""Rounds until the wanted precision: enough, not far too much, and the same when interrupted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softbeam.analysis.counts import Cell, Stream
from softbeam.analysis.design import Design, exposures
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.planning import injections_needed
from softbeam.analysis.precision import (
    FASTEST,
    FIRST,
    FIRST_OF_STRATUM,
    cells_of,
    first_round,
    half_width,
    rounds,
    sample_of,
)
from softbeam.campaign.engine import run_campaign
from softbeam.campaign.specification import CampaignSpecification, StreamRequest, Target
from softbeam.campaign.store import Ending, ResultsStore
from softbeam.campaign.streams import InjectionName, StreamKey
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.record import OUTCOMES, InjectionRecord

#: Layer, kernel, places, and the shares of Masked, SDC and DUE.
STRATA = [
    (0, "im2col", 80000, (0.8, 0.1, 0.1)),
    (0, "fill", 9000, (1.0, 0.0, 0.0)),
    (1, "maxpool", 20000, (0.5, 0.4, 0.1)),
    (2, "im2col", 6000, (0.7, 0.2, 0.1)),
    (2, "softmax", 40, (0.2, 0.5, 0.3)),
]
SIZES = tuple(FaultSpaceSize(0, "rf", layer, kernel, size) for layer, kernel, size, _ in STRATA)
DESIGN = Design(False, 1, exposures(SIZES))
STRATIFIED = Design(True, 1, exposures(SIZES))

Counted = Mapping[StreamKey, int]


def specification(target: Target | None, stratified: bool) -> CampaignSpecification:
    return CampaignSpecification(
        network="tiny",
        weights_sha256="1" * 64,
        plan_sha256="4" * 64,
        inputs_sha256=("2" * 64,),
        architecture="sm_90",
        kernels_sha256="3" * 64,
        emulator_semantics=1,
        seed=1,
        sampling="stratified" if stratified else "uniform",
        streams=(StreamRequest(mode="rf", model="single-bit", injections=0),),
        target=target,
    )


class World:
    """Injections that are made up: each ends as its name and a seed say."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams = cache(self._stream)

    def _stream(self, stratum: str) -> tuple[list[tuple[int, str, str]], np.ndarray]:
        """Return the endings of a stratum and a long row of draws from them."""
        own = [one for one in STRATA if stratum in ("", f"{one[0]}/{one[1]}")]
        endings, shares = [], []
        for layer, kernel, size, ends in own:
            for outcome, share in zip(OUTCOMES, ends, strict=True):
                endings.append((layer, kernel, outcome))
                shares.append(size * share)
        place = [f"{one[0]}/{one[1]}" for one in STRATA].index(stratum) if stratum else 99
        rng = np.random.default_rng([self._seed, place])
        p = np.array(shares) / sum(shares)
        return endings, rng.choice(len(endings), size=40_000, p=p)

    def ending(self, key: StreamKey, index: int) -> tuple[int, str, str]:
        endings, drawn = self._streams(key.stratum)
        return endings[drawn[index]]

    def endings(self, counts: Counted) -> dict[StreamKey, Counter[Ending]]:
        found = {}
        for key, n in counts.items():
            endings, drawn = self._streams(key.stratum)
            numbers = np.bincount(drawn[:n], minlength=len(endings)).tolist()
            pairs = zip(endings, numbers, strict=True)
            found[key] = Counter({Ending(*ending): number for ending, number in pairs if number})
        return found


def finish(world: World, target: Target, stratified: bool) -> tuple[Counted, int]:
    """Return the injections of a campaign with a target, and its rounds."""
    asked = specification(target, stratified)
    step = rounds(asked, STRATIFIED if stratified else DESIGN)
    counts: Counted = first_round(asked, SIZES)
    for number in range(1, 100):
        more = step(counts, world.endings(counts))
        assert all(more[key] >= counts[key] for key in counts)
        assert more.keys() == counts.keys()
        if more == counts:
            return counts, number
        for keys in cells_of(counts, target.per):
            before, after = (sum(one[key] for key in keys) for one in (counts, more))
            # Each outcome asks for this much at most, where the cell needs it.
            assert after <= 3 * (FASTEST * before + len(keys))
        counts = more
    raise AssertionError("it never ends")


def shares(
    world: World, counts: Counted, target: Target, stratified: bool
) -> dict[tuple[str, str], Share]:
    """Return the share of each outcome in each cell, at the target's confidence."""
    design = STRATIFIED if stratified else DESIGN
    sample = sample_of(Stream("rf", "single-bit"), counts, world.endings(counts), design)
    estimator = Estimator(sample, target.confidence)
    found = {}
    for keys in cells_of(counts, target.per):
        strata = {key.stratum for key in keys}

        def within(cell: Cell, strata: set[str] = strata) -> bool:
            return "" in strata or f"{cell.layer}/{cell.kernel}" in strata

        for outcome in OUTCOMES:

            def ends(cell: Cell, outcome: str = outcome) -> bool:
                return cell.outcome == outcome

            found[" ".join(sorted(strata)), outcome] = estimator.share(ends, within)
    return found


@pytest.mark.parametrize(
    ("per", "stratified"),
    [
        ("all", False),
        ("all", True),
        ("layer", True),
        ("kernel", True),
        ("layer-kernel", True),
    ],
)
@pytest.mark.parametrize(("margin", "confidence"), [(0.05, 0.95), (0.03, 0.99)])
def test_it_ends_when_every_cell_is_precise(
    per: Any, stratified: bool, margin: float, confidence: float
) -> None:
    target = Target(margin=margin, confidence=confidence, per=per)
    world = World(1)
    counts, taken = finish(world, target, stratified)
    found = shares(world, counts, target, stratified)
    assert len(found) == 3 * {"all": 1, "layer": 3, "kernel": 4, "layer-kernel": 5}[per]
    assert max(half_width(share) for share in found.values()) <= margin
    # Not many more than simple draws need in each cell, each outcome being as it is.
    needed = 0
    for keys in cells_of(counts, per):
        strata = {key.stratum for key in keys}
        own = [one for one in STRATA if strata & {"", f"{one[0]}/{one[1]}"}]
        whole = sum(size for _, _, size, _ in own)
        true = [sum(one[2] * one[3][n] for one in own) / whole for n in range(3)]
        needed += max(injections_needed(share, margin, confidence) for share in true)
    least = FIRST_OF_STRATUM * len(counts) if stratified else FIRST
    assert sum(counts.values()) <= 1.5 * max(needed, least) + least
    assert taken < 15


def test_a_precise_cell_gets_nothing_more() -> None:
    # Fill is never anything but Masked: its first twenty are enough for a wide margin.
    counts, _ = finish(World(3), Target(margin=0.1, per="layer-kernel"), True)
    fill = StreamKey("rf", "single-bit", "0/fill")
    others = [n for key, n in counts.items() if key != fill]
    assert counts[fill] == FIRST_OF_STRATUM < min(others)


def test_where_a_stratum_weighs_little_it_is_drawn_from_little() -> None:
    counts, _ = finish(World(4), Target(margin=0.02, per="all"), True)
    softmax, im2col = (StreamKey("rf", "single-bit", one) for one in ("2/softmax", "0/im2col"))
    assert counts[softmax] < 50
    assert counts[im2col] > 500


def test_tighter_margins_need_more() -> None:
    numbers = [
        sum(finish(World(5), Target(margin=margin, per="layer"), True)[0].values())
        for margin in (0.1, 0.05, 0.03)
    ]
    assert numbers == sorted(numbers)
    assert numbers[2] > 5 * numbers[0]


@pytest.mark.slow
@pytest.mark.parametrize("stratified", [False, True])
def test_stopping_costs_little_of_the_confidence(stratified: bool) -> None:
    target = Target(margin=0.05, per="layer" if stratified else "all")
    held, total = Counter[str](), 0
    for seed in range(250):
        world = World(1000 + seed)
        counts, _ = finish(world, target, stratified)
        total += 1
        for (cell, outcome), share in shares(world, counts, target, stratified).items():
            names = set(cell.split()) or {f"{one[0]}/{one[1]}" for one in STRATA}
            own = [one for one in STRATA if f"{one[0]}/{one[1]}" in names]
            size = sum(one[2] for one in own)
            true = sum(one[2] * one[3][OUTCOMES.index(outcome)] for one in own) / size
            held[f"{cell} {outcome}"] += share.low <= true <= share.high
    found = {name: number / total for name, number in held.items()}
    assert 0.925 < np.mean(list(found.values())) < 0.98, found
    assert min(found.values()) > 0.89, found


def test_cells() -> None:
    counts = dict.fromkeys(first_round(specification(None, True), SIZES), 1)

    def strata(per: Any) -> list[list[str]]:
        return [[key.stratum for key in keys] for keys in cells_of(counts, per)]

    names = ["0/fill", "0/im2col", "1/maxpool", "2/im2col", "2/softmax"]
    assert strata("all") == [names]
    assert strata("layer") == [names[:2], names[2:3], names[3:]]
    assert sorted(strata("kernel")) == [
        ["0/fill"],
        ["0/im2col", "2/im2col"],
        *([n] for n in ("1/maxpool", "2/softmax")),
    ]
    assert strata("layer-kernel") == [[name] for name in names]


def test_the_first_round() -> None:
    target = Target(margin=0.1)
    assert first_round(specification(target, False), SIZES) == {
        StreamKey("rf", "single-bit"): FIRST
    }
    assert first_round(specification(target, True), SIZES) == {
        StreamKey("rf", "single-bit", f"{one.layer}/{one.kernel}"): FIRST_OF_STRATUM
        for one in SIZES
    }
    with pytest.raises(ValueError, match="without a target"):
        rounds(specification(None, False), DESIGN)


class Worker:
    """Makes up records of a world; is interrupted after a number of them."""

    def __init__(self, world: World, make: Callable[..., InjectionRecord], stop: int) -> None:
        self._world, self._make, self._left = world, make, stop

    def __call__(self, names: Iterable[InjectionName]) -> Iterator[InjectionRecord]:
        for name in names:
            if self._left == 0:
                raise KeyboardInterrupt
            self._left -= 1
            key = StreamKey(name.mode, name.model, name.stratum)
            layer, kernel, outcome = self._world.ending(key, name.index)
            yield self._make(
                mode=name.mode, model=name.model, stratum=name.stratum, index=name.index,
                layer=layer, kernel=kernel, outcome=outcome,
            )  # fmt: skip


@pytest.mark.parametrize("stratified", [False, True])
def test_an_interrupted_campaign_takes_the_same_rounds(
    tmp_path: Path, make_record: Callable[..., InjectionRecord], stratified: bool
) -> None:
    target = Target(margin=0.06, per="kernel") if stratified else Target(margin=0.03)
    asked, world = specification(target, stratified), World(9)
    wanted, taken = finish(world, target, stratified)
    assert taken > 2
    step = rounds(asked, STRATIFIED if stratified else DESIGN)
    with ResultsStore.create(tmp_path, asked) as store:
        for stop in (30, 190, 1, 333, 70, 10**6):
            try:
                run_campaign(
                    store,
                    first_round(asked, SIZES),
                    Worker(world, make_record, stop),
                    clock=lambda: 0.0,
                    next_round=step,
                )
            except KeyboardInterrupt:
                continue
        for key, number in wanted.items():
            assert store.done(key.mode, key.model, key.stratum) == set(range(number))
        assert store.size() == sum(wanted.values())
