"""Rounds until the wanted precision: enough, not far too much, and the same when interrupted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.precision import specification

from softbeam.analysis.counts import Stream
from softbeam.analysis.design import Design, exposures
from softbeam.analysis.estimation import Estimator, Share
from softbeam.analysis.planning import injections_needed
from softbeam.analysis.precision import (
    FASTEST,
    FIRST,
    FIRST_OF_STRATUM,
    OutOfReach,
    cells_of,
    first_round,
    half_width,
    out_of_reach,
    rounds,
    sample_of,
)
from softbeam.campaign.choices import Target
from softbeam.campaign.engine import run_campaign
from softbeam.campaign.results.reading import Ending
from softbeam.campaign.results.store import ResultsStore
from softbeam.campaign.streams import InjectionName, StreamKey
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.outcomes import OUTCOMES
from softbeam.injection.record import InjectionRecord

#: Layer, kernel, places, and the shares of Masked, SDC and DUE.
STRATA = [
    (0, "im2col", 80000, (0.8, 0.1, 0.1)),
    (0, "fill", 9000, (1.0, 0.0, 0.0)),
    (1, "maxpool", 20000, (0.5, 0.4, 0.1)),
    (2, "im2col", 6000, (0.7, 0.2, 0.1)),
    (2, "softmax", 40, (0.2, 0.5, 0.3)),
]
SIZES = tuple(FaultSpaceSize(0, "rf", layer, kernel, size) for layer, kernel, size, _ in STRATA)

#: A detail of each outcome; none of them counts here.
SOME_DETAIL = {"Masked": "absorbed", "SDC": "critical", "DUE": "hang"}

#: Draws of a stratum, all inputs together.
LONGEST = 400_000

Counted = Mapping[StreamKey, int]


def design(stratified: bool, images: int = 1) -> Design:
    return Design(stratified, images, exposures(SIZES))


class World:
    """Injections that are made up: each ends as its name and a seed say.

    Of each input it is said by how much its share of SDCs in some layers is above that of
    :data:`STRATA`, at the cost of Masked.
    """

    def __init__(
        self,
        seed: int,
        moves: Sequence[float] = (0.0,),
        layers: Collection[int] = (0, 1, 2),
    ) -> None:
        self._seed, self._moves, self._layers = seed, moves, layers
        self.images = len(moves)
        self._streams = cache(self._stream)

    def shares(self, image: int, layer: int, ends: tuple[float, ...]) -> tuple[float, ...]:
        """Return the shares of the outcomes in a stratum, for one input."""
        masked, sdc, due = ends
        # Where nothing but Masked is, nothing moves.
        move = self._moves[image] if layer in self._layers and sdc else 0.0
        move = min(max(move, -sdc), masked)
        return masked - move, sdc + move, due

    def _stream(
        self, stratum: str, image: int
    ) -> tuple[list[tuple[int, str, str, int]], np.ndarray]:
        """Return the endings of a stratum and a long row of draws from them."""
        own = [one for one in STRATA if stratum in ("", f"{one[0]}/{one[1]}")]
        endings, shares = [], []
        for layer, kernel, size, ends in own:
            moved = self.shares(image, layer, ends)
            for outcome, share in zip(OUTCOMES, moved, strict=True):
                endings.append((layer, kernel, outcome, image))
                shares.append(size * share)
        place = [f"{one[0]}/{one[1]}" for one in STRATA].index(stratum) if stratum else 99
        rng = np.random.default_rng([self._seed, place, *([image] if self.images > 1 else [])])
        p = np.array(shares) / sum(shares)
        return endings, rng.choice(len(endings), size=LONGEST // self.images, p=p)

    def ending(self, key: StreamKey, index: int) -> tuple[int, str, str, int]:
        """Return how an injection ends; injections take turns at the inputs."""
        endings, drawn = self._streams(key.stratum, index % self.images)
        return endings[drawn[index // self.images]]

    def endings(self, counts: Counted) -> dict[StreamKey, Counter[Ending]]:
        found = {}
        for key, n in counts.items():
            found[key] = Counter[Ending]()
            for image in range(self.images):
                endings, drawn = self._streams(key.stratum, image)
                mine = len(range(image, n, self.images))
                assert mine <= drawn.size
                numbers = np.bincount(drawn[:mine], minlength=len(endings)).tolist()
                pairs = zip(endings, numbers, strict=True)
                found[key].update({Ending(*ending): n for ending, n in pairs if n})
        return found


def finish(world: World, target: Target, stratified: bool) -> tuple[Counted, int]:
    """Return the injections of a campaign with a target, and its rounds."""
    asked = specification(target, stratified, world.images)
    step = rounds(asked, design(stratified, world.images))
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
    sampling = design(stratified, world.images)
    sample = sample_of(Stream("rf", "single-bit"), counts, world.endings(counts), sampling)
    estimator = Estimator(sample, target.confidence)
    found = {}
    for keys in cells_of(counts, target.per):
        strata = {key.stratum for key in keys}

        within = np.array(
            ["" in strata or f"{layer}/{kernel}" in strata for layer, kernel in sample.strata()]
        )
        for outcome in OUTCOMES:
            share = estimator.share(sample["outcome"] == outcome, within)
            found[" ".join(sorted(strata)), outcome] = share
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


def limits(world: World, counts: Counted, target: Target, stratified: bool) -> list[OutOfReach]:
    asked = specification(target, stratified, world.images)
    sampling = design(stratified, world.images)
    return list(out_of_reach(asked, sampling, counts, world.endings(counts)))


@pytest.mark.parametrize(("per", "stratified"), [("all", False), ("all", True), ("layer", True)])
def test_inputs_that_are_alike_need_the_interval_that_is_printed(
    per: Any, stratified: bool
) -> None:
    target = Target(margin=0.05, per=per)
    alone = together = 0
    for seed in range(8):
        world = World(2100 + seed, [0.0] * 5)
        counts, _ = finish(world, target, stratified)
        assert limits(world, counts, target, stratified) == []
        found = shares(world, counts, target, stratified)
        assert max(half_width(share) for share in found.values()) <= 0.05
        together += sum(counts.values())
        alone += sum(finish(World(2100 + seed), target, stratified)[0].values())
    # More than a single input needs, for Student's interval over five is wider.
    assert 1.3 * alone < together < 5 * alone


def test_it_ends_where_inputs_differ_too_much() -> None:
    target = Target(margin=0.03)
    world = World(22, [-0.05, 0.1, 0.3])
    counts, taken = finish(world, target, False)
    found = limits(world, counts, target, False)
    assert [(one.stream, one.cell, one.outcome) for one in found] == [
        (Stream("rf", "single-bit"), "", "Masked"),
        (Stream("rf", "single-bit"), "", "SDC"),
    ]
    (n,) = counts.values()
    assert n < 5000
    assert taken < 4
    # A hundred times as many leave the intervals about as wide, and not much narrower than was
    # said.
    many = {key: 100 * n for key in counts}
    later = shares(world, many, target, False)
    for one in found:
        assert one.now == half_width(shares(world, counts, target, False)["", one.outcome])
        assert 0.03 < one.least < 1.1 * half_width(later["", one.outcome])
        assert half_width(later["", one.outcome]) == pytest.approx(one.now, rel=0.2)
    assert half_width(later["", "DUE"]) <= 0.03


def test_cells_that_inputs_have_alike_become_precise_all_the_same() -> None:
    target = Target(margin=0.04, per="layer")
    world = World(23, [-0.3, -0.1, 0.1, 0.3], layers=[1])
    counts, _ = finish(world, target, True)
    found = limits(world, counts, target, True)
    assert {(one.cell, one.outcome) for one in found} == {("layer 1", "Masked"), ("layer 1", "SDC")}
    wide = {name for name, share in shares(world, counts, target, True).items()
            if half_width(share) > 0.04}  # fmt: skip
    assert wide == {("1/maxpool", "Masked"), ("1/maxpool", "SDC")}


def test_more_inputs_reach_what_few_do_not() -> None:
    target = Target(margin=0.03)
    few, many = (World(24, [-0.08, 0.08] * pairs) for pairs in (2, 30))
    counts, _ = finish(few, target, False)
    assert limits(few, counts, target, False)
    counts, _ = finish(many, target, False)
    assert not limits(many, counts, target, False)
    assert max(map(half_width, shares(many, counts, target, False).values())) <= 0.03


@pytest.mark.parametrize(
    ("per", "name"),
    [("kernel", "kernel maxpool"), ("layer-kernel", "maxpool in layer 1")],
)
def test_a_cell_out_of_reach_has_its_name(per: Any, name: str) -> None:
    target = Target(margin=0.1, per=per)
    world = World(25, [-0.3, 0.0, 0.3], layers=[1])
    counts, _ = finish(world, target, True)
    assert {one.cell for one in limits(world, counts, target, True)} == {name}


@pytest.mark.slow
def test_what_inputs_allow_is_told_rightly() -> None:
    """Verdicts are right but near the border, and intervals hold what they say."""
    target = Target(margin=0.03)
    sizes = np.array([one[2] for one in STRATA])
    true = np.dot([one[3][1] for one in STRATA], sizes) / sizes.sum()
    rng = np.random.default_rng(8)
    held, reached, lucky, times = 0, 0, 0, 150
    for seed in range(times):
        world = World(5000 + seed, (0.04 * rng.standard_normal(8)).tolist())
        counts, taken = finish(world, target, False)
        assert taken < 15
        share = shares(world, counts, target, False)["", "SDC"]
        out = "SDC" in {one.outcome for one in limits(world, counts, target, False)}
        own = [
            np.dot([world.shares(image, one[0], one[3])[1] for one in STRATA], sizes) / sizes.sum()
            for image in range(8)
        ]
        # In the end half the interval is Student's quantile times the standard error.
        least = 2.3646 * np.std(own, ddof=1) / np.sqrt(8)
        assert not out or least > 0.85 * target.margin
        # By chance inputs can look more alike than they are.
        lucky += not out and least > 1.15 * target.margin
        reached += not out
        held += share.low <= true <= share.high
    assert 0.2 * times < reached < 0.8 * times
    assert lucky < 0.1 * times
    assert 0.9 < held / times < 0.99


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
        rounds(specification(None, False), design(False))


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
            layer, kernel, outcome, image = self._world.ending(key, name.index)
            yield self._make(
                mode=name.mode, model=name.model, stratum=name.stratum, index=name.index,
                layer=layer, kernel=kernel, outcome=outcome, detail=SOME_DETAIL[outcome],
                image=image,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("stratified", "moves"),
    [
        (False, [0.0]),
        (True, [0.0]),
        (False, [-0.02, -0.01, 0.0, 0.01, 0.02]),
        (True, [0.0] * 4),
    ],
)
def test_an_interrupted_campaign_takes_the_same_rounds(
    tmp_path: Path,
    make_record: Callable[..., InjectionRecord],
    stratified: bool,
    moves: list[float],
) -> None:
    target = Target(margin=0.06, per="kernel") if stratified else Target(margin=0.03)
    asked, world = specification(target, stratified, len(moves)), World(9, moves)
    wanted, taken = finish(world, target, stratified)
    assert taken > 2
    step = rounds(asked, design(stratified, len(moves)))
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
