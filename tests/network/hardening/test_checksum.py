"""Which products are checked, and what their checks are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.checked import checked

from softbeam.errors import NetworkError
from softbeam.kernels.checks import THREADS, check_words
from softbeam.network.choices import WorkloadChoices
from softbeam.network.darknet.cfg import parse_cfg
from softbeam.network.hardening.checksum import REPORT, append_check
from softbeam.network.layers import trained_buffers
from softbeam.network.plan import Launch, Plan, Pointer, Span
from softbeam.network.planner import make_plan

CFG = """
[net]
height=12
width=10
channels=3

[convolutional]
filters=8
size=3
stride=2
pad=1
activation=leaky

[convolutional]
filters=6
size=1
stride=1
activation=leaky

[convolutional]
filters=4
size=3
stride=1
pad=1
groups=2
activation=leaky

[connected]
output=5
activation=linear
"""


def network(cfg: str = CFG, im2col: str = "always") -> tuple[Plan, dict[str, np.ndarray]]:
    """Return a plan and random weights."""
    layers = parse_cfg(cfg, "net")
    rng = np.random.default_rng(1)
    weights = {
        name: rng.normal(size=words).astype(np.float32)
        for name, words in trained_buffers(layers).items()
    }
    return make_plan("net", layers, WorkloadChoices(im2col=im2col)), weights


def check_of(plan: Plan, number: int, weights: dict[str, np.ndarray]) -> Launch:
    """Return the check of the product of a number."""
    products = [one for one in plan.launches if one.product is not None]
    before = list(plan.launches[: products[number].index + 1])
    laid = before[-2] if before[-2].kernel.startswith("im2col") else None
    append_check(before, before[-1], laid, weights)
    return before[-1]


def test_a_convolution_is_checked_from_its_image() -> None:
    plan, weights = network()
    check = check_of(plan, 0, weights)
    given = check.arguments
    assert check.kernel == "check_convolution"
    assert (given.M, given.N, given.channels) == (8, 30, 3)
    assert (given.height, given.width, given.width_col) == (12, 10, 5)
    sides = given.kernel_h, given.kernel_w, given.pad_h, given.stride_w, given.dilation_h
    assert sides == (3, 3, 1, 2, 1)
    assert given.im == Pointer("-1.input")
    assert Pointer("0.checksum") == given.CHECK
    assert given.TOLERANCE == 8.0
    assert check.block == (THREADS, 1, 1)
    assert check.reads == (
        Span("0.weights", 216), Span("-1.input", 360), Span("0.output", 240),
        Span("0.checksum", check_words(3, 9)), Span(REPORT, 2),
    )  # fmt: skip
    assert check.writes == (Span("0.output", 240), Span(REPORT, 2))


def test_a_product_without_im2col_is_checked_from_its_matrix() -> None:
    plan, weights = network(im2col="except-1x1")
    check = check_of(plan, 1, weights)
    assert check.kernel == "check_product"
    assert (check.arguments.M, check.arguments.N, check.arguments.K) == (6, 30, 8)
    assert Pointer("0.output") == check.arguments.B
    last = check_of(plan, 4, weights)
    assert (last.kernel, last.arguments.M, last.arguments.N) == ("check_product", 5, 1)


def test_each_group_has_a_check_and_a_buffer_of_its_own() -> None:
    plan, weights = network()
    made, contents = checked(plan, weights)
    own = [one for one in made.launches if one.layer == 2 and one.kernel == "check_convolution"]
    assert [one.arguments.CHECK.buffer for one in own] == ["2.checksum", "2.checksum_1"]
    assert [one.arguments.A.word for one in own] == [0, 54]
    assert [one.arguments.im.word for one in own] == [0, 90]
    assert [one.arguments.C.word for one in own] == [0, 60]
    second = weights["2.weights"].reshape(4, 27)[2:]
    sums = contents["2.checksum_1"][4:].reshape(9, 4)
    expected = second.reshape(2, 3, 9).sum(axis=0, dtype=np.float64).T
    assert np.array_equal(sums[:, :3], expected.astype(np.float32))
    assert not sums[:, 3].any()


def test_im2col_that_clamps_is_not_gone_behind() -> None:
    """Its matrix is not what the image holds, so the product is checked against the matrix."""
    plan, weights = network()
    launches = list(plan.launches[: next(o.index for o in plan.launches if o.product) + 1])
    clamping = replace(launches[-2], kernel="im2col+range")
    append_check(launches, launches[-1], clamping, weights)
    assert launches[-1].kernel == "check_product"
    assert Pointer("-1.workspace") == launches[-1].arguments.B


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("no fill", "adds to what no fill has cleared before"),
        ("fill of ones", "adds to what no fill has cleared before"),
        ("no weights", "multiplies by 0.weights, which holds no weights"),
        ("range", "clamps what it stores, which a check would undo"),
    ],
)
def test_what_cannot_be_checked_is_refused(change: str, said: str) -> None:
    plan, weights = network()
    number = next(one.index for one in plan.launches if one.product is not None)
    launches = list(plan.launches[: number + 1])
    fill = max(one.index for one in launches if one.kernel == "fill")
    product = launches[-1]
    if change == "no weights":
        weights = {}
    elif change == "range":
        product = replace(product, kernel=f"{product.kernel}+range")
    elif change == "no fill":
        launches = [one for one in launches if one.index != fill]
    else:
        filled = launches[fill].arguments._replace(ALPHA=1.0)
        launches[fill] = replace(launches[fill], arguments=filled)
    with pytest.raises(NetworkError, match=said):
        append_check(launches, product, None, weights)


def test_products_of_one_launch_are_refused() -> None:
    local = (
        CFG.split("[convolutional]", maxsplit=1)[0]
        + "[local]\nfilters=2\nsize=3\nstride=1\npad=1\n"
    )
    plan, weights = network(local)
    with pytest.raises(NetworkError, match="is 120 products in one launch"):
        check_of(plan, 0, weights)
