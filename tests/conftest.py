"""Fixtures and settings that all tests share; what one package needs lives beside its tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
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


#: A launch of ``fill`` in the format of the recordings: 40 words, from word 256 on, get 0.5.
FILL_SCENARIO: dict[str, Any] = {
    "kernel": "fill_kernel",
    "cubin": "ours",
    "registers": 10,
    "shared_bytes": 0,
    "grid": [2, 1, 1],
    "block": [32, 1, 1],
    "arguments": ["int32:40", "float32:0.5", "buffer:x", "int32:1"],
    "buffers": {"x": {"offset": 1024, "words": 40, "initial": None}},
    "arena": {"address": "0x7ffdb8000000", "bytes": 4096},
}


@pytest.fixture
def make_recordings(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a folder of recordings of ``fill``, answers given by hand.

    Its keywords: `scenario`, changes to :data:`FILL_SCENARIO`; `golden`, pairs of word and value;
    `trace` and `faults`, what these files hold; `replaced`, an opcode and what stands in its place.
    """

    def make(
        *,
        scenario: dict[str, Any] | None = None,
        golden: list[int] | None = None,
        trace: dict[str, Any] | None = None,
        faults: list[dict[str, Any]] | None = None,
        replaced: tuple[str, str] = ("NOP", "NOP"),
    ) -> Path:
        from softbeam import kernels

        before, after = (f'"{opcode}"'.encode() for opcode in replaced)
        listing = kernels.listing_bytes("fill")
        assert before in listing
        (tmp_path / "ours.sm_90.json").write_bytes(listing.replace(before, after))
        (tmp_path / "ours.sm_90.cubin").write_bytes(kernels.cubin_bytes("fill"))
        (tmp_path / "scenarios.json").write_text(
            json.dumps({"fill": FILL_SCENARIO | (scenario or {})})
        )
        pairs = [part for word in range(256, 296) for part in (word, 0x3F000000)]
        (tmp_path / "golden").mkdir()
        np.array(golden or pairs, dtype="<u4").tofile(tmp_path / "golden" / "fill.bin")
        if trace is not None:
            (tmp_path / "traces").mkdir()
            (tmp_path / "traces" / "fill.jsonl").write_text(json.dumps(trace))
        if faults is not None:
            lines = "".join(json.dumps(fault) + "\n" for fault in faults)
            (tmp_path / "faults.jsonl").write_text(lines)
        return tmp_path

    return make


_RECORD = InjectionRecord(
    index=0,
    mode="rf",
    model="single-bit",
    stratum="",
    image=0,
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
