from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from support import counting

from softbeam.analysis.counts import Counts, Stream
from softbeam.analysis.design import Design
from softbeam.analysis.paper.checklist import (
    CONVOLUTIONS,
    KERNELS,
    LAYERS,
    NEVER_READ_RANGE,
    POOLS,
    checklist,
)
from softbeam.analysis.paper.comparison import Order
from softbeam.analysis.paper.conclusions import Conclusion, Finding, Verdict, verdict_of
from softbeam.network import load_network
from softbeam.network.layers import AveragePool, Convolution, MaxPool, Softmax

RF, IOV, IOA = (
    Stream("rf", "single-bit"),
    Stream("iov", "random-value"),
    Stream("ioa", "single-bit"),
)

Counted = tuple[Stream, int, str, str, str, int]


def counted(rows: Iterable[Counted], design: Design | None = None) -> Counts:
    return counting.counted(
        {
            counting.Row(stream, layer, kernel, outcome, detail): number
            for stream, layer, kernel, outcome, detail, number in rows
        },
        design or Design(),
    )


def finding(counts: Counts, words: str, stream: Stream) -> Finding:
    """Return the finding of the conclusion that begins with these words, for a stream."""
    (one,) = [one for one in checklist(counts) if one.text.startswith(words)]
    (found,) = [found for found in one.findings if stream in found.streams]
    return found


def test_facts_of_the_network_are_the_network() -> None:
    layers = load_network("extraction").layers
    kinds = {Convolution: CONVOLUTIONS, MaxPool: POOLS, AveragePool: POOLS, Softmax: (26,)}
    assert len(layers) == len(LAYERS)
    for number, layer in enumerate(layers):
        assert number in kinds[type(layer)]  # type: ignore[index]


def layers_struck(errors: Mapping[int, int]) -> Counts:
    rows = [(RF, layer, "im2col", "SDC", "tolerable", n) for layer, n in errors.items()]
    return counted([*rows, (RF, 24, "im2col", "Masked", "absorbed", 5000)])


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ({0: 400, 2: 300, 7: 200, 18: 150, 5: 40}, Verdict.REPRODUCED),
        ({0: 400, 2: 300, 7: 200, 18: 50, 5: 40}, Verdict.CANNOT_TELL),
        ({0: 400, 2: 300, 7: 200, 18: 5, 5: 90}, Verdict.NOT_REPRODUCED),
        ({0: 4, 2: 3, 7: 2, 18: 1}, Verdict.CANNOT_TELL),
    ],
)
def test_most_vulnerable_layers(errors: dict[int, int], verdict: Verdict) -> None:
    found = finding(layers_struck(errors), "Layers 0, 2, 7 and 18", RF)
    assert found.verdict is verdict
    shown = dict(found.measured)
    assert shown["layer 18"].successes == errors[18]
    assert shown["layer 18"].n == 5000 + sum(errors.values())


@pytest.mark.parametrize(
    ("early", "late", "verdict"),
    [
        (60, 20, Verdict.REPRODUCED),
        (20, 60, Verdict.NOT_REPRODUCED),
        (22, 20, Verdict.CANNOT_TELL),
    ],
)
def test_deeper_layers(early: int, late: int, verdict: Verdict) -> None:
    counts = counted(
        [
            (RF, 12, "im2col", "DUE", "hang", early),
            (RF, 13, "im2col", "SDC", "critical", late),
            (RF, 13, "im2col", "Masked", "dead", 1000),
        ]
    )
    found = finding(counts, "Deeper layers", RF)
    assert found.verdict is verdict
    assert [share.successes for _, share in found.measured] == [early, late]


@pytest.mark.parametrize(
    ("masked", "errors", "verdict"),
    [
        (100, 0, Verdict.REPRODUCED),
        (20, 0, Verdict.CANNOT_TELL),
        (0, 0, Verdict.CANNOT_TELL),
        (1000, 1, Verdict.NOT_REPRODUCED),
    ],
)
def test_softmax(masked: int, errors: int, verdict: Verdict) -> None:
    counts = counted(
        [
            (RF, 26, "softmax", "Masked", "absorbed", masked),
            (RF, 26, "softmax", "SDC", "tolerable", errors),
            (RF, 0, "fill", "SDC", "tolerable", 1),
        ]
    )
    assert finding(counts, "Softmax", RF).verdict is verdict


def test_pools_are_compared_for_each_layer_and_for_each_injection() -> None:
    # 5 pools have 2 errors a layer, 21 convolutions 10 a layer; but of what fell into pools half
    # went wrong, of what fell into convolutions a fifth.
    counts = counted(
        [
            (IOV, 1, "maxpool", "SDC", "critical", 10),
            (IOV, 1, "maxpool", "Masked", "absorbed", 10),
            (IOV, 0, "im2col", "SDC", "critical", 210),
            (IOV, 0, "im2col", "Masked", "absorbed", 840),
        ]
    )
    words = "Average and max pools are the most reliable layers"
    assert finding(counts, f"{words}.", IOV).verdict is Verdict.REPRODUCED
    assert finding(counts, f"{words}, also", IOV).verdict is Verdict.NOT_REPRODUCED


def dues(of: Mapping[Stream, int]) -> Counts:
    rows: list[Counted] = []
    for stream, number in of.items():
        rows.append((stream, 0, "im2col", "DUE", "hang", number))
        rows.append((stream, 0, "im2col", "Masked", "absorbed", 1000 - number))
    return counted(rows)


@pytest.mark.parametrize(
    ("of", "verdict"),
    [
        ({RF: 300, IOV: 100, IOA: 200}, Verdict.REPRODUCED),
        ({RF: 210, IOV: 100, IOA: 200}, Verdict.CANNOT_TELL),
        ({RF: 150, IOV: 100, IOA: 200}, Verdict.NOT_REPRODUCED),
        ({RF: 300, IOV: 100}, Verdict.CANNOT_TELL),
        ({RF: 50, IOV: 100}, Verdict.NOT_REPRODUCED),
    ],
)
def test_dues_of_the_modes(of: dict[Stream, int], verdict: Verdict) -> None:
    assert finding(dues(of), "RF gives more DUEs", RF).verdict is verdict


@pytest.mark.parametrize(
    ("unread", "verdict"),
    [
        (5800, Verdict.REPRODUCED),
        (5000, Verdict.NOT_REPRODUCED),
        (6600, Verdict.NOT_REPRODUCED),
        (5300, Verdict.CANNOT_TELL),
    ],
)
def test_never_read(unread: int, verdict: Verdict) -> None:
    counts = counted(
        [
            (RF, 0, "im2col", "Masked", "never read", unread),
            (RF, 0, "im2col", "Masked", "absorbed", 10_000 - unread),
            (RF, 0, "im2col", "SDC", "critical", 4000),
        ]
    )
    found = finding(counts, "About 58 %", RF)
    assert found.verdict is verdict
    assert found.measured[0][1].n == 10_000
    assert NEVER_READ_RANGE[0] < 0.58 < NEVER_READ_RANGE[1]


def test_fill_and_copy() -> None:
    def of(sdcs: int, n: int) -> Verdict:
        counts = counted(
            [
                (RF, 0, "fill", "SDC", "tolerable", sdcs),
                (RF, 0, "copy", "DUE", "hang", n // 2),
                (RF, 0, "im2col", "Masked", "absorbed", n - sdcs - n // 2),
            ]
        )
        return finding(counts, "Fill and Copy", RF).verdict

    assert of(2, 2000) is Verdict.REPRODUCED
    assert of(0, 100) is Verdict.CANNOT_TELL
    assert of(60, 2000) is Verdict.NOT_REPRODUCED


def test_most_vulnerable_kernels_are_judged_by_weight_where_strata_were_drawn() -> None:
    # As many errors in softmax as in im2col, but softmax is a millionth of the fault space.
    shares = {"im2col": 0.5, "normalize": 0.3, "add_bias": 0.199999, "softmax": 0.000001}
    design = Design(
        stratified=True, weights={"rf": {(0, name): share for name, share in shares.items()}}
    )
    rows = []
    for kernel in shares:
        rows.append((RF, 0, kernel, "SDC", "critical", 200))
        rows.append((RF, 0, kernel, "Masked", "absorbed", 200))
    words = "Im2col, Normalize"
    assert finding(counted(rows, design), words, RF).verdict is Verdict.REPRODUCED
    assert finding(counted(rows), words, RF).verdict is Verdict.CANNOT_TELL


def test_verdicts_add_up() -> None:
    more, less, open_ = Order.MORE, Order.LESS, Order.UNDECIDED
    assert verdict_of([more, more], more) is Verdict.REPRODUCED
    assert verdict_of([more, open_], more) is Verdict.CANNOT_TELL
    assert verdict_of([more, open_, less], more) is Verdict.NOT_REPRODUCED

    def conclusion(*verdicts: Verdict) -> Verdict:
        return Conclusion("", "", tuple(Finding((), (), one) for one in verdicts)).verdict

    assert conclusion() is Verdict.CANNOT_TELL
    assert conclusion(Verdict.REPRODUCED, Verdict.REPRODUCED) is Verdict.REPRODUCED
    assert conclusion(Verdict.REPRODUCED, Verdict.CANNOT_TELL) is Verdict.CANNOT_TELL
    assert conclusion(Verdict.CANNOT_TELL, Verdict.NOT_REPRODUCED) is Verdict.NOT_REPRODUCED


def test_every_conclusion_is_held_against_what_there_is() -> None:
    found = checklist(dues({RF: 300, IOV: 100, IOA: 200}))
    assert len(found) == 9
    assert all(one.criterion and one.findings for one in found)
    assert {stream for one in found for each in one.findings for stream in each.streams} == {
        RF,
        IOV,
        IOA,
    }
    assert all(one.verdict is Verdict.CANNOT_TELL for one in checklist(Counts()))


def test_kernels_are_those_of_the_network() -> None:
    plan = load_network("extraction").plan()
    assert {one.kernel for one in plan.launches if one.product is None} == set(KERNELS)
