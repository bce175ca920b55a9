"""Bit-flip models: what each does to a value, and which go with which mode."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import CampaignError
from softbeam.faults.models import (
    MODELS,
    THREAD_MODELS,
    WARP,
    Change,
    bits_model,
    change,
    positions,
)
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


@given(WORDS, st.integers(1, 32), st.sampled_from([32, 64]), st.data())
def test_any_number_of_adjacent_bits_flips(old: int, count: int, width: int, data) -> None:
    model = bits_model(count)
    places = positions(model, width)
    assert places == width + 1 - count
    place = data.draw(st.integers(0, places - 1))
    changed = change(model, place, 12345)
    assert ([bit for bit in range(80) if (old ^ changed.of(old)) >> bit & 1]) == list(
        range(place, place + count)
    )
    assert changed.bit == place


@given(WORDS, st.integers(0, 31))
def test_a_stuck_bit_is_what_it_is_stuck_at(old: int, place: int) -> None:
    assert positions("stuck-at-0", 32) == positions("stuck-at-1", 32) == 32
    low, high = change("stuck-at-0", place, 9), change("stuck-at-1", place, 9)
    assert low.of(old) == old & ~(1 << place)
    assert high.of(old) == old | 1 << place
    assert (low.bit, high.bit) == (place, place)


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


def refused(mode: str, model: str) -> bool:
    """Return whether a mode has no use for a model, from their names alone."""
    bits = {"single-bit": 1, "double-bit": 2}
    flips = bits.get(model.removesuffix("-warp"), 0)
    if found := re.match(r"[0-9]+(?=-bit)", model):
        flips = int(found[0])
    narrow = {"ioa": 8, "predicate": 1}.get(mode, 32)
    alone = mode in ("uniform", "shared", "weights", "activations", "permanent")
    return (
        flips > narrow
        or (mode == "ioa" and "value" in model)
        or (alone and "-warp" in model)
        or (mode != "permanent" and "stuck" in model)
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("model", MODELS)
def test_a_mode_takes_the_models_that_mean_something_there(mode: str, model: str) -> None:
    if refused(mode, model):
        with pytest.raises(CampaignError, match=f"takes no {model}; use single-bit or "):
            check_model(mode, model)
    else:
        check_model(mode, model)


def test_an_error_does_not_name_every_number_of_bits() -> None:
    with pytest.raises(CampaignError, match=r"-warp or 3-bit to 8-bit$"):
        check_model("ioa", "zero-value")


def test_the_papers_campaign_is_one_that_can_be_run() -> None:
    assert [mode for mode, _ in PAPER] == list(MODES)[:3]
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
