from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.campaign.specification import CampaignSpecification, StreamRequest
from softbeam.campaign.streams import (
    LEAST,
    InjectionName,
    Part,
    StreamKey,
    allocate,
    requested,
    strata_sizes,
)
from softbeam.errors import CampaignError
from softbeam.faults.space import FaultSpaceSize

sizes = st.dictionaries(st.text(max_size=3), st.integers(1, 10**15), min_size=1, max_size=10)

SPACE = (
    FaultSpaceSize(0, "rf", 0, "fill", 300),
    FaultSpaceSize(1, "rf", 0, "fill", 100),
    FaultSpaceSize(0, "rf", 2, "softmax", 1),
    FaultSpaceSize(1, "rf", 2, "softmax", 3),
    FaultSpaceSize(0, "iov", 0, "fill", 50),
)


def by_size(item: tuple[str, int]) -> int:
    return item[1]


@given(sizes, st.integers(0, 10**7))
def test_allocation_covers_every_stratum_and_the_request(sizes: dict[str, int], n: int) -> None:
    divided = allocate(n, sizes)
    assert divided.keys() == sizes.keys()
    assert sum(divided.values()) >= n
    assert min(divided.values()) >= LEAST
    # No more than rounding up and the least ones can add.
    assert sum(divided.values()) <= n + (LEAST + 1) * len(sizes)


@given(sizes, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_longer_campaign_has_all_of_a_shorter_one(
    sizes: dict[str, int], n: int, more: int
) -> None:
    shorter, longer = allocate(n, sizes), allocate(n + more, sizes)
    assert all(shorter[name] <= longer[name] for name in sizes)


@given(sizes, st.integers(1, 10**6))
def test_larger_strata_get_more_but_less_than_their_share(sizes: dict[str, int], n: int) -> None:
    divided = allocate(n, sizes)
    for (small, size), (large, larger) in combinations(sorted(sizes.items(), key=by_size), 2):
        assert divided[small] <= divided[large]
        fair = divided[small] * sqrt(larger / size)
        assert divided[large] <= max(LEAST, fair * (1 + 1e-9) + 1)


def test_strata_are_summed_over_the_inputs() -> None:
    assert strata_sizes(SPACE, "rf") == {"0/fill": 400, "2/softmax": 4}
    assert strata_sizes(SPACE, "iov") == {"0/fill": 50}
    assert strata_sizes(SPACE, "ioa") == {}


def test_uniform_sampling_has_a_stream_for_each_mode_and_model(
    specified: Callable[..., CampaignSpecification],
) -> None:
    assert requested(specified(), SPACE) == {
        StreamKey("rf", "single-bit"): 40,
        StreamKey("iov", "random-value"): 40,
        StreamKey("ioa", "single-bit"): 40,
    }


def test_stratified_sampling_has_one_for_each_stratum_too(
    specified: Callable[..., CampaignSpecification],
) -> None:
    streams = tuple(
        StreamRequest(mode=mode, model="single-bit", injections=220)  # type: ignore[arg-type]
        for mode in ("rf", "iov")
    )
    assert requested(specified(streams=streams, sampling="stratified"), SPACE) == {
        StreamKey("rf", "single-bit", "0/fill"): 200,
        StreamKey("rf", "single-bit", "2/softmax"): 20,
        StreamKey("iov", "single-bit", "0/fill"): 220,
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (InjectionName("rf", "single-bit", "", 7), "rf single-bit 7"),
        (InjectionName("ioa", "double-bit", "3/fill", 0), "ioa double-bit 3/fill 0"),
    ],
)
def test_an_injection_is_named_in_words(name: InjectionName, text: str) -> None:
    assert str(name) == text


@given(st.integers(0, 1000), st.integers(1, 12))
def test_parts_divide_a_stream(injections: int, of: int) -> None:
    parts = [list(Part(number, of).indexes(injections)) for number in range(1, of + 1)]
    assert sorted(index for part in parts for index in part) == list(range(injections))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert list(Part().indexes(injections)) == list(range(injections))


@pytest.mark.parametrize(("number", "of"), [(0, 3), (4, 3), (-1, 2), (1, 0)])
def test_parts_that_do_not_exist(number: int, of: int) -> None:
    with pytest.raises(CampaignError, match=f"there is no part {number} of {of}"):
        Part(number, of)
