"""A site as the interpreter takes it."""

from __future__ import annotations

import numpy as np
import pytest

from softbeam.emulator.core import layout as k
from softbeam.faults.models import Change
from softbeam.faults.site import FaultSite


def site(mode: str, target: str, register: int | None, changed: Change) -> FaultSite:
    return FaultSite(
        mode=mode,
        model="single-bit",
        launch=4,
        block=7,
        thread=75,
        pc=0x1F0,
        occurrence=3,
        target=target,
        register=register,
        change=changed,
        registers=24,
    )


def fields(vector: np.ndarray) -> dict[int, int]:
    """Return the entries of a fault vector that are not zero."""
    return {int(field): int(vector[field]) for field in np.flatnonzero(vector)}


#: Thread 75 is lane 11 of warp 2; pc 0x1f0 is row 31.
PLACE = {
    k.FAULT_WARP: 2,
    k.FAULT_LANE: 11,
    k.FAULT_ROW: 31,
    k.FAULT_OCCURRENCE: 3,
    k.FAULT_REGISTERS: 24,
}


def test_rf_strikes_before_the_instruction_and_is_followed() -> None:
    rf = site("rf", "register", 5, Change(1 << 31, False, 31))
    assert fields(rf.vector()) == PLACE | {
        k.FAULT_KIND: k.FAULT_BEFORE,
        k.FAULT_REGISTER: 5,
        k.FAULT_VALUE: 1 << 31,
        k.FAULT_TRACK: 1,
    }


def test_iov_strikes_after_it() -> None:
    iov = site("iov", "register", 9, Change(0xDEADBEEF, True, None))
    assert fields(iov.vector()) == PLACE | {
        k.FAULT_KIND: k.FAULT_AFTER,
        k.FAULT_REGISTER: 9,
        k.FAULT_VALUE: 0xDEADBEEF,
        k.FAULT_REPLACES: 1,
    }


def test_ioa_changes_the_index_or_the_address() -> None:
    index = site("ioa", "destination_index", 9, Change(1 << 7, False, 7, drops=True))
    assert fields(index.vector()) == PLACE | {
        k.FAULT_KIND: k.FAULT_INDEX,
        k.FAULT_INDEX_MASK: 128,
        k.FAULT_DROPS: 1,
    }
    store = site("ioa", "store_address", None, Change(1 << 63, False, 63))
    assert fields(store.vector()) == PLACE | {
        k.FAULT_KIND: k.FAULT_STORE,
        k.FAULT_VALUE: -(1 << 63),
    }
    lost = site("ioa", "store_address", None, Change(0, False, 40, drops=True))
    assert fields(lost.vector())[k.FAULT_DROPS] == 1


def test_a_warps_fault_is_wide() -> None:
    wide = site("iov", "register", 9, Change(1, False, 0, wide=True))
    assert fields(wide.vector())[k.FAULT_WARP_WIDE] == 1


@pytest.mark.parametrize(
    ("mode", "target", "changed"),
    [
        ("rf", "register", Change(7, True, None)),
        ("iov", "register", Change(0, True, None)),
        ("ioa", "destination_index", Change(3, False, 0)),
        ("ioa", "store_address", Change(0, False, 40, drops=True)),
    ],
)
def test_the_neutral_fault_changes_nothing_at_the_same_place(mode, target, changed) -> None:
    vector = site(mode, target, 5, changed).vector(neutral=True)
    assert {field: int(vector[field]) for field in PLACE} == PLACE
    for field in (k.FAULT_VALUE, k.FAULT_REPLACES, k.FAULT_INDEX_MASK, k.FAULT_TRACK):
        assert vector[field] == 0
    assert vector[k.FAULT_KIND] == site(mode, target, 5, changed).vector()[k.FAULT_KIND]
