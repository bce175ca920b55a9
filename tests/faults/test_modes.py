"""Modes: their order, what each takes, and that their records are complete."""

from __future__ import annotations

import string

import pytest

from softbeam.faults.models import MODELS, SEMANTICS
from softbeam.faults.modes import MODES, PAPER, mode_order, target_of


def test_the_order_is_the_papers() -> None:
    # "(1) Register File mode … (2) Instruction Output Address … (3) Instruction Output Value";
    # so are its figures 1 to 3, and 4a to 4c.
    assert list(MODES)[:3] == ["rf", "ioa", "iov"]
    assert sorted(["iov", "other", "ioa", "rf"], key=mode_order) == ["rf", "ioa", "iov", "other"]
    assert [mode for mode, _ in PAPER] == list(MODES)[:3]


@pytest.mark.parametrize("name", MODES)
def test_a_record_is_complete(name: str) -> None:
    mode = MODES[name]
    assert mode.name == name
    assert mode.heading.startswith(f"{name.upper()}, ")
    assert mode.semantics
    assert (mode.buffers is not None) == (mode.space == "memory")
    assert (mode.target is not None) == (mode.space == "instructions")
    assert (mode.places is None) == (mode.space == "memory")
    assert set(mode.semantics) <= set(SEMANTICS)
    assert any(mode.takes(model) for model in MODELS)
    for target in mode.targets:
        assert target_of(name, target.name) is target
        known = {"register", "before", "after", "value", "flip"}
        known |= {"word", "buffer", "opcode", "lane", "sm"}
        fields = {field for _, field, _, _ in string.Formatter().parse(target.words) if field}
        assert fields <= known


def test_a_mode_of_one_bit_has_no_two_to_flip() -> None:
    from dataclasses import replace

    rf = MODES["rf"]
    narrow = replace(rf, targets=(replace(rf.targets[0], width=1),))
    assert narrow.takes("single-bit")
    assert narrow.takes("random-value")
    assert not narrow.takes("double-bit")


def test_only_faults_before_an_instruction_can_be_never_read() -> None:
    assert [name for name, mode in MODES.items() if mode.follows] == ["rf"]
