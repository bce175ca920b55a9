"""ONNX models: their golden runs beside onnxruntime's, and what cannot be lowered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from softbeam.emulator.launching import Runner
from softbeam.errors import NetworkError
from softbeam.injection.injector import Injector
from softbeam.injection.liveness import live_words
from softbeam.kernels.functions import Function
from softbeam.network import load_network
from softbeam.network.device import Device
from softbeam.network.golden import golden_run
from softbeam.network.layers import (
    ActivationLayer,
    Convolution,
    Elementwise,
    Normalization,
    WindowPool,
)
from softbeam.network.profile import profile_launch
from softbeam.network.workload import load_workload

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
models = pytest.importorskip("support.onnx_models")


def write(tmp_path: Path, model: object) -> Path:
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", models.MODELS)
def test_every_layer_agrees_with_onnxruntime(tmp_path: Path, name: str) -> None:
    model = models.MODELS[name]()
    path = write(tmp_path, model)
    network = load_network(str(path))
    assert network.weights is not None
    image = np.random.default_rng(2).random(network.input_shape, dtype=np.float32)
    golden = golden_run(network.plan(), network.weights, image.reshape(-1))
    # A layer holds its own node's output or, with an activation, that of the node behind it.
    own = {layer.label: layer for layer in network.layers}
    for node in model.graph.node:
        if node.name in own:
            model.graph.output.append(onnx.ValueInfoProto(name=node.output[0]))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    answer, *rest = session.run(None, {"input": image[None]})
    np.testing.assert_allclose(
        golden.scores, answer.reshape(-1), rtol=0, atol=1e-4 * np.abs(answer).max()
    )
    plain = 0
    end = {launch.layer: launch.index + 1 for launch in golden.plan.launches}
    # A product of two matrices holds the sum behind it, too.
    own.update({one.name: None for one in model.graph.node if one.op_type == "MatMul"})
    nodes = [node for node in model.graph.node if node.name in own]
    for node, wanted in zip(nodes, rest, strict=True):
        layer = own[node.name]
        if layer is None or getattr(layer, "batch_normalize", False):
            continue
        if not isinstance(layer, ActivationLayer) and getattr(layer, "activation", 3) != 3:
            continue
        found = golden.view(f"{layer.index}.output", end[layer.index]).view(np.float32)
        size = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted.reshape(-1), rtol=0, atol=1e-4 * size)
        plain += 1
    assert plain > 2


@pytest.mark.slow
def test_a_model_is_struck_like_any_network(tmp_path: Path) -> None:
    path = write(tmp_path, models.MODELS["mixed"]())
    workload = load_workload(str(path))
    golden = golden_run(workload.plan, workload.weights, workload.images[0])
    device = Device(golden)
    profiles = {
        launch.index: profile_launch(device, launch.index)
        for launch in workload.plan.launches
        if not launch.library
    }
    injector = Injector(device, profiles, profiles, "onnx")
    outcomes = {injector.inject("iov", "random-value", index).outcome for index in range(40)}
    assert outcomes >= {"Masked", "SDC"}
    assert live_words(workload.plan)[-1].keys() == set(workload.plan.outputs)
    assert isinstance(injector.runner, Runner)


def test_layers_are_named_and_fused_as_in_darknet(tmp_path: Path) -> None:
    network = load_network(str(write(tmp_path, models.MODELS["mobilenet"]())))
    first, clip, depthwise = network.layers[:3]
    assert (first.name, clip.name) == ("0 /conv_0", "1 /clip_2")
    assert isinstance(first, Convolution)
    assert first.batch_normalize
    assert isinstance(clip, Elementwise)
    assert (clip.function, clip.alpha, clip.beta) == (Function.CLIP, 0, 6)
    assert isinstance(depthwise, Convolution)
    assert (depthwise.groups, depthwise.batched) == (32, True)
    kernels = [launch.kernel for launch in network.plan().launches if launch.layer == 2]
    assert kernels.count("im2col") == kernels.count("sgemm_1x128") == 1


def test_pools_that_round_up_and_exact_sums(tmp_path: Path) -> None:
    squeezenet = load_network(str(write(tmp_path, models.MODELS["squeezenet"]())))
    pools = [layer for layer in squeezenet.layers if isinstance(layer, WindowPool)]
    assert [(one.input_shape[1], one.output_shape[1]) for one in pools] == [
        (32, 16),
        (16, 8),
        (8, 4),
    ]
    alexnet = load_network(str(write(tmp_path, models.MODELS["alexnet"]())))
    norms = [layer for layer in alexnet.layers if isinstance(layer, Normalization)]
    assert [(one.alpha, one.exact) for one in norms] == [
        (pytest.approx(0.02), True),
        (pytest.approx(1 / 6), True),
    ]


OPSET_OF_GELU = 20


def refused(tmp_path: Path, build, opset: int = models.OPSET) -> str:  # type: ignore[no-untyped-def]
    builder = models.Builder()
    output = build(builder)
    kind = onnx.TensorProto.FLOAT
    ends = [
        onnx.helper.make_tensor_value_info(name, kind, sides)
        for name, sides in (("input", ["N", 3, 8, 8]), (output, None))
    ]
    graph = onnx.helper.make_graph(builder.nodes, "model", ends[:1], ends[1:], builder.constants)
    opsets = [onnx.helper.make_opsetid("", opset)]
    path = write(tmp_path, onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8))
    with pytest.raises(NetworkError) as caught:
        load_network(str(path))
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda b: b.node("Det", "input"), "Det (1): '/det_0': softbeam does not know this"),
        (lambda b: b.node("Conv", "input", b.node("Relu", "input")), "is not a constant"),
        (lambda b: b.node("Gelu", "input", approximate="tanh"), "approximate is tanh"),
        (lambda b: b.node("Pow", "input", b.normal(8)), "its exponents are 8 numbers"),
        (lambda b: b.node("Cast", "input", to=7), "converts to a type other than float32"),
        (lambda b: b.node("Einsum", "input", equation="bcii->bc"), "each once in a tensor"),
        (lambda b: b.node("Einsum", "input", equation="bchw->bc"), "products of two tensors"),
        (
            lambda b: b.node("Einsum", "input", b.normal(9, 4), equation="bchw,wd->bchd"),
            "but w is 8 and 9",
        ),
    ],
)
def test_what_cannot_be_lowered_is_named(tmp_path: Path, build, reason: str) -> None:  # type: ignore[no-untyped-def]
    assert reason in refused(tmp_path, build, OPSET_OF_GELU)


def test_every_node_that_cannot_be_lowered_is_named_by_operator(tmp_path: Path) -> None:
    def build(b) -> str:  # type: ignore[no-untyped-def]
        first = b.node("Relu", b.node("Det", "input"))
        return b.node("Add", b.node("Det", b.node("Tanh", first)), b.node("Tan", first))

    message = refused(tmp_path, build)
    assert "has 3 nodes that softbeam cannot lower" in message
    assert "Det (2): '/det_0', '/det_3': softbeam does not know this operator" in message
    assert "Tan (1): '/tan_4'" in message
    assert "Relu" not in message


def test_files_that_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(NetworkError, match=r"cannot read the model .*model\.onnx"):
        load_network(str(path))
    path.write_bytes(b"not a model")
    with pytest.raises(NetworkError, match=r"cannot read the model .*model\.onnx.*ONNX file"):
        load_network(str(path))
    builder = models.Builder()
    write(tmp_path, builder.model(builder.node("Identity", "input"), 8))
    with pytest.raises(NetworkError, match=r"its answer .* is its image"):
        load_network(str(path))
    write(tmp_path, models.Builder().model("input", "H"))
    with pytest.raises(NetworkError, match=r"\['N', 3, 'H', 'H'\]; give its .*1,3,224,224"):
        load_network(str(path))


def test_weights_beside_a_model_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, models.MODELS["mixed"]())
    with pytest.raises(NetworkError, match="has its weights in it"):
        load_workload(str(path), weights=tmp_path / "a.weights")
