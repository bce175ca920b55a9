"""Fixtures and settings that all tests share; what one package needs lives beside its tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from softbeam.injection.record import InjectionRecord

ROOT = Path(__file__).resolve().parents[1]

# The first call of a jitted function compiles it, which no deadline could tell from a slow test.
settings.register_profile("softbeam", deadline=None, print_blob=True)
settings.load_profile("softbeam")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Return the folder of hardware recordings, or skip the test where there is none.

    ``SOFTBEAM_RECORDINGS`` names the folder; without it, ``shared/hardware`` beside the
    repository is used.
    """
    chosen = os.environ.get("SOFTBEAM_RECORDINGS")
    folder = Path(chosen) if chosen else ROOT.parent / "shared" / "hardware"
    if not (folder / "scenarios.json").is_file():
        pytest.skip(
            f"no hardware recordings: {folder} has no scenarios.json "
            "(name their folder in SOFTBEAM_RECORDINGS)"
        )
    return folder


_RECORD = InjectionRecord(
    index=0,
    mode="rf",
    model="single-bit",
    launch=3,
    layer=0,
    kernel="im2col",
    arch="sm_90",
    block_x=1,
    block_y=0,
    block_z=0,
    thread_x=5,
    thread_y=0,
    thread_z=0,
    pc=0x110,
    opcode="IMAD.WIDE",
    occurrence=0,
    target="register",
    register=3,
    bit=2,
    before=0,
    after=4,
    outcome="Masked",
    detail="absorbed",
    propagated=False,
    changed_words=0,
    not_finite=False,
    unrecorded=0,
    instructions=44,
    top1=None,
    largest_change=None,
)


@pytest.fixture(scope="session")
def make_record() -> Callable[..., InjectionRecord]:
    """Return a function that makes a record, its fields as given and the rest plausible."""
    return lambda **changes: replace(_RECORD, **changes)
