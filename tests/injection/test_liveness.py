"""Live words against word-by-word sets, and the spans that they rest on against real accesses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.architectures import FAST

from softbeam.emulator.core import layout as k
from softbeam.emulator.execution import memory_map
from softbeam.emulator.launching import Runner
from softbeam.emulator.vector import no_fault
from softbeam.injection.liveness import in_spans, live_words
from softbeam.intervals import Ranges, merged
from softbeam.network import Span, load_network
from softbeam.network.pool import PoolLayout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny", "other", "branches", "detector"])
def test_live_words_are_those_that_something_reads(make_brute_force, name: str) -> None:
    brute = make_brute_force(name)
    for found, wanted in zip(live_words(brute.plan), brute.live, strict=True):
        assert all(found.values())
        for buffer, place in brute.place.items():
            alive = np.zeros(place.stop - place.start, dtype=bool)
            for start, end in found.get(buffer, ()):
                assert not alive[max(start - 1, 0) : end + 1].any()
                alive[start:end] = True
            assert np.array_equal(alive, wanted[place])


def test_the_output_lives_to_the_end_and_training_buffers_never(tiny) -> None:
    live = live_words(tiny.plan)
    assert live[-1] == {"5.output": ((0, 7),)}
    for after in live:
        assert not {name for name in after if name.split(".")[1] in ("delta", "x", "indexes")}
    # Weights live until their product has been computed, the image until its im2col.
    product = next(one.index for one in tiny.plan.launches if one.product is not None)
    assert live[product - 1]["0.weights"] == ((0, 6 * 27),)
    assert "0.weights" not in live[product]
    first = next(one.index for one in tiny.plan.launches if one.kernel == "im2col")
    assert live[first - 1]["-1.input"] == ((0, 3 * 144),)
    assert "-1.input" not in live[first]


def test_a_shorter_write_leaves_the_rest_alive(tiny) -> None:
    # Seven outputs are read at the end; a last launch that writes three of them kills no more.
    last = tiny.plan.launches[-1]
    three = replace(last, index=last.index + 1, reads=(), writes=(Span("5.output", 3),))
    plan = replace(tiny.plan, launches=(*tiny.plan.launches, three))
    assert live_words(plan)[-2]["5.output"] == ((3, 7),)
    # Nor does one that reads three of them take from what is read after it.
    three = replace(three, reads=three.writes, writes=())
    plan = replace(tiny.plan, launches=(*tiny.plan.launches, three))
    assert live_words(plan)[-2]["5.output"] == ((0, 7),)


def test_extractions_workspace_lives_from_im2col_to_gemm() -> None:
    plan = load_network("extraction").plan()
    live = live_words(plan)
    for launch in plan.launches:
        if launch.kernel == "im2col":
            assert live[launch.index]["-1.workspace"] == ((0, launch.writes[0].words),)
            assert live[launch.index + 1].get("-1.workspace") is None


def in_pieces(layout: PoolLayout, buffer: str, ranges: Ranges) -> list[tuple[int, ...]]:
    """Cut ranges of a buffer at its pieces: number and start of the piece, start and end."""
    found = []
    for number in layout.columns[buffer]:
        piece = layout.pieces[number]
        for start, end in ranges:
            if start < piece.end and piece.start < end:
                found.append((number, piece.start, max(start, piece.start), min(end, piece.end)))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("architecture", FAST)
@pytest.mark.parametrize("name", ["tiny", "other", "branches", "detector"])
def test_a_launch_touches_nothing_but_its_spans(make_example, name: str, architecture: str) -> None:
    example = make_example(name, architecture)
    plan, golden, runner = example.plan, example.golden, Runner()
    for number in example.profiles:
        spans: dict[str, Ranges] = {}
        for span in (*plan.launches[number].reads, *plan.launches[number].writes):
            known = spans.get(span.buffer, ())
            spans[span.buffer] = merged((*known, (span.start, span.end)))
        segments = [
            (
                plan.buffers[buffer].address + 4 * start,
                plan.buffers[buffer].address + 4 * end,
                int(golden.layout.offsets[number, piece]) + start - first,
            )
            for buffer, ranges in spans.items()
            for piece, first, start, end in in_pieces(golden.layout, buffer, ranges)
        ]
        launch = replace(example.device.launch(number), memory=memory_map(golden.words, segments))
        stored = []
        for unit in runner.units(launch):
            ending = runner.run(launch, *unit, budget=100_000, fault=no_fault())
            assert ending.status == k.FINISHED, (number, unit)
            stored.append(ending.words)
        words = np.concatenate(stored)
        assert np.unique(words).size == words.size
        for buffer, _, indexes in example.device.locate(number, words):
            written = [one for one in plan.launches[number].writes if one.buffer == buffer]
            assert in_spans(written, indexes).all()
        # shortcut keeps what the other layer's output does not overlap.
        if plan.launches[number].kernel != "shortcut":
            assert words.size == sum(span.words for span in plan.launches[number].writes)
