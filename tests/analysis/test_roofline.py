"""Peak figures that agree with each other, and limits that grow with what they limit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.analysis.roofline import GPUS, LAUNCH, estimate, limits
from softbeam.kernels import ARCHITECTURES
from softbeam.network.work import SUMS, LaunchWork

COPY = LaunchWork(
    blocks=1000,
    warps=16_000,
    longest=20,
    instructions=10_240_000,
    executed=10_240_000,
    warp_instructions=320_000,
    fp32=512_000,
    fp64=0,
    loaded=2_048_000,
    stored=2_048_000,
    touched=4_096_000,
)


@pytest.mark.parametrize("name", GPUS)
def test_multiprocessors_and_clock_give_the_published_peak(name: str) -> None:
    gpu = GPUS[name]
    peak = 2e-3 * gpu.multiprocessors * gpu.fp32 * gpu.gigahertz
    assert peak == pytest.approx(gpu.teraflops, rel=0.01)
    assert gpu.architecture in ARCHITECTURES
    assert gpu.source


def test_limits_by_hand() -> None:
    found = limits(COPY, GPUS["a100"])
    assert found["issue"] == pytest.approx(320_000 / (4 * 108 * 1.41e9))
    assert found["fp32"] == pytest.approx(512_000 / (64 * 108 * 1.41e9))
    assert found["memory"] == pytest.approx(4_096_000 / 2039e9)
    assert found["longest"] == pytest.approx(20 / 1.41e9)
    assert found["fp64"] == 0.0


def test_a_launch_of_one_block_keeps_one_multiprocessor_busy() -> None:
    one = limits(replace(COPY, blocks=1, warps=2), GPUS["a100"])
    # Two warps keep two of its four schedulers busy.
    assert one["issue"] == pytest.approx(320_000 / (2 * 1.41e9))
    assert one["fp32"] == pytest.approx(512_000 / (64 * 1.41e9))


def test_double_precision_costs_what_the_gpu_has_little_of() -> None:
    work = replace(COPY, fp64=5_120_000)
    quick, slow = (limits(work, GPUS[name]) for name in ("h100", "rtx5090"))
    assert slow["fp64"] > 10 * quick["fp64"]
    assert max(slow, key=lambda name: slow[name]) == "fp64"


def test_launches_alike_and_inputs_are_means() -> None:
    whole = replace(COPY, **{name: 6 * getattr(COPY, name) for name in SUMS})
    once, many = estimate([(COPY, 1)], GPUS["t4"]), estimate([(whole, 3)], GPUS["t4"], inputs=2)
    assert many.seconds == pytest.approx(3 * once.seconds)
    assert many.launches == 3
    assert many.between == pytest.approx(3 * LAUNCH)
    assert many.memory in (0.0, many.seconds)


@given(
    st.sampled_from(sorted(GPUS)),
    st.sampled_from([*SUMS, "longest"]),
    st.integers(0, 10**9),
)
def test_more_work_never_takes_less_time(name: str, field: str, more: int) -> None:
    larger = replace(COPY, **{field: getattr(COPY, field) + more})
    first, second = (estimate([(one, 1)], GPUS[name]).seconds for one in (COPY, larger))
    assert second >= first
