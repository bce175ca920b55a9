"""Measure checks of matrix products: what they cost, how far rounding goes, what they correct.

    python benchmarks/checks.py cost [NETWORK ...]
    python benchmarks/checks.py rounding [NETWORK ...] [--images 100] [--seed 0]
    python benchmarks/checks.py flips [NETWORK ...] [--words 200] [--seed 0]

NETWORK is a name or a .cfg file, extraction if none is given; networks without weights get random
ones.  `cost` emulates every launch once and prints exact instructions.  `rounding` runs the network
on images without fault: scikit-image's photographs, cut out, turned and brightened at random; of
each check it compares the difference of the two sums with what is allowed.  `flips` flips each bit
of words of C, drawn from every product alike, and prints by bit how many are corrected.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from softbeam.analysis.proportion import wilson
from softbeam.kernels.families.checks import column_sums, different_columns
from softbeam.kernels.native.windows import Windows, window_pixels
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, pool_words
from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.checksum import TOLERANCE, check_weights
from softbeam.network.hardening.rules import read_rules
from softbeam.network.plan import Launch, Plan
from softbeam.network.profile import profile_launch
from softbeam.network.workload import Workload, load_workload

#: Photographs of scikit-image's that are part of it.
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")

#: Values of λ for which alarms are counted.
LAMBDAS = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0625)


def checked(workload: Workload) -> tuple[Plan, dict[str, np.ndarray]]:
    """Return a network's plan with every product checked, and its weights."""
    plan = harden(workload.plan, read_rules("gemm=checksum"), None, workload.weights)
    sums = check_weights(plan, workload.weights)
    return plan, {**workload.weights, **{name: words.view("f4") for name, words in sums.items()}}


def photographs(shape: tuple[int, ...], seed: int) -> Iterator[np.ndarray]:
    """Yield inputs: parts of photographs, any size and side up, of any brightness."""
    from skimage import data

    rng = np.random.default_rng(seed)
    pictures = [getattr(data, name)() for name in PHOTOGRAPHS]
    _, height, width = shape
    while True:
        picture = pictures[rng.integers(len(pictures))]
        side = int(rng.integers(64, min(picture.shape[:2]) + 1))
        top, left = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
        part = picture[top : top + side, left : left + side].astype(np.float32) / 255
        part = part[np.arange(height) * side // height][:, np.arange(width) * side // width]
        part = np.rot90(part, int(rng.integers(4))) if height == width else part
        part = np.clip(part * np.float32(rng.uniform(0.3, 1.5)), 0, 1)
        yield np.ascontiguousarray(part.transpose(2, 0, 1)).reshape(-1)


def laid_out(golden: GoldenRun, launch: Launch) -> tuple[np.ndarray, ...]:
    """Return what a check reads: pixels, which lie where, columns of C, sums of the weights."""
    a = launch.arguments
    source, words = launch.reads[1], launch.reads[2]
    c = golden.part(words.buffer, launch.index, words.start, words.words).view("f4")
    b = golden.part(source.buffer, launch.index, source.start, source.words).view("f4")
    if launch.kernel == "check_product":
        values, numbers = b.reshape(a.K, a.N).T, np.arange(a.N, dtype=np.int32)[:, None]
    else:
        values = b.reshape(a.channels, -1).T
        numbers = window_pixels(Windows.of(a, a.N // a.width_col, a.width_col))
    check = golden.view(a.CHECK.buffer, launch.index)[a.CHECK.word :].view("f4")
    rows = np.ascontiguousarray(c.reshape(a.M, a.N).T)
    return np.ascontiguousarray(values), numbers, rows, check


def cost(name: str) -> None:
    """Print the instructions of each product and of its check."""
    workload = load_workload(name, untrained=True)
    plan, weights = checked(workload)
    golden = run(plan, weights, workload.images[0])
    device = Device(golden)
    total: dict[str, int] = {"products": 0, "checks": 0, "others": 0}
    before = 0
    print(f"\n{name}: layer, M, N, K, lanes of a column, product, check, share")
    for launch in plan.launches:
        found = int(profile_launch(device, launch.index).totals[:, 1].sum())
        if launch.product is not None:
            total["products"] += found
            before = found
        elif launch.kernel.startswith("check_"):
            total["checks"] += found
            product = plan.launches[launch.index - 1].product
            assert product is not None
            sizes = product.m, product.n, product.k, 1 << launch.arguments.SHARE
            print(launch.layer, *sizes, before, found, f"{found / before:.2%}")
        else:
            total["others"] += found
    everything = total["products"] + total["others"]
    print(
        f"{name}: {total}; checks are {total['checks'] / total['products']:.3%} of products, "
        f"{total['checks'] / everything:.3%} of everything"
    )


def run(plan: Plan, weights: dict[str, np.ndarray], image: np.ndarray) -> GoldenRun:
    """Return a golden run."""
    golden = GoldenRun(plan, np.zeros(pool_words(plan), np.uint32))
    golden.compute(weights, image)
    return golden


def rounding(name: str, images: int, seed: int) -> None:
    """Print how large the differences of fault-free sums are beside what is allowed."""
    workload = load_workload(name, untrained=True)
    plan, weights = checked(workload)
    golden = GoldenRun(plan, np.zeros(pool_words(plan), np.uint32))
    checks = [launch for launch in plan.launches if launch.kernel.startswith("check_")]
    largest, columns = np.zeros(len(checks)), 0
    alarms = np.zeros(len(LAMBDAS), np.int64)
    drawn = photographs(workload.network.input_shape, seed)
    for number in range(1, images + 1):
        golden.words[:] = 0
        golden.compute(weights, next(drawn))
        for place, launch in enumerate(checks):
            values, numbers, rows, check = laid_out(golden, launch)
            n = rows.shape[0]
            differences, squares = np.empty(n), np.empty(n, np.float32)
            share = launch.arguments.SHARE
            column_sums(values, numbers, rows, check, share, differences, squares)
            norms = squares + check[3]
            # In doubles: as the check does, but for the last bit of the tolerance.
            allowed = [
                np.sqrt((one * check[0].astype("f8") + check[1]) ** 2 * norms + check[2])
                for one in LAMBDAS
            ]
            columns += n
            largest[place] = max(largest[place], (np.abs(differences) / allowed[0]).max())
            alarms += [int((~(np.abs(differences) <= one)).sum()) for one in allowed]
        if number % 10 == 0 or number == images:
            print(
                f"{name}: {number} images, {number * len(checks):,} launches, {columns:,} columns; "
                f"largest difference {largest.max():.4f} of what λ = {TOLERANCE:g} allows; alarms "
                + ", ".join(
                    f"{count} at λ = {one:g}" for one, count in zip(LAMBDAS, alarms, strict=True)
                )
                + f"; fewer than {3 / columns:.1e} a column where none was seen (95 %)",
                flush=True,
            )
    for launch, found in zip(checks, largest, strict=True):
        print(f"layer {launch.layer}: {found:.5f}")


def flips(name: str, words: int, seed: int) -> None:
    """Print by bit how many flips of words of C are corrected."""
    workload = load_workload(name, untrained=True)
    plan, weights = checked(workload)
    golden = run(plan, weights, next(photographs(workload.network.input_shape, seed)))
    rng = np.random.default_rng(seed)
    found = {one: np.zeros(32, np.int64) for one in LAMBDAS}
    tried = 0
    for launch in plan.launches:
        if not launch.kernel.startswith("check_"):
            continue
        values, numbers, rows, check = laid_out(golden, launch)
        for _ in range(words):
            column, row = int(rng.integers(rows.shape[0])), int(rng.integers(rows.shape[1]))
            wrong = np.repeat(rows[column : column + 1], 32, axis=0)
            wrong.view(np.uint32)[:, row] ^= np.uint32(1) << np.arange(32, dtype=np.uint32)
            where = np.repeat(numbers[column : column + 1], 32, axis=0)
            for one in found:
                share = launch.arguments.SHARE
                found[one] += different_columns(values, where, wrong, check, one, share)
        tried += words
    print(f"\n{name}: flips of each bit that are corrected, of {tried:,} words, by λ")
    print("bit", *LAMBDAS)
    for bit in range(31, -1, -1):
        print(bit, *(f"{found[one][bit] / tried:.1%}" for one in LAMBDAS))
    for one in LAMBDAS:
        count = int(found[one].sum())
        low, high = wilson(count, 32 * tried)
        print(f"λ = {one:g}: {count / 32 / tried:.2%} of all ({low:.2%} ... {high:.2%})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description="measure checks of matrix products")
    parser.add_argument("what", choices=("cost", "rounding", "flips"))
    parser.add_argument("networks", nargs="*", default=["extraction"])
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    for name in given.networks:
        assert name in ("extraction", "googlenet") or Path(name).is_file(), name
        if given.what == "cost":
            cost(name)
        elif given.what == "rounding":
            rounding(name, given.images, given.seed)
        else:
            flips(name, given.words, given.seed)


if __name__ == "__main__":
    main()
