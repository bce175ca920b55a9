"""Operators that Darknet has no kernel for, as exporters write them, beside onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softbeam.errors import NetworkError
from softbeam.injection.answers import check_meaning
from softbeam.network import load_network
from softbeam.network.choices import WorkloadChoices

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
models = pytest.importorskip("support.onnx_models")
agree = pytest.importorskip("support.onnx_runs").agree
blocks = pytest.importorskip("support.onnx_blocks")

SIDE, Example = blocks.SIDE, blocks.Example
whole, number, wide, build = blocks.whole, blocks.number, blocks.wide, blocks.build


def of_each(op: str, positive: bool = False, **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = wide(b)
        x = b.node("Add", b.node("Abs", x), number(b, 0.1)) if positive else x
        return b.node(op, x, **more)

    return example


def with_constant(op: str, *shape: int, first: bool = False) -> Example:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        other = b.normal(*shape, spread=0.3, centre=1.0)
        pair = (other, wide(b)) if first else (wide(b), other)
        return b.node(op, *pair)

    return example


def resized(mode: str, how: str, scales: tuple[float, float], **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        factors = b.constant(np.array([1, 1, *scales], dtype=np.float32))
        given = {"mode": mode, "coordinate_transformation_mode": how, **more}
        return b.node("Resize", wide(b), "", factors, **given)

    return example


def transposed(size: tuple[int, int], group: int = 1, **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        weights = b.normal(4, 6 // group, *size, spread=0.5)
        return b.node("ConvTranspose", wide(b), weights, b.normal(6), group=group, **more)

    return example


def windowed(size: tuple[int, int], group: int = 1, **more) -> Example:  # type: ignore[no-untyped-def]
    def example(b) -> str:  # type: ignore[no-untyped-def]
        weights = b.normal(6, 4 // group, *size, spread=0.5)
        return b.node("Conv", wide(b), weights, b.normal(6), group=group, **more)

    return example


def pooled(op: str, size: tuple[int, int], **more) -> Example:  # type: ignore[no-untyped-def]
    return lambda b: b.node(op, wide(b), kernel_shape=list(size), **more)


def reduced(op: str, *axes: int, keep: int = 1) -> Example:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = b.node("Add", b.node("Abs", wide(b)), number(b, 0.5))
        if op == "ReduceSum":
            return b.node(op, x, whole(b, *axes), keepdims=keep)
        return b.node(op, x, axes=list(axes), keepdims=keep)

    return example


def a_line(b) -> str:  # type: ignore[no-untyped-def]
    """A convolution over a line of pixels."""
    x = b.node("Reshape", wide(b), whole(b, 1, 4, 64))
    return b.node("Conv", x, b.normal(5, 4, 3, spread=0.5), pads=[2, 1], strides=[2])


EXAMPLES: dict[str, Example] = {
    **{
        op: of_each(op)
        for op in (
            *("Abs", "Ceil", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Neg", "Round"),
            *("Selu", "Softplus", "Softsign"),
        )
    },
    **{op: of_each(op, positive=True) for op in ("Log", "Reciprocal", "Sqrt")},
    "LeakyRelu, any slope": of_each("LeakyRelu", alpha=0.2),
    "Elu, any alpha": of_each("Elu", alpha=2.0),
    "Clip to any range": lambda b: b.node("Clip", wide(b), number(b, -0.3), number(b, 0.7)),
    "Clip below": lambda b: b.node("Clip", wide(b), number(b, -0.3)),
    "PRelu": lambda b: b.node("PRelu", wide(b), b.normal(4, 1, 1)),
    "Pow": lambda b: b.node("Pow", wide(b), number(b, 3)),
    "Add a scalar": with_constant("Add", 1),
    "Sub a number a channel": with_constant("Sub", 4, 1, 1),
    "Mul by a row": with_constant("Mul", 1, SIDE),
    "Div a constant": lambda b: b.node(
        "Div", b.normal(1, 4, SIDE, SIDE), b.node("Add", b.node("Abs", wide(b)), number(b, 0.1))
    ),
    "Div by a constant": with_constant("Div", 4, 1, 1),
    "Sub from a scalar": with_constant("Sub", 1, first=True),
    "Max": lambda b: b.node("Max", wide(b), number(b, 0.1), b.normal(4, 1, 1)),
    "Min": lambda b: b.node("Min", wide(b), wide(b)),
    "Sum of three": lambda b: b.node("Sum", wide(b), wide(b), b.normal(SIDE)),
    "Add a map to its mean": lambda b: b.node(
        "Add", x := wide(b), b.node("ReduceMean", x, axes=[2, 3])
    ),
    "Transpose": lambda b: b.node("Transpose", wide(b), perm=[0, 3, 1, 2]),
    "Transpose of all axes": lambda b: b.node("Transpose", wide(b)),
    "Slice with steps": lambda b: b.node(
        "Slice", wide(b), whole(b, 1, -5), whole(b, 7, 8), whole(b, 2, 3), whole(b, 2, 3)
    ),
    "Slice from the end": lambda b: b.node(
        "Slice", wide(b), whole(b, -1, 7, 1), whole(b, -(2**40), 0, 3), whole(b, 2, 3, 1),
        whole(b, -1, -2, 1),
    ),
    "SpaceToDepth of a join": lambda b: b.node(
        "SpaceToDepth", b.node("Concat", "input", wide(b), axis=1), blocksize=2
    ),
    "Gemm of rows, all its numbers": lambda b: b.node(
        "Gemm", b.node("Reshape", wide(b), whole(b, 4, 64)), b.normal(64, 5), b.normal(5),
        alpha=0.5, beta=2.0,
    ),
    "Clip, limits in the wrong order": lambda b: b.node(
        "Clip", wide(b), number(b, 0.5), number(b, -0.5)
    ),
    "Add to a constant of one product": lambda b: b.node(
        "Add", b.node("MatMul", b.normal(SIDE, 3), b.normal(3, SIDE)), wide(b)
    ),
    "ReduceL1": lambda b: b.node("ReduceL1", wide(b), axes=[1]),
    "Split": lambda b: b.node(
        "Concat", *reversed(b.split(wide(b, 6), 1, 1, 3, 2)), axis=1
    ),
    "Concat of rows": lambda b: b.node("Concat", x := wide(b), b.node("Relu", x), axis=2),
    "Concat with a constant": lambda b: b.node("Concat", b.normal(1, 2, 8, 8), wide(b), axis=1),
    "Concat of the image": lambda b: b.node("Concat", "input", "input", axis=1),
    "Gather": lambda b: b.node("Gather", wide(b), whole(b, 2, 0, -1), axis=1),
    "Expand": lambda b: b.node(
        "Expand", b.node("GlobalAveragePool", wide(b)), whole(b, 1, 4, 3, 5)
    ),
    "Tile": lambda b: b.node("Tile", wide(b), whole(b, 1, 2, 1, 3)),
    "DepthToSpace": lambda b: b.node("DepthToSpace", wide(b, 8), blocksize=2),
    "DepthToSpace, CRD": lambda b: b.node("DepthToSpace", wide(b, 8), blocksize=2, mode="CRD"),
    "SpaceToDepth": lambda b: b.node("SpaceToDepth", wide(b), blocksize=4),
    "Pad with a number": lambda b: b.node(
        "Pad", wide(b), whole(b, 0, 1, 2, 0, 0, 0, 1, 3), number(b, 0.25)
    ),
    "Pad one side before Conv": lambda b: b.node(
        "Conv", b.node("Pad", wide(b), whole(b, 0, 0, 0, 0, 0, 0, 1, 1)), b.normal(3, 4, 3, 3),
        strides=[2, 2],
    ),
    "Pad, reflected": lambda b: b.node(
        "Pad", wide(b), whole(b, 0, 0, 2, 1, 0, 0, 2, 3), mode="reflect"
    ),
    "Pad with the edge": lambda b: b.node(
        "Pad", wide(b), whole(b, 0, 0, 2, 1, 0, 0, 0, 3), mode="edge"
    ),
    "Conv, oblong": windowed((3, 2), strides=[2, 1], pads=[1, 0, 2, 1]),
    "Conv with gaps": windowed((3, 3), dilations=[2, 3], pads=[2, 3, 2, 3]),
    "Conv with gaps and groups": windowed((3, 3), 2, dilations=[2, 1], strides=[1, 2]),
    "Conv, SAME_UPPER": windowed((2, 4), auto_pad="SAME_UPPER", strides=[2, 2]),
    "Conv, SAME_LOWER": windowed((4, 3), auto_pad="SAME_LOWER"),
    "Conv of a line": a_line,
    "Conv of a line, padded alike": lambda b: b.node(
        "Conv", b.node("Reshape", wide(b), whole(b, 1, 4, 64)), b.normal(6, 2, 5, spread=0.5),
        pads=[2, 2], group=2,
    ),
    "MaxPool of a line": lambda b: b.node(
        "MaxPool", b.node("Reshape", wide(b), whole(b, 1, 4, 64)), kernel_shape=[3], strides=[2]
    ),
    "ConvTranspose": transposed((3, 3), strides=[2, 2], pads=[1] * 4, output_padding=[1, 1]),
    "ConvTranspose, oblong": transposed((2, 3), strides=[2, 1], dilations=[1, 2]),
    "ConvTranspose with groups": transposed((2, 2), 2, strides=[2, 2]),
    "MaxPool, oblong": pooled("MaxPool", (3, 2), strides=[1, 2], pads=[1, 0, 0, 1]),
    "MaxPool with gaps": pooled("MaxPool", (2, 2), dilations=[3, 2]),
    "MaxPool, SAME_LOWER": pooled("MaxPool", (2, 2), auto_pad="SAME_LOWER"),
    "AveragePool": pooled("AveragePool", (3, 3), strides=[2, 2], pads=[1] * 4),
    "AveragePool, rounded up": pooled("AveragePool", (3, 3), strides=[2, 2], ceil_mode=1),
    "AveragePool, one more at the end": pooled(
        "AveragePool", (2, 3), pads=[0, 0, 1, 1], count_include_pad=1
    ),
    "GlobalMaxPool": lambda b: b.node("GlobalMaxPool", wide(b)),
    "ReduceMean over channels": reduced("ReduceMean", 1),
    "ReduceMean of all": reduced("ReduceMean", 0, 1, 2, 3, keep=0),
    "ReduceMax over rows": reduced("ReduceMax", 2, keep=0),
    "ReduceMin": reduced("ReduceMin", -1),
    "ReduceSum, axes apart": reduced("ReduceSum", 1, 3),
    "ReduceL2": reduced("ReduceL2", 1),
    "ReduceProd": reduced("ReduceProd", 3),
    "Softmax over channels": lambda b: b.node("Softmax", wide(b), axis=1),
    "Softmax over rows": lambda b: b.node("Softmax", wide(b), axis=2),
    "Softmax of many classes, one of them likely": lambda b: b.node(
        "Softmax", b.node("Concat", b.node("Flatten", b.node("Exp", "input")),
                          b.constant(np.float32([[22.0]])), b.normal(1, 20_000), axis=1)
    ),
    "LogSoftmax": lambda b: b.node("LogSoftmax", b.node("Flatten", wide(b)), axis=1),
    "InstanceNormalization": lambda b: b.node(
        "InstanceNormalization", wide(b), b.normal(4, centre=1.0), b.normal(4)
    ),
    "LayerNormalization of two axes": lambda b: b.node(
        "LayerNormalization", wide(b), b.normal(8, 8, centre=1.0), axis=2
    ),
    "MatMul of maps": lambda b: b.node(
        "MatMul", x := wide(b), b.node("Transpose", x, perm=[0, 1, 3, 2])
    ),
    "MatMul with one left factor": lambda b: b.node("MatMul", b.normal(5, SIDE), wide(b)),
    "MatMul with a matrix": lambda b: b.node("MatMul", wide(b), b.normal(SIDE, 5)),
    "Gemm of rows": lambda b: b.node(
        "Gemm", b.node("Reshape", wide(b), whole(b, 4, 64)), b.normal(5, 64), b.normal(5), transB=1
    ),
    "Gemm of columns": lambda b: b.node(
        "Gemm", b.node("Reshape", wide(b), whole(b, 64, 4)), b.normal(64, 5), b.normal(5), transA=1
    ),
    "Gemm of one column": lambda b: b.node(
        "Gemm", b.node("Reshape", wide(b), whole(b, 256, 1)), b.normal(256, 5), transA=1
    ),
    "MatMul of one map and several": lambda b: b.node(
        "MatMul", b.node("ReduceMean", x := wide(b), axes=[1]), x
    ),
    "MatMul of a vector": lambda b: b.node("MatMul", b.normal(SIDE), wide(b)),
    "MatMul by a vector": lambda b: b.node("MatMul", wide(b), b.normal(SIDE)),
    "Einsum": lambda b: b.node("Einsum", x := wide(b), x, equation="bchi,bchj->bihj"),
    "Einsum with weights": lambda b: b.node(
        "Einsum", wide(b), b.normal(SIDE, 4, 3), equation="b c h w, w c d -> b d h"
    ),
    "Einsum without a result": lambda b: b.node(
        "Einsum", b.normal(5, SIDE), wide(b), equation="aw,bchw"
    ),
    "Resize, nearest": resized("nearest", "asymmetric", (2, 3), nearest_mode="floor"),
    "Resize, nearest by default": resized("nearest", "half_pixel", (2.5, 0.5)),
    "Resize, linear": resized("linear", "half_pixel", (2, 1.5)),
    "Resize, linear and asymmetric": resized("linear", "asymmetric", (0.5, 3)),
    "Resize, corners": resized("linear", "align_corners", (2, 2)),
    "Resize, PyTorch's": resized("linear", "pytorch_half_pixel", (1.5, 2)),
    "Resize, cubic": resized("cubic", "half_pixel", (2, 1.5)),
    "Resize, cubic to less": resized("cubic", "align_corners", (0.75, 0.5), cubic_coeff_a=-0.5),
    "Mul with Sigmoid": lambda b: b.node("Mul", x := wide(b), b.node("Sigmoid", x)),
    **blocks.BLOCKS,
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_operators_agree_with_onnxruntime(tmp_path: Path, name: str) -> None:
    agree(tmp_path, build(EXAMPLES[name]))


@pytest.mark.parametrize(
    ("opset", "example"),
    [
        (7, lambda b: b.node("Softmax", wide(b), axis=1)),
        (7, lambda b: b.node("Upsample", wide(b), scales=[1.0, 1.0, 2.0, 3.0])),
        (
            9,
            lambda b: b.node(
                "Upsample", wide(b), b.constant(np.float32([1, 1, 2, 2])), mode="linear"
            ),
        ),
        (10, lambda b: b.node("Resize", wide(b), b.constant(np.float32([1, 1, 2, 2])))),
        (9, lambda b: b.node("Slice", wide(b), starts=[1], ends=[3], axes=[1])),
        (10, lambda b: b.node("Clip", wide(b), min=-0.5, max=0.5)),
        (10, lambda b: b.node("Pad", wide(b), pads=[0, 0, 1, 2, 0, 0, 0, 1], value=0.5)),
        (11, lambda b: b.node("Squeeze", b.node("ReduceSum", wide(b), axes=[1]), axes=[1])),
        (18, lambda b: b.node("ReduceMean", wide(b), whole(b, 1))),
        (20, lambda b: b.node("Gelu", wide(b))),
        (18, lambda b: b.node("Mish", wide(b))),
        (
            21,
            lambda b: b.node(
                "GroupNormalization", wide(b, 6), b.normal(6, centre=1.0), b.normal(6), num_groups=3
            ),
        ),
        (23, lambda b: b.node("Add", wide(b), number(b, 1.0))),
    ],
)  # fmt: skip
def test_operators_as_other_opsets_write_them(tmp_path: Path, opset: int, example: Example) -> None:
    agree(tmp_path, build(example, opset))


def test_images_pixel_by_pixel_are_taken_channel_by_channel(tmp_path: Path) -> None:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        x = b.node("Conv", b.node("Transpose", "input", perm=[0, 3, 1, 2]), b.normal(4, 3, 3, 3))
        return b.node("Transpose", b.node("Relu", x), perm=[0, 2, 3, 1])

    network = agree(tmp_path, build(example, sides=("N", 6, 9, 3)), nhwc=True)
    assert network.input_shape == (3, 6, 9)


def test_a_perceptron_takes_its_numbers(tmp_path: Path) -> None:
    def example(b) -> str:  # type: ignore[no-untyped-def]
        return b.linear(b.node("Relu", b.linear("input", 12, 7)), 7, 3)

    assert agree(tmp_path, build(example, sides=("N", 12))).input_shape == (12, 1, 1)


def test_open_sides_are_given(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(build(wide, sides=("N", 3, "H", "W")), str(path))
    with pytest.raises(NetworkError, match="--input-shape 1,3,224,224"):
        load_network(str(path))
    network = load_network(str(path), choices=WorkloadChoices(input_shape=(1, 3, 6, 10)))
    assert network.input_shape == (3, 6, 10)
    assert network.answer_shape == (4, 6, 10)
    for wrong in ((1, 4, 6, 10), (3, 6, 10)):
        with pytest.raises(NetworkError, match="does not fit"):
            load_network(str(path), choices=WorkloadChoices(input_shape=wrong))
    with pytest.raises(NetworkError, match="not that of one image"):
        load_network(str(path), choices=WorkloadChoices(input_shape=(2, 3, 6, 10)))


def test_inputs_beside_the_image_hold_given_numbers(tmp_path: Path) -> None:
    from softbeam.network.golden import golden_run

    builder = models.Builder()
    scaled = builder.node("Mul", builder.node("Reshape", "input", "sides"), "scale")
    kinds = {"input": (1, ["N", 3, 2, 2]), "scale": (1, ["N", 2]), "sides": (7, [2])}
    inputs = [onnx.helper.make_tensor_value_info(name, *one) for name, one in kinds.items()]
    answer = [onnx.helper.make_tensor_value_info(scaled, 1, None)]
    graph = onnx.helper.make_graph(builder.nodes, "model", inputs, answer)
    opsets = [onnx.helper.make_opsetid("", models.OPSET)]
    path = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
    network = load_network(str(path), choices=WorkloadChoices(constants=("scale=2,3", "sides=6,2")))
    image = np.arange(12, dtype=np.float32)
    assert network.weights is not None
    found = golden_run(network.plan(), network.weights, image).scores
    np.testing.assert_array_equal(found, (image.reshape(6, 2) * [2, 3]).reshape(-1))

    def refused(*constants: str) -> str:
        with pytest.raises(NetworkError) as caught:
            load_network(str(path), choices=WorkloadChoices(constants=constants))
        return str(caught.value)

    assert "3 inputs ('input', 'scale', 'sides'); softbeam takes models of one image, say with" in (
        refused()
    )
    assert "no input 'scales' that --input scales=1 could fill; its inputs are input, scale," in (
        refused("scales=1")
    )
    assert "give whole numbers" in refused("scale=1", "sides=1.5,2")
    assert "has the shape [2]; 3 numbers do not fill it" in refused("sides=1,2,3")


def test_one_of_several_outputs_is_named(tmp_path: Path) -> None:
    builder = models.Builder()
    first = builder.node("Relu", "input")
    second = builder.node("MaxPool", first, kernel_shape=[2, 2])
    model = builder.model(first, SIDE)
    model.graph.output.append(onnx.helper.make_tensor_value_info(second, 1, None))
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    both = load_network(str(path))
    assert [(one.name, one.sides) for one in both.plan().answers] == [
        (first, (1, 3, 8, 8)), (second, (1, 3, 7, 7))
    ]  # fmt: skip
    assert (
        load_network(str(path), choices=WorkloadChoices(output=f"{second}, {first}")).plan().outputs
        == both.plan().outputs[::-1]
    )
    with pytest.raises(NetworkError, match="2 outputs, not a list of scores; say with --output"):
        check_meaning(both, both.plan())
    shapes = [
        load_network(str(path), choices=WorkloadChoices(output=name)).answer_shape
        for name in (first, second)
    ]
    assert shapes == [(3, 8, 8), (3, 7, 7)]
    within = builder.nodes[0].output[0]
    model = builder.model(second, SIDE)
    onnx.save(model, str(path))
    assert load_network(str(path), choices=WorkloadChoices(output=within)).answer_shape == (3, 8, 8)
    with pytest.raises(NetworkError, match="no output 'third'"):
        load_network(str(path), choices=WorkloadChoices(output="third"))


def test_a_condition_that_is_known_decides(tmp_path: Path) -> None:
    def branch(name: str, op: str):  # type: ignore[no-untyped-def]
        node = onnx.helper.make_node(op, ["input"], [f"{name}_made"], name=name)
        made = onnx.helper.make_tensor_value_info(f"{name}_made", 1, None)
        return onnx.helper.make_graph([node], name, [], [made])

    def example(b) -> str:  # type: ignore[no-untyped-def]
        rank = b.node("Size", b.node("Shape", "input"))
        condition = b.node("Equal", rank, b.constant(np.int64(4)))
        branches = {"then_branch": branch("yes", "Exp"), "else_branch": branch("no", "Neg")}
        return b.node("Relu", b.node("If", condition, **branches))

    network = agree(tmp_path, build(example))
    assert [layer.label for layer in network.layers] == ["yes", "/relu_4"]


def test_a_nan_passes_a_clip(tmp_path: Path) -> None:
    from softbeam.network.golden import golden_run

    def example(b) -> str:  # type: ignore[no-untyped-def]
        return b.node("Clip", "input", number(b, 0.0), number(b, 6.0))

    path = tmp_path / "model.onnx"
    onnx.save(build(example, sides=(1, 1, 2, 2)), str(path))
    network = load_network(str(path))
    image = np.array([np.nan, 9, -np.inf, 0.5], dtype=np.float32)
    assert network.weights is not None
    found = golden_run(network.plan(), network.weights, image).scores
    np.testing.assert_array_equal(found, np.array([np.nan, 6, 0, 0.5], dtype=np.float32))


def test_an_output_that_no_image_changes_is_refused(tmp_path: Path) -> None:
    builder = models.Builder()
    first = builder.node("Relu", "input")
    fixed = builder.node("Relu", builder.normal(3))
    model = builder.model(first, SIDE)
    model.graph.output.append(onnx.helper.make_tensor_value_info(fixed, 1, (3,)))
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    with pytest.raises(
        NetworkError, match=r"is always the same, .*; name the others with --output"
    ):
        load_network(str(path))
    assert len(load_network(str(path), choices=WorkloadChoices(output=first)).plan().answers) == 1
