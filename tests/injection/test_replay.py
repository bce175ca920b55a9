from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from softbeam.errors import InternalError
from softbeam.injection import replay as module
from softbeam.injection.injector import Injector
from softbeam.injection.replay import Replay, replay
from softbeam.injection.spread import spread
from softbeam.sass.effects import read_registers, written_registers
from softbeam.sass.opcodes import find_opcode

STREAMS = (("rf", "single-bit"), ("iov", "random-value"), ("ioa", "single-bit"))


@pytest.fixture(scope="module")
def injector(tiny: Any) -> Injector:
    """Return an injector over a small network that launches all ten kernels."""
    injector: Injector = tiny.injector("replays")
    return injector


def check(injector: Injector, done: Replay) -> None:
    """What was watched agrees with the record, and with itself."""
    record = done.record
    assert len(done.words) == record.changed_words
    steps = {one.register: one for one in done.trace.registers}
    assert len(steps) == done.site.registers
    if record.target == "register":
        step = steps[record.register or 0]
        if record.mode == "rf":
            assert step.before == record.before
        elif step.golden_after is not None and step.faulty_after is not None:
            assert (step.golden_after, step.faulty_after) == (record.before, record.after)
    for word in done.words:
        assert word.golden != word.faulty
        buffer = injector.device.plan.buffers[word.buffer]
        assert buffer.address <= word.address < buffer.end
    if record.outcome == "DUE":
        assert done.layers == ()
        assert done.faulty.size == 0
        assert (done.trace.stopped_at is not None) == (record.detail != "hang")
    elif record.outcome == "Masked":
        assert np.array_equal(done.faulty, done.golden, equal_nan=True)
    else:
        wrong = int((done.faulty.view("u4") != done.golden.view("u4")).sum())
        assert wrong > 0
        if len(injector.device.plan.outputs) == 1:
            assert done.layers[-1].wrong == wrong
    if record.propagated:
        assert done.layers[0].layer == record.layer


@pytest.mark.slow
def test_a_thousand_replays_are_the_injections(injector: Injector) -> None:
    ends: Counter[tuple[str, str]] = Counter()
    for number in range(1000):
        mode, model = STREAMS[number % 3]
        first = injector.inject(mode, model, number)
        done = replay(injector, mode, model, number)
        assert done.record == first
        check(injector, done)
        ends[first.outcome, first.detail] += 1
    assert {outcome for outcome, _ in ends} == {"Masked", "SDC", "DUE"}
    assert len(ends) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["other", "branches", "detector", "dialect"])
def test_replays_on_other_networks(make_example: Callable[..., Any], name: str) -> None:
    other = make_example(name).injector("replays")
    for number in range(60):
        mode, model = STREAMS[number % 3]
        first = other.inject(mode, model, number)
        done = replay(other, mode, model, number)
        assert done.record == first
        assert (done.objects is not None) == (name != "other")
        if first.detail == "box number" and done.objects is not None:
            assert sum(None in pair for pair in done.objects) > 0
        check(other, done)


def test_replaying_changes_nothing(injector: Injector) -> None:
    words = injector.device.golden.words.copy()
    first = [replay(injector, mode, model, 3) for mode, model in STREAMS]
    again = [replay(injector, mode, model, 3) for mode, model in STREAMS]
    assert [one.record for one in first] == [one.record for one in again]
    assert [one.trace for one in first] == [one.trace for one in again]
    assert [one.words for one in first] == [one.words for one in again]
    assert np.array_equal(words, injector.device.golden.words)


def test_a_spread_without_a_change_is_golden(injector: Injector) -> None:
    golden = injector.device.golden
    found = spread(golden, 0, {})
    assert [layer.layer for layer in found.layers] == [
        layer.index
        for layer in golden.plan.layers
        if layer.index in {launch.layer for launch in golden.plan.launches}
    ]
    assert all((layer.wrong, layer.largest_relative) == (0, 0.0) for layer in found.layers)
    assert np.array_equal(found.output.view(np.float32), golden.scores)


def test_a_spread_counts_what_differs(injector: Injector) -> None:
    golden = injector.device.golden
    plan = golden.plan
    last = plan.launches[-1]
    (span,) = last.writes
    right = golden.view(span.buffer, len(plan.launches))
    values = right[[0, 2]].view(np.float32) * np.float32([3.0, 0.5])
    changed = {span.buffer: (np.array([0, 2]), values.view(np.uint32))}
    (layer,) = spread(golden, last.index, changed).layers
    assert (layer.layer, layer.wrong, layer.values) == (last.layer, 2, right.size)
    assert layer.largest_relative == pytest.approx(2.0)
    zero = {span.buffer: (np.array([0]), np.array([0x7FC00000], dtype=np.uint32))}
    (layer,) = spread(golden, last.index, zero).layers
    assert np.isinf(layer.largest_relative)


def test_two_ways_that_disagree_are_an_error(
    injector: Injector, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = next(n for n in range(500) if injector.inject("iov", "random-value", n).propagated)
    plain, zeros = module.spread, np.zeros_like(injector.device.golden.answer)
    monkeypatch.setattr(
        module, "spread", lambda *change: dataclasses.replace(plain(*change), output=zeros)
    )
    with pytest.raises(InternalError, match=f"iov random-value {number} ends as"):
        replay(injector, "iov", "random-value", number)


def test_the_trace_says_where_the_value_is_used_next(injector: Injector) -> None:
    kinds = set()
    for number in range(60):
        done = replay(injector, "rf", "single-bit", number)
        use = done.trace.next_use
        kinds.add((done.record.detail, None if use is None else use[1]))
        if use is not None:
            function = injector.device.launch(done.site.launch).program.function
            instruction = function.at(use[0])
            opcode = find_opcode(instruction)
            assert opcode is not None
            names = {"reads": read_registers, "writes": written_registers}[use[1]]
            assert done.record.register in names(instruction, opcode)
        # A predicated-off instruction names a register and does not use it, so that only these
        # two say anything for certain.
        if done.record.detail == "overwritten":
            assert use is not None
    assert ("never read", None) in kinds


@pytest.fixture
def record_of(injector: Injector) -> Callable[[str], Replay]:
    """Return a function that finds an injection with some detail and replays it."""

    def find(detail: str) -> Replay:
        for number in range(2000):
            for mode, model in STREAMS:
                record = injector.inject(mode, model, number)
                if record.detail == detail:
                    return replay(injector, mode, model, number)
        raise AssertionError(detail)

    return find


def test_lanes_are_those_of_wrong_words(record_of: Callable[[str], Replay]) -> None:
    done = record_of("tolerable")
    assert done.lanes
    assert done.site.thread % 32 in done.lanes or done.record.target != "register"
    own = dataclasses.replace(done, words=())
    assert own.lanes == ()
