"""Estimates against fault spaces that are known to the last place.

Thousands of campaigns are simulated; their 95 % intervals must hold the true share in about 95 %.
A share of few injections takes few values, so that a single interval cannot be exact: Wilson's own
coverage of 0.7 with ten injections, for one, is 0.92.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from scipy.stats import chisquare
from support.counting import Condition, Row, counted, mask
from support.networks import NetworkFiles

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design, Place, exposures
from softbeam.analysis.estimation import Estimator, Floor, Share
from softbeam.analysis.factors import By, FactorTable, factor_table
from softbeam.analysis.proportion import Proportion, wilson_of
from softbeam.campaign.streams import allocate
from softbeam.emulator.launching import Runner
from softbeam.faults.drawing import draw_site
from softbeam.faults.space import FaultSpaceSize
from softbeam.injection.injector import Injector
from softbeam.injection.outcomes import OUTCOMES
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.profile import profile_network
from softbeam.network.workload import load_workload

STREAM = Stream("rf", "single-bit")

#: A cell with its share of the whole fault space.
Space = Mapping[Row, float]

ENDS = [
    ("Masked", "never read"),
    ("Masked", "absorbed"),
    ("SDC", "tolerable"),
    ("SDC", "critical"),
    ("DUE", "illegal address"),
]

#: Layer, kernel, places, and how injections there end; the last two are rare, and some shares 0.
STRATA = [
    (0, "im2col", 50000, (0.5, 0.3, 0.1, 0.02, 0.08)),
    (0, "fill", 9000, (0.6, 0.3, 0.05, 0.0, 0.05)),
    (0, "activate_array", 20000, (0.4, 0.2, 0.3, 0.05, 0.05)),
    (1, "maxpool", 15000, (0.3, 0.5, 0.15, 0.01, 0.04)),
    (2, "im2col", 4000, (0.5, 0.35, 0.05, 0.001, 0.099)),
    (2, "fill", 600, (0.7, 0.25, 0.0, 0.0, 0.05)),
    (2, "activate_array", 1500, (0.4, 0.1, 0.45, 0.0, 0.05)),
    (3, "avgpool", 90, (0.2, 0.2, 0.5, 0.05, 0.05)),
    (4, "softmax", 10, (0.1, 0.1, 0.3, 0.4, 0.1)),
]
PLACES = sum(size for _, _, size, _ in STRATA)


def made_up(
    change: Callable[[np.ndarray], np.ndarray] = lambda shares: shares,
) -> dict[Row, float]:
    """Return the made-up space, the endings of each stratum changed."""
    return {
        Row(STREAM, layer, kernel, outcome, detail, False, False): size / PLACES * share
        for layer, kernel, size, shares in STRATA
        for (outcome, detail), share in zip(ENDS, change(np.array(shares)), strict=True)
    }


def ends(outcome: str) -> Condition:
    return lambda cell: cell.outcome == outcome


def detail(wanted: str) -> Condition:
    return lambda cell: cell.detail == wanted


def layer(number: int) -> Condition:
    return lambda cell: cell.layer == number


def kernel(name: str) -> Condition:
    return lambda cell: cell.kernel == name


def everywhere(cell: Row) -> bool:
    return True


def both(one: Condition, other: Condition) -> Condition:
    return lambda cell: one(cell) and other(cell)


def read(cell: Row) -> bool:
    return cell.detail != "never read"


@dataclass(frozen=True)
class Target:
    """A share to estimate: of the places in `of`, or jointly of all places, those with `what`."""

    what: Condition
    of: Condition = everywhere
    place: Place | None = None

    def truth(self, space: Space) -> float:
        whole = sum(p for cell, p in space.items() if self.place is not None or self.of(cell))
        return sum(p for cell, p in space.items() if self.of(cell) and self.what(cell)) / whole

    def estimate(self, estimator: Estimator) -> Share:
        rows = partial(mask, estimator.counts)
        if self.place is not None:
            return estimator.joint(rows(self.what), self.place)
        return estimator.share(rows(self.what), rows(self.of))


TARGETS = {
    **{f"all {outcome}": Target(ends(outcome)) for outcome in OUTCOMES},
    "all critical": Target(detail("critical")),
    **{f"layer {n} {o}": Target(ends(o), layer(n)) for n in range(5) for o in ("SDC", "DUE")},
    **{f"layer {n} SDC joint": Target(ends("SDC"), layer(n), Place((n,))) for n in (0, 2, 4)},
    **{f"{k} SDC": Target(ends("SDC"), kernel(k)) for k in ("im2col", "fill", "activate_array")},
    **{
        f"{k} DUE joint": Target(ends("DUE"), kernel(k), Place(kernels=(k,)))
        for k in ("im2col", "softmax")
    },
    "im2col critical": Target(detail("critical"), kernel("im2col")),
    "read SDC": Target(ends("SDC"), read),
    **{f"layer {n} read SDC": Target(ends("SDC"), both(layer(n), read)) for n in (0, 2)},
    "unread in layer 0": Target(layer(0), detail("never read")),
}


class Simulation:
    """Draws campaigns from a space, uniformly or by strata."""

    def __init__(self, space: Space, stratified: bool, injections: int, seed: int) -> None:
        self.space = space
        self._stratified = stratified
        self._rng = np.random.default_rng(seed)
        strata: dict[str, list[Row]] = {}
        for cell in space:
            strata.setdefault(f"{cell.layer}/{cell.kernel}" if stratified else "", []).append(cell)
        self._strata = [
            (cells, np.array([space[cell] for cell in cells])) for cells in strata.values()
        ]
        numbers = {name: 10**6 * sum(space[c] for c in cells) for name, cells in strata.items()}
        self._allocated = (
            list(allocate(injections, numbers).values()) if stratified else [injections]  # type: ignore[arg-type]
        )
        weights = Counter[tuple[int, str]]()
        for cell, share in space.items():
            weights[cell.layer, cell.kernel] += share  # type: ignore[assignment]
        self.design = Design(stratified, 1, {cell.stream.mode: dict(weights) for cell in space})

    def campaign(self) -> Counts:
        cells: dict[Row, int] = {}
        for (names, shares), n in zip(self._strata, self._allocated, strict=True):
            drawn = self._rng.multinomial(n, shares / shares.sum())
            cells.update(zip(names, drawn.tolist(), strict=True))
        return counted(cells, self.design)


def coverage(simulation: Simulation, targets: Mapping[str, Target], times: int) -> dict[str, float]:
    """Return for each target how often its interval held the true share."""
    truths = {name: target.truth(simulation.space) for name, target in targets.items()}
    held = Counter[str]()
    for _ in range(times):
        estimator = Estimator(simulation.campaign())
        for name, target in targets.items():
            share = target.estimate(estimator)
            held[name] += share.low <= truths[name] <= share.high
    return {name: held[name] / times for name in targets}


@pytest.mark.slow
@pytest.mark.parametrize("injections", [200, 1000])
@pytest.mark.parametrize("stratified", [False, True], ids=["uniform", "stratified"])
def test_intervals_hold_the_truth(stratified: bool, injections: int) -> None:
    simulation = Simulation(made_up(), stratified, injections, seed=injections)
    targets = dict(TARGETS)
    if not stratified:
        # A uniform sample has none or one of these in most campaigns.
        targets = {name: one for name, one in targets.items() if "layer 3" not in name}
        targets = {name: one for name, one in targets.items() if "layer 4" not in name}
    found = coverage(simulation, targets, 1000)
    assert 0.93 < np.mean(list(found.values())) < 0.98, found
    # With 1,000 campaigns chance alone moves each by 0.014 at most times.
    assert min(found.values()) > 0.89, found
    large = [name for name in targets if name.startswith(("all", "layer 0", "im2col SDC", "read"))]
    assert all(0.92 <= found[name] <= 0.98 for name in large), found


@pytest.mark.parametrize(
    "where", [{"im2col"}, {"avgpool", "softmax"}], ids=["large strata", "rare strata"]
)
def test_shares_near_zero_and_one_are_held(where: set[str]) -> None:
    targets = {
        "all": Target(ends("SDC")),
        "within": Target(ends("SDC"), lambda cell: cell.kernel in where),
    }
    found: dict[float, dict[str, float]] = {}
    for share in (0.0, 0.001, 0.003, 0.01, 0.5, 0.99, 1.0):
        space = {}
        for layer, kernel, size, _ in STRATA:
            sdc = share if kernel in where else 0.0
            for outcome, p in (("SDC", sdc), ("DUE", 1 - sdc)):
                cell = Row(STREAM, layer, kernel, outcome, "", False, False)
                space[cell] = size / PLACES * p
        found[share] = coverage(Simulation(space, True, 400, seed=5), targets, 300)
    # Where less than one SDC is expected, Wilson's coverage falls to 0.84 at certain shares and
    # is 1 at others (L. D. Brown, T. T. Cai and A. DasGupta, Statistical Science 16, 2001,
    # doi:10.1214/ss/1009213286); an interval that is empty at 0 of n would hold next to nothing.
    assert min(min(one.values()) for one in found.values()) > 0.83, found
    assert np.mean([list(one.values()) for one in found.values()]) > 0.93, found
    assert found[0.0] == found[1.0] | {"all": 1.0} == {"all": 1.0, "within": 1.0}


class Images:
    """Campaigns on several inputs that differ: an SDC is so many times as likely in each."""

    def __init__(self, images: int, each: int, spread: float, stratified: bool) -> None:
        self._images, self._spread = images, spread
        self._rng = np.random.default_rng(17)
        self._sizes = {(layer, kernel): size for layer, kernel, size, _ in STRATA}
        weights = {place: size / PLACES for place, size in self._sizes.items()}
        self.design = Design(stratified, images, {"rf": weights})
        self._numbers = None
        if stratified:
            names = {f"{layer}/{kernel}": size for (layer, kernel), size in self._sizes.items()}
            self._numbers = list(allocate(images * each, names).values())
        self._each = each

    def factor(self) -> float:
        """Return what multiplies an input's SDCs: 1 on average."""
        return 1.0 + self._spread * float(self._rng.uniform(-1, 1))

    def campaign(self) -> Counts:
        cells: dict[Row, int] = {}
        for image in range(self._images):
            factor = self.factor()

            def changed(shares: np.ndarray, factor: float = factor) -> np.ndarray:
                sdc = shares[2] + shares[3]
                rest = (1 - factor * sdc) / (1 - sdc)
                return shares * [rest, rest, factor, factor, rest]

            space = {cell._replace(image=image): p for cell, p in made_up(changed).items()}
            if self._numbers is None:
                drawn = self._rng.multinomial(self._each, list(space.values()))
                cells.update(zip(space, drawn.tolist(), strict=True))
                continue
            for (place, size), n in zip(self._sizes.items(), self._numbers, strict=True):
                own = [cell for cell in space if (cell.layer, cell.kernel) == place]
                # Injections take turns.
                mine = len(range(image, n, self._images))
                shares = np.array([space[cell] for cell in own]) * PLACES / size
                drawn = self._rng.multinomial(mine, shares / shares.sum())
                cells.update(zip(own, drawn.tolist(), strict=True))
        return counted(cells, self.design)


CLUSTERED = {
    "all SDC": Target(ends("SDC")),
    "all DUE": Target(ends("DUE")),
    "layer 2 SDC": Target(ends("SDC"), layer(2)),
    "layer 0 SDC joint": Target(ends("SDC"), layer(0), Place((0,))),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "each", "spread", "stratified"),
    [
        (3, 300, 0.4, False),
        (5, 200, 0.0, False),
        (8, 120, 0.4, False),
        (8, 120, 0.4, True),
        (10, 300, 0.2, True),
    ],
)
def test_inputs_are_clusters(images: int, each: int, spread: float, stratified: bool) -> None:
    simulation = Images(images, each, spread, stratified)
    truths = {name: target.truth(made_up()) for name, target in CLUSTERED.items()}
    held = Counter[str]()
    times = 400
    for _ in range(times):
        estimator = Estimator(simulation.campaign())
        for name, target in CLUSTERED.items():
            share = target.estimate(estimator)
            held[name] += share.low <= truths[name] <= share.high
    found = {name: held[name] / times for name in CLUSTERED}
    assert 0.93 < np.mean(list(found.values())) < 0.985, found
    # The larger of two variances is taken, so that they hold a little more than they say.
    assert all(0.92 < one < 0.995 for one in found.values()), found


def test_intervals_that_take_images_for_draws_would_be_too_narrow() -> None:
    counts = Images(4, 4000, 0.4, False).campaign()
    clustered = Estimator(counts).share(counts["outcome"] == "SDC")
    naive = Proportion(clustered.successes, clustered.n)
    assert clustered.high - clustered.low > 5 * (naive.high - naive.low)
    assert clustered.estimate == pytest.approx(naive.estimate)


@dataclass(frozen=True)
class Enumerated:
    """A fault space of a real network whose every injection was made."""

    space: dict[Row, float]
    sizes: tuple[FaultSpaceSize, ...]
    injector: Injector


@pytest.fixture(scope="module")
def enumerated(network_files: NetworkFiles) -> Enumerated:
    """Return all IOV zero-value faults of the last two layers of a tiny network."""
    workload = load_workload(
        str(network_files.cfg), weights=network_files.weights, images=network_files.images[:1]
    )
    device = Device(golden_run(workload.plan, workload.weights, workload.images[0]), "sm_90")
    profiles = {one.launch: one for one in profile_network(device)}
    launches = [one.index for one in workload.plan.launches if one.layer >= 3]
    injector = Injector(device, profiles, launches, "enumerated")
    space = injector.space("iov")
    cells = Counter[Row]()
    numbers = Counter[tuple[int, str]]()
    runner = Runner()
    for rank in range(space.size):
        launch, row, _, _ = space.locate(rank)
        written = device.launch(launch).program.destinations[row]
        for register in range(len(written)):
            draws = _Chosen(place=rank, register=register)
            site = draw_site(device, runner, space, "zero-value", draws)  # type: ignore[arg-type]
            record = injector.inject_site(site, rank)
            cells[Row.of(record)] += 1 / len(written) / space.size  # type: ignore[assignment]
        numbers[workload.plan.launches[launch].layer, workload.plan.launches[launch].kernel] += 1
    sizes = tuple(FaultSpaceSize(0, "iov", *place, number) for place, number in numbers.items())
    return Enumerated(dict(cells), sizes, injector)


class _Chosen:
    """Draws that are chosen."""

    def __init__(self, **numbers: int) -> None:
        self._numbers = numbers

    def below(self, limit: int, name: str) -> int:
        return self._numbers.get(name, 0)


def shares_of(table: FactorTable) -> dict[tuple[object, ...], Share]:
    return {
        (row.item, kind, outcome): share
        for row in (*table.rows, table.total)
        for kind, shares in (("joint", row.joint), ("conditional", row.conditional))
        for outcome, share in shares.items()
    }


@pytest.mark.slow
def test_factors_of_an_enumerated_network(enumerated: Enumerated) -> None:
    assert sum(enumerated.space.values()) == pytest.approx(1)
    stream = next(iter(enumerated.space)).stream
    whole = counted({cell: round(10**12 * p) for cell, p in enumerated.space.items()})
    tables = partial(factor_table, stream=stream)
    truths = {by: shares_of(tables(whole, by=by)) for by in By}
    assert len({cell.outcome for cell in enumerated.space}) >= 2
    for stratified in (False, True):
        simulation = Simulation(enumerated.space, stratified, 300, seed=3)
        held = total = 0
        for _ in range(60):
            counts = simulation.campaign()
            for by in By:
                for key, share in shares_of(tables(counts, by=by)).items():
                    truth = truths[by][key].estimate
                    held += share.low - 1e-9 <= truth <= share.high + 1e-9
                    total += 1
        assert 0.93 < held / total < 0.995


@pytest.mark.slow
def test_real_campaigns_are_draws_from_the_enumerated_space(enumerated: Enumerated) -> None:
    weights = exposures(enumerated.sizes)["iov"]
    for stratum in ("", "3/avgpool", "4/softmax"):
        found = Counter(
            Row.of(enumerated.injector.inject("iov", "zero-value", index, stratum))
            for index in range(600)
        )
        assert set(found) <= set(enumerated.space)
        own = {
            cell: share
            for cell, share in enumerated.space.items()
            if stratum in ("", f"{cell.layer}/{cell.kernel}")
        }
        if stratum:
            (place,) = {(cell.layer, cell.kernel) for cell in own}
            assert sum(own.values()) == pytest.approx(weights[place])
        cells = [cell for cell, share in own.items() if 600 * share / sum(own.values()) > 5]
        expected = np.array([own[cell] for cell in cells])
        seen = np.array([found[cell] for cell in cells])
        if len(cells) > 1:
            assert chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-4


def test_simple_designs_are_proportions() -> None:
    counts = Simulation(made_up(), False, 500, seed=1).campaign()
    is_sdc, in_layer = counts["outcome"] == "SDC", counts["layer"] == 0
    sdc = counts.where(is_sdc).n
    assert Estimator(counts).share(is_sdc) == Proportion(sdc, 500)
    expected = Proportion(counts.where(in_layer & is_sdc).n, counts.where(in_layer).n)
    assert Estimator(counts).share(is_sdc, in_layer) == expected
    # Another confidence is Wilson's interval, too.
    wide = Estimator(counts, 0.99).share(is_sdc)
    assert (wide.low, wide.high) == pytest.approx(wilson_of(sdc / 500, 500, 0.99))


def test_shares_by_group_are_shares_of_each_group() -> None:
    counts = Images(6, 100, 0.4, True).campaign()
    estimator = Estimator(counts)
    ended = {outcome: counts["outcome"] == outcome for outcome in OUTCOMES}
    # Layer 4 belongs to no group, and group 4 is of nothing.
    group = np.where(counts["layer"] == 4, -1, counts["layer"])
    found = estimator.shares_by(group, 5, ended)
    for number, shares in enumerate(found):
        for outcome, share in shares.items():
            alone = estimator.share(ended[outcome], group == number)
            assert share == alone or number == 4
    assert found[4]["SDC"].n == 0


def test_inputs_are_not_told_apart_where_the_design_does_not() -> None:
    counts = Images(6, 100, 0.4, False).campaign()
    together = Counts(counts.columns, counts.numbers, Design(weights=counts.design.weights))
    sdc = counts["outcome"] == "SDC"
    assert Estimator(together).share(sdc) == Proportion(counts.where(sdc).n, counts.n)
    assert Estimator(together).floor(sdc) == Floor(0.0, 0.0)


def test_a_weighted_share_by_hand() -> None:
    def row(kernel: str, outcome: str) -> Row:
        return Row(STREAM, 0, kernel, outcome)

    design = Design(True, 1, {"rf": {(0, "fill"): 0.9, (0, "softmax"): 0.1}})
    counts = counted(
        {
            row("fill", "SDC"): 2,
            row("fill", "Masked"): 18,
            row("softmax", "SDC"): 15,
            row("softmax", "Masked"): 5,
        },
        design,
    )
    estimator, sdc = Estimator(counts), counts["outcome"] == "SDC"
    share = estimator.share(sdc)
    assert share.estimate == pytest.approx(0.9 * 0.1 + 0.1 * 0.75)
    assert (share.successes, share.n) == (17, 40)
    assert share.low < share.estimate < share.high
    joint = estimator.joint(sdc, Place(kernels=("softmax",)))
    conditional = estimator.share(sdc, counts["kernel"] == "softmax")
    assert joint.estimate == pytest.approx(0.1 * 0.75)
    assert conditional.estimate == pytest.approx(0.75)
    # A stratum alone is a simple random sample.
    assert (conditional.low, conditional.high) == pytest.approx(wilson_of(0.75, 20), abs=0.03)
    assert (joint.low, joint.high) == pytest.approx((0.1 * conditional.low, 0.1 * conditional.high))


def test_nothing_drawn_says_nothing() -> None:
    design = Design(True, 1, {"rf": {(0, "fill"): 0.7, (7, "fill"): 0.3}})
    counts = counted({Row(STREAM, 0, "fill", "SDC"): 3}, design)
    share = Estimator(counts).share(counts.everywhere(), counts["layer"] == 7)
    assert np.isnan(share.estimate)
    assert (share.successes, share.n, share.low, share.high) == (0, 0, 0.0, 1.0)
    # All of what was not struck may end so; of what is not there, nothing does.
    joint = Estimator(counts).joint(counts.everywhere(), Place((7,)))
    assert (joint.estimate, joint.low, joint.high) == (0.0, 0.0, 0.3)
    assert Estimator(counts).joint(counts.everywhere(), Place((8,))).high == 0.0
