"""Bit-flip models: what each does to a value, and which go with which mode."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import CampaignError
from softbeam.faults.models import MODELS, THREAD_MODELS, WARP, Change, change, positions
from softbeam.faults.modes import MODES, PAPER, check_model, check_semantics, sassifi_address_change

WORDS = st.integers(0, 2**32 - 1)


def applied(changed: Change, old: int) -> int:
    return changed.value if changed.replaces else old ^ changed.value


@given(WORDS, st.sampled_from([8, 32, 64]), st.data())
def test_flips_change_one_bit_or_two_adjacent_ones(old: int, width: int, data) -> None:
    for model, count in (("single-bit", 1), ("double-bit", 2)):
        places = positions(model, width)
        assert places == width + 1 - count
        place = data.draw(st.integers(0, places - 1))
        changed = change(model, place, 12345)
        flipped = [bit for bit in range(80) if (old ^ applied(changed, old)) >> bit & 1]
        assert flipped == list(range(place, place + count))
        assert max(flipped) < width
        assert changed.bit == place


@given(WORDS, WORDS)
def test_values_replace_the_old_one(old: int, new: int) -> None:
    assert applied(change("random-value", 3, new), old) == new
    assert applied(change("zero-value", 3, new), old) == 0
    assert change("random-value", 3, new).bit is None
    assert change("zero-value", 3, new).bit is None


@given(WORDS, WORDS)
def test_nvbitfi_xors_the_random_value_and_sassifi_replaces(old: int, new: int) -> None:
    assert applied(change("random-value", 0, new, "nvbitfi"), old) == old ^ new
    assert applied(change("random-value", 0, new, "sassifi"), old) == new
    assert applied(change("zero-value", 0, new, "nvbitfi"), old) == 0
    assert applied(change("single-bit", 4, new, "nvbitfi"), old) == old ^ 16


@pytest.mark.parametrize("model", THREAD_MODELS)
def test_a_warps_model_is_the_threads_in_all_that_execute(model: str) -> None:
    one, all_of_them = change(model, 5, 77), change(model + WARP, 5, 77)
    assert (one.wide, all_of_them.wide) == (False, True)
    assert (one.value, one.replaces, one.bit) == (
        all_of_them.value,
        all_of_them.replaces,
        all_of_them.bit,
    )
    assert positions(model, 32) == positions(model + WARP, 32)


@pytest.mark.parametrize(
    ("bit", "value", "drops"),
    [
        (0, 1, False),
        (30, 1 << 30, False),
        (31, 0xFFFFFFFF_80000000, False),
        (32, 0, True),
        (63, 0, True),
    ],
)
def test_sassifi_holds_addresses_in_32_bits(bit: int, value: int, drops: bool) -> None:
    flip = sassifi_address_change(change("single-bit", bit, 0))
    assert (flip.value, flip.drops, flip.bit) == (value, drops, bit)


def test_sassifis_double_flip_at_the_edge_of_its_32_bits() -> None:
    # Bits 31 and 32: one flip of the 32-bit number, sign-extended.
    flip = sassifi_address_change(change("double-bit", 31, 0))
    assert (flip.value, flip.drops) == (0xFFFFFFFF_80000000, False)
    assert np.uint64(flip.value).view(np.int64) == -(1 << 31)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("model", MODELS)
def test_an_address_has_no_value_to_replace(mode: str, model: str) -> None:
    if mode == "ioa" and "value" in model:
        with pytest.raises(CampaignError, match=f"takes no {model}; use single-bit or double-bit"):
            check_model(mode, model)
    else:
        check_model(mode, model)


def test_the_papers_campaign_is_one_that_can_be_run() -> None:
    assert [mode for mode, _ in PAPER] == list(MODES)
    for mode, model in PAPER:
        check_model(mode, model)


def test_what_does_not_exist_is_named_with_what_there_is() -> None:
    with pytest.raises(CampaignError, match=r"'RF' is not a mode; the modes are rf, ioa, iov"):
        check_model("RF", "single-bit")
    with pytest.raises(CampaignError, match=r"'stuck-at' is not a bit-flip model; .* single-bit,"):
        check_model("rf", "stuck-at")
    with pytest.raises(CampaignError, match=r"'gpgpu-sim' is not a fault semantics; .* sassifi"):
        check_semantics("gpgpu-sim", "rf")


def test_nvbitfi_has_iov_alone() -> None:
    check_semantics("nvbitfi", "iov")
    for mode in ("rf", "ioa"):
        check_semantics("sassifi", mode)
        with pytest.raises(CampaignError, match=f"have no mode {mode}"):
            check_semantics("nvbitfi", mode)
