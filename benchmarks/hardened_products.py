"""Measure hardened matrix products: their instructions, and how faults in them end.

    python benchmarks/hardened_products.py costs [NETWORK] [--arch sm_90]
    python benchmarks/hardened_products.py shares [VARIANT ...] [--injections 1000]

`costs` prints the thread-instructions of all products of a network, exactly, beside those without
hardening: a block's way depends on where it lies in C alone, so one block of each place is counted.
`shares` strikes one product of 128 x 576 by 576 x 196 words, random ones, in tiles of 32 x 32, and
prints a row of JSON for each mode: an SDC is a word of C that differs and nothing that reports it,
`far` such a one outside of what the fault-free product leaves.  Nothing behind the product is seen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support import hardened_products
from support.engines import engine
from support.products import one_product

from softbeam.emulator.execution import LaunchShape, launch_constants, memory_map
from softbeam.emulator.flow import flow_of
from softbeam.emulator.launching import Launch
from softbeam.emulator.resuming import PLENTY, BlockRun, RepeatError
from softbeam.emulator.skeletons import skeleton_of
from softbeam.emulator.vector import no_fault
from softbeam.injection.injector import Injector
from softbeam.kernels import program, signature
from softbeam.kernels.hardened import APART
from softbeam.kernels.products import SMALL, TILES, Product, tile_of
from softbeam.network.plan import REPORT, Pointer
from softbeam.network.workload import load_workload

FAULTS = (("rf", "single-bit"), ("iov", "random-value"), ("ioa", "single-bit"))
STRUCK = Product.dense(128, 196, 576, 0, 0, 0)


def instructions(kernel: str, architecture: str, values: tuple[int, ...]) -> int:
    """Return the thread-instructions of a launch, of pointers the words from their buffers on."""
    code = program(kernel, architecture)
    flow, tile = flow_of(code), tile_of(kernel)
    assert flow is not None
    assert tile is not None
    way = skeleton_of(code, flow, barriers=False)
    assert way is not None
    names = [one.name for one in signature(kernel).parameters]
    given: dict[str, Any] = dict(zip(names, values, strict=False))
    for place, name in enumerate("ABC"):
        given[name] = (1 << (36 + place)) + 4 * given[name]
    words = dict.fromkeys("ABC", 1 << 29)
    given |= hardened_products.further(kernel, words, 1 << 39)
    shape = LaunchShape(tile.grid(given["M"], given["N"], given["COUNT"]), (tile.threads, 1, 1))
    constants = launch_constants(code, shape, [given[name] for name in names])
    memory = memory_map(np.zeros(1, np.uint32), [])
    launch = Launch(code, shape, constants, memory, code.function.shared_bytes)
    run, total = BlockRun(launch), 0
    across, up, count = shape.grid
    for x, columns in ((across - 1, 1), (0, across - 1)):
        for y, rows in ((up - 1, 1), (0, up - 1)):
            if columns and rows:
                total += columns * rows * count * executed(run, launch, x + across * y, way)
    return total


def executed(run: BlockRun, launch: Launch, block: int, way: Any) -> int:
    """Return the thread-instructions of a block."""
    run.begin(launch, block)
    while True:
        try:
            run.go(way, no_fault(), PLENTY, resume=False, counts=True)
        except RepeatError:
            continue
        return int(run.counted[:, 0].sum())


def costs(network: str, architecture: str) -> None:
    launches = load_workload(network, untrained=True).plan.launches
    work = Counter(
        (
            one.kernel,
            tuple(value.word if isinstance(value, Pointer) else value for value in one.arguments),
        )
        for one in launches
        if one.kernel in TILES
    )
    before: Counter[str] = Counter()
    for techniques in ((), *APART["sgemm"]):
        found: Counter[str] = Counter()
        for (kernel, values), times in work.items():
            name = "+".join((kernel, *techniques))
            found[kernel] += times * instructions(name, architecture, values)
        before = before or found
        further = {one: 100 * (found[one] / before[one] - 1) for one in found}
        further["all"] = 100 * (found.total() / before.total() - 1)
        print("+".join(techniques) or "none", found.total(), json.dumps(further), flush=True)


def shares(variants: Iterable[str], injections: int) -> None:
    plain = one_product(SMALL, STRUCK)
    after = plain.device.golden.view("0.output", 1).view(np.float32)
    hardened_products.LIMITS = float(after.min()), float(after.max())
    for variant in variants:
        techniques = () if variant == "none" else tuple(variant.split("+"))
        one = one_product(SMALL, STRUCK, techniques=techniques)
        injector = Injector(one.device, {0: one.profile}, [0], "shares")
        for mode, model in FAULTS:
            ends: Counter[str] = Counter()
            for index in range(injections):
                ends.update(ended(one.strike(injector.site(mode, model, index))))  # type: ignore[arg-type]
            print(json.dumps([variant, mode, model, injections, ends]), flush=True)


def ended(struck: Any) -> list[str]:
    """Return what a strike counts as."""
    if not struck.finished and struck.ending not in ("never read", "overwritten"):
        return ["due", struck.ending]
    report = {}
    if REPORT in struck.changed:
        indexes, values = struck.changed[REPORT]
        report = dict(zip(indexes.tolist(), values.tolist(), strict=True))
    wrong = struck.changed.get("0.output")
    if report.get(0):
        return ["detected"]
    if wrong is None:
        return ["corrected" if report.get(1) else "masked"]
    low, high = hardened_products.LIMITS
    values = wrong[1].view(np.float32)
    return ["sdc", "far"] if not ((values >= low) & (values <= high)).all() else ["sdc"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("costs")
    one.add_argument("network", nargs="?", default="extraction")
    one.add_argument("--arch", default="sm_90")
    other = commands.add_parser("shares")
    other.add_argument("variants", nargs="*")
    other.add_argument("--injections", type=int, default=1000)
    given = parser.parse_args()
    if given.command == "shares":
        every = ["none", *("+".join(one) for one in APART["sgemm"])]
        shares(given.variants or every, given.injections)
    else:
        # So many programs would take longer to translate than to interpret.
        with engine("interpreter"):
            costs(given.network, given.arch)


if __name__ == "__main__":
    main()
