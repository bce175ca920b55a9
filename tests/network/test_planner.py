"""Launches against Darknet's order, arguments and grids, written out here by hand."""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import CampaignError, NetworkError, TooLargeError
from softbeam.kernels import KERNELS
from softbeam.kernels.products import TILES
from softbeam.network import Plan, Pointer, Span, load_network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.launches import LaunchMaker
from softbeam.network.layers import (
    Activation,
    AveragePool,
    Convolution,
    Dropout,
    Layer,
    Local,
    MaxPool,
    Softmax,
)
from softbeam.network.planner import grid_of, make_plan

#: Darknet's own launches, products a library's.
LIBRARY = WorkloadChoices(gemm="library")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_network("extraction").plan(LIBRARY)


@pytest.fixture(scope="module")
def struck() -> Plan:
    return load_network("extraction").plan()


def of_layer(plan: Plan, layer: int) -> list[tuple[str, tuple[int, int, int], tuple[object, ...]]]:
    return [(one.kernel, one.grid, one.arguments) for one in plan.launches if one.layer == layer]


def test_extraction_has_198_launches(plan: Plan) -> None:
    # 27 fills of delta and 21 of an output; 20 of the 21 convolutions have batch norm.
    assert Counter(one.kernel for one in plan.launches) == {
        "fill": 48,
        "im2col": 21,
        "gemm": 21,
        "copy": 20,
        "normalize": 20,
        "scale_bias": 20,
        "add_bias": 21,
        "activate_array": 21,
        "maxpool": 4,
        "avgpool": 1,
        "softmax": 1,
    }
    assert [one.index for one in plan.launches] == list(range(198))
    assert (plan.input, plan.outputs) == ("-1.input", ("26.output",))


def test_the_launches_of_the_first_convolution(plan: Plan) -> None:
    output, n = Pointer("0.output"), 64 * 112 * 112
    grid = (1568, 1, 1)
    assert of_layer(plan, 0) == [
        ("fill", grid, (n, 0.0, Pointer("0.delta"), 1)),
        ("fill", grid, (n, 0.0, output, 1)),
        (
            "im2col",
            (74, 1, 1),
            (37632, Pointer("-1.input"), 224, 224, 7, 3, 2, 112, 112, Pointer("-1.workspace")),
        ),
        (
            "gemm",
            (0, 0, 0),
            (64, 12544, 147, Pointer("0.weights"), Pointer("-1.workspace"), output),
        ),
        ("copy", grid, (n, output, 0, 1, Pointer("0.x"), 0, 1)),
        (
            "normalize",
            grid,
            (
                n,
                output,
                Pointer("0.rolling_mean"),
                Pointer("0.rolling_variance"),
                1,
                64,
                12544,
            ),
        ),
        ("scale_bias", (25, 64, 1), (output, Pointer("0.scales"), 64, 12544)),
        ("add_bias", grid, (output, Pointer("0.biases"), 1, 64, 12544)),
        ("activate_array", grid, (output, n, 7)),
    ]


def test_products_that_are_struck_are_launches_of_the_sgemm(plan: Plan, struck: Plan) -> None:
    assert Counter(one.kernel for one in struck.launches if one.product is not None) == {
        "sgemm_64x128": 3,
        "sgemm_32x32": 18,
    }
    assert of_layer(struck, 2)[3] == (
        "sgemm_64x128",
        (25, 3, 1),
        (
            *(1, 192, 3136, 576, Pointer("2.weights"), 576, Pointer("-1.workspace"), 3136),
            *(Pointer("2.output"), 3136, 192 * 576, 576 * 3136, 192 * 3136),
        ),
    )
    for left, other in zip(plan.launches, struck.launches, strict=True):
        assert (left.index, left.layer) == (other.index, other.layer)
        assert (left.reads, left.writes) == (other.reads, other.writes)
        assert left.product == other.product
        if left.product is None:
            assert left == other
        else:
            tile = TILES[other.kernel]
            assert other.block == (tile.threads, 1, 1)
            assert (left.library, other.library) == (True, False)


def test_a_product_that_no_grid_holds_is_refused() -> None:
    shape = (1, 400, 170)
    layer = Local(3, shape, 1, 3, 1, 1, Activation.LINEAR)
    maker = LaunchMaker(3, [], (), WorkloadChoices())
    with pytest.raises(TooLargeError, match="layer 3 is 68,000 products of 1 x 9 by 9 x 1 words"):
        layer.launch(maker, Span("2.output", layer.inputs))
    left_out = LaunchMaker(3, [], (), LIBRARY)
    layer.launch(left_out, Span("2.output", layer.inputs))
    assert "gemm_local" in {launch.kernel for launch in left_out.launches}


def test_the_launches_of_the_last_layers(plan: Plan) -> None:
    output = Pointer("24.output")
    kernels = ["fill", "fill", "im2col", "gemm", "add_bias", "activate_array"]
    assert [one[0] for one in of_layer(plan, 24)] == kernels
    assert of_layer(plan, 19) == [
        ("fill", (98, 1, 1), (50176, 0.0, Pointer("19.delta"), 1)),
        (
            "maxpool",
            (98, 1, 1),
            (
                *(50176, 14, 14, 1024, 2, 2, 1),
                Pointer("18.output"),
                Pointer("19.output"),
                Pointer("19.indexes"),
            ),
        ),
    ]
    assert of_layer(plan, 25) == [
        ("fill", (2, 1, 1), (1000, 0.0, Pointer("25.delta"), 1)),
        ("avgpool", (2, 1, 1), (1000, 7, 7, 1000, output, Pointer("25.output"))),
    ]
    assert of_layer(plan, 26) == [
        ("fill", (2, 1, 1), (1000, 0.0, Pointer("26.delta"), 1)),
        (
            "softmax",
            (1, 1, 1),
            (Pointer("25.output"), 1000, 1, 1000, 1, 1000, 1, 1.0, Pointer("26.output")),
        ),
    ]


def test_what_a_convolution_reads_and_writes(plan: Plan) -> None:
    output, columns = Span("2.output", 192 * 56 * 56), Span("-1.workspace", 9 * 64 * 56 * 56)
    launches = {one.kernel: one for one in plan.launches if one.layer == 2}
    spans = {name: (set(one.reads), set(one.writes)) for name, one in launches.items()}
    per_filter = {name: Span(f"2.{name}", 192) for name in ("biases", "scales", "rolling_mean")}
    assert spans == {
        "fill": (set(), {output}),
        "im2col": ({Span("1.output", 64 * 56 * 56)}, {columns}),
        "gemm": ({Span("2.weights", 192 * 9 * 64), columns, output}, {output}),
        "copy": ({output}, {Span("2.x", output.words)}),
        "normalize": (
            {output, per_filter["rolling_mean"], Span("2.rolling_variance", 192)},
            {output},
        ),
        "scale_bias": ({output, per_filter["scales"]}, {output}),
        "add_bias": ({output, per_filter["biases"]}, {output}),
        "activate_array": ({output}, {output}),
    }


def test_without_im2col_gemm_reads_the_layer_before() -> None:
    choices = WorkloadChoices(im2col="except-1x1", gemm="library")
    plan = load_network("extraction").plan(choices)
    assert Counter(one.kernel for one in plan.launches)["im2col"] == 11
    gemm = next(one for one in plan.launches if one.layer == 4 and one.kernel == "gemm")
    assert gemm.arguments.b == Pointer("3.output")
    assert Span("3.output", 192 * 28 * 28) in gemm.reads


@pytest.mark.parametrize(("stride", "padding"), [(2, 0), (1, 1)])
def test_a_1x1_convolution_that_moves_words_keeps_its_im2col(stride: int, padding: int) -> None:
    layer = Convolution(0, (3, 4, 4), 2, 1, stride, padding, False, Activation.LINEAR)
    kernels = [
        one.kernel
        for one in make_plan("a", (layer,), WorkloadChoices(im2col="except-1x1")).launches
    ]
    assert "im2col" in kernels


def test_a_dropout_launches_nothing_and_passes_its_input_on() -> None:
    plan = make_plan(
        "a", (MaxPool(0, (2, 4, 4), 2, 2, 1), Dropout(1, (2, 2, 2)), Softmax(2, (2, 2, 2)))
    )
    assert [one.layer for one in plan.launches] == [0, 0, 2, 2]
    assert plan.launches[-1].arguments.input == Pointer("0.output")


def test_errors_name_what_is_taken() -> None:
    with pytest.raises(CampaignError, match=r"'never'.*'always' or 'except-1x1'"):
        WorkloadChoices.from_options({"im2col": "never"})
    with pytest.raises(NetworkError, match="no layers"):
        make_plan("a", ())


@given(st.integers(1, 2**31 - 1))
def test_a_grid_covers_its_threads_and_no_row_more(threads: int) -> None:
    x, y, z = grid_of(threads)
    assert z == 1
    assert 1 <= x <= 65_535
    assert x * y * 512 >= threads > x * (y - 1) * 512


@st.composite
def networks(draw: st.DrawFn) -> tuple[Layer, ...]:
    """Draw small networks, each layer fitting the one before."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(3, 90)), draw(st.integers(3, 90)))
    layers: list[Layer] = []
    for index in range(draw(st.integers(1, 8))):
        layer: Layer
        kind = draw(st.sampled_from(["conv", "conv", "max", "dropout"]))
        if kind == "conv":
            size = draw(st.sampled_from([1, 3, 5]))
            layer = Convolution(
                index,
                shape,
                filters=draw(st.integers(1, 40)),
                size=size,
                stride=draw(st.integers(1, 2)),
                padding=size // 2,
                batch_normalize=draw(st.booleans()),
                activation=draw(st.sampled_from(Activation)),
            )
        elif kind == "max" or not layers:
            layer = MaxPool(index, shape, 2, draw(st.integers(1, 2)), 1)
        else:
            layer = Dropout(index, shape)
        layers.append(layer)
        shape = layer.output_shape
    layers.append(AveragePool(len(layers), shape))
    layers.append(Softmax(len(layers), layers[-1].output_shape))
    return tuple(layers)


@given(networks(), st.sampled_from(["always", "except-1x1"]))
def test_plans_hold_together(layers: tuple[Layer, ...], im2col: str) -> None:
    plan = make_plan("drawn", layers, WorkloadChoices(im2col=im2col))
    given_words = {"-1.input"} | {
        name
        for name in plan.buffers
        if name.endswith(("weights", "biases", "scales", "rolling_mean", "rolling_variance"))
    }
    written = dict.fromkeys(given_words, 2**31)
    for launch in plan.launches:
        for span in (*launch.reads, *launch.writes):
            assert 1 <= span.words <= plan.buffers[span.buffer].words
        for span in launch.reads:
            assert span.words <= written.get(span.buffer, 0), "read before it is written"
        for span in launch.writes:
            written[span.buffer] = max(written.get(span.buffer, 0), span.words)
        pointers = {a.buffer for a in launch.arguments if isinstance(a, Pointer)}
        assert pointers == {span.buffer for span in (*launch.reads, *launch.writes)}
    assert written[plan.outputs[-1]] == layers[-1].outputs

    areas = sorted((buffer.address, buffer.end) for buffer in plan.buffers.values())
    areas += [*plan.zero_pages, *plan.unprobed_pages, *plan.other_space_pages]
    areas.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(areas))
    assert all(buffer.address % 512 == 0 for buffer in plan.buffers.values())


def test_arguments_have_the_kernels_kinds(plan: Plan, struck: Plan) -> None:
    kinds = {int: "int32", float: "float32", Pointer: "pointer"}
    for launch in (*plan.launches, *struck.launches):
        if launch.kernel != "gemm":
            parameters = KERNELS[launch.kernel].parameters
            assert [kinds[type(a)] for a in launch.arguments] == [p.kind for p in parameters]


@pytest.mark.parametrize(
    ("network", "sha256"),
    [
        ("extraction", "984654b3c260bfb4b94954d1b4f31e4c639fe4e235ba93648b39d98e81d770b6"),
        ("googlenet", "44c0629830d2fe231f553823bfc961cf9f0c3c002b0b9a6041fda46660257fb7"),
    ],
)
def test_the_text_of_a_plan_is_what_it_was(network: str, sha256: str) -> None:
    # Campaign ids are made of it: another text, and no campaign of before can be continued.
    text = repr(load_network(network).plan(LIBRARY))
    assert hashlib.sha256(text.encode()).hexdigest() == sha256


def test_planning_does_not_import_numpy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from softbeam.network import load_network; load_network('extraction').plan();"
        "sys.exit(any(heavy in sys.modules for heavy in ('numpy', 'numba', 'skimage')))"
    )
    assert importlib.util.find_spec("numpy")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
