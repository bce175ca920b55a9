"""One launch of a matrix product as a whole network, and faults in it drawn by row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from softbeam.emulator.launching import Runner
from softbeam.faults.drawing import resolve
from softbeam.faults.models import MODELS, change, positions
from softbeam.faults.modes import MODES
from softbeam.faults.site import FaultSite
from softbeam.injection.strike import Strike, strike
from softbeam.kernels import arguments
from softbeam.kernels.hardened import REPORTING
from softbeam.kernels.products import Product, Tile
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.plan import REPORT, Buffer, Launch, Plan, Pointer, Span
from softbeam.network.profile import LaunchProfile, profile_launch
from softbeam.sass import pc_of
from support.hardened_products import further

#: Values at which arithmetic has edges.
EDGES = np.array(
    [
        0x7FC00000,
        0x7F800000,
        0xFF800000,
        0x80000000,
        0x00000001,
        0x807FFFFF,
        0x7F7FFFFF,
        0x00800000,
    ],
    dtype=np.uint32,
)

#: Where the three buffers lie, far from each other, and how much behind each is mapped.
_BASE, _APART, _MAPPED = 1 << 36, 1 << 30, 1 << 26


@dataclass(frozen=True)
class OneProduct:
    """A network of one product."""

    device: Device
    profile: LaunchProfile

    def strike(self, site: FaultSite, *, whole: bool = False) -> Strike:
        """Strike it, around the fault or the whole block."""
        return strike(self.device, Runner(), site, self.profile.longest, whole=whole)


def one_product(
    tile: Tile,
    product: Product,
    *,
    architecture: str = "sm_90",
    edges: float = 0.0,
    seed: int = 1,
    techniques: tuple[str, ...] = (),
) -> OneProduct:
    """Return a network of one product whose matrices lie in buffers of their own.

    Parameters
    ----------
    tile : Tile
        Which kernel computes it.
    product : Product
        Its sizes; where its matrices begin does not matter.
    architecture : str
        Whose machine code.
    edges : float
        The share of words that are one of :data:`EDGES`.
    seed : int
        Of the other words.
    techniques : tuple of str
        Those of the kernel's hardened variant; its limits are
        :data:`support.hardened_products.LIMITS`.
    """
    p, names = product, ("0.weights", "-1.input", "0.output")
    sizes = [
        (p.count - 1) * skip + (height - 1) * lead + width
        for skip, height, lead, width in (
            (p.skip_a, p.m, p.lead_a, p.k),
            (p.skip_b, p.k, p.lead_b, p.n),
            (p.skip_c, p.m, p.lead_c, p.n),
        )
    ]
    buffers = {
        name: Buffer(name, words, _BASE + number * _APART)
        for number, (name, words) in enumerate(zip(names, sizes, strict=True))
    }
    a, b, c = (Pointer(name) for name in names)
    kernel = "+".join((tile.kernel, *techniques))
    if set(techniques) & set(REPORTING):
        buffers[REPORT] = Buffer(REPORT, 2, _BASE + 3 * _APART)
    given = arguments(
        kernel,
        COUNT=p.count, M=p.m, N=p.n, K=p.k, A=a, LDA=p.lead_a, B=b, LDB=p.lead_b, C=c,
        LDC=p.lead_c, SKIPA=p.skip_a, SKIPB=p.skip_b, SKIPC=p.skip_c,
        **further(kernel, dict(zip("ABC", sizes, strict=True)), Pointer(REPORT)),
    )  # fmt: skip
    spans = [Span(name, words) for name, words in zip(names, sizes, strict=True)]
    grid, block = tile.grid(p.m, p.n, p.count), (tile.threads, 1, 1)
    launch = Launch(0, 0, kernel, grid, block, given, tuple(spans), (spans[2],))
    ends = [-(-one.end // (1 << 21)) << 21 for one in buffers.values()]
    mapped = tuple((end, end + _MAPPED) for end in ends)
    reported = REPORT if REPORT in buffers else ""
    plan = Plan(
        "product", (), buffers, (launch,), names[1], (names[2],), mapped, (), (), report=reported
    )
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(sizes[0]).astype(np.float32)
    values = np.maximum(rng.standard_normal(sizes[1]), 0).astype(np.float32)
    before = rng.standard_normal(sizes[2]).astype(np.float32)
    for words in (weights, values, before):
        some = rng.random(words.size) < edges
        words.view(np.uint32)[some] = rng.choice(EDGES, int(some.sum()))
    golden = golden_run(plan, {names[0]: weights, names[2]: before}, values)
    device = Device(golden, architecture)
    return OneProduct(device, profile_launch(device, 0))


def instruction_faults() -> list[tuple[str, str]]:
    """Return the modes whose places are instructions, with each of their models."""
    modes = [name for name, mode in MODES.items() if mode.space == "instructions"]
    return [(mode, model) for mode in modes for model in MODELS if MODES[mode].takes(model)]


def sites(
    one: OneProduct,
    number: int,
    seed: int,
    *,
    rows: list[int] | None = None,
    faults: list[tuple[str, str]] | None = None,
) -> Iterator[FaultSite]:
    """Yield faults of some modes and models, by default of all whose places are instructions.

    Every other one is uniform over rows, not executions.
    """
    rng = random.Random(seed)
    launch, profile = one.device.launch(0), one.profile
    program, runner = launch.program, Runner()
    jobs = [(MODES[mode], model) for mode, model in faults or instruction_faults()]
    rng.shuffle(jobs)

    class Drawing:
        def below(self, limit: int, name: str) -> int:
            return rng.randrange(limit)

    made = 0
    while made < number:
        mode, model = jobs[made % len(jobs)]
        assert mode.places is not None
        counts = profile.totals[:, int(mode.executed)] * mode.places(program)
        some = np.flatnonzero(counts)
        if rows is not None:
            some = np.intersect1d(some, rows)
        if made % 2 or rows is not None:
            row = int(rng.choice(some.tolist()))
        else:
            place = rng.randrange(int(counts.sum()))
            row = int(np.searchsorted(counts.cumsum(), place, side="right"))
        block = rng.randrange(launch.shape.blocks)
        places = int(profile.classes[profile.class_of_unit[block], row, int(mode.executed)])
        if not places:
            continue
        made += 1
        _, thread, occurrence = resolve(
            runner, launch, row, block, rng.randrange(places), executed=mode.executed
        )
        target, register = mode.target(program, row, Drawing())
        bits = rng.randrange(positions(model, target.width))
        changed = change(model, bits, rng.randrange(1 << 32), "hardware")
        yield FaultSite(
            mode.name, model, 0, block, thread, pc_of(row), occurrence, target.name, register,
            target.under(changed, "hardware"), program.function.registers,
        )  # fmt: skip


def assert_same(one: Strike, other: Strike, site: FaultSite) -> None:
    """Assert that two strikes of a site leave the same."""
    facts = ("ending", "before", "after", "unrecorded")
    ours, theirs = ([getattr(strike, name) for name in facts] for strike in (one, other))
    assert ours == theirs, site
    assert one.changed.keys() == other.changed.keys(), site
    for buffer, (indexes, values) in one.changed.items():
        assert np.array_equal(indexes, other.changed[buffer][0]), site
        assert np.array_equal(values, other.changed[buffer][1]), site
