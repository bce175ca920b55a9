"""Models captured with tinygrad compute what onnxruntime computes, and are struck like programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from softbeam.cli import main
from softbeam.errors import ProgramError
from softbeam.program.capture import capture, input_shape
from softbeam.program.loading import load
from softbeam.sass.toolchain import find_tool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_tool("nvcc") is None or find_spec("tinygrad") is None,
        reason="needs NVIDIA's compiler and tinygrad",
    ),
]


class Maker:
    """Makes a model node by node; every node is named as its output."""

    def __init__(self, *shape: int, opset: int = 17) -> None:
        self.rng, self.opset = np.random.default_rng(3), opset
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.shape, self.last = shape, "x"

    def constant(self, values: object) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def normal(self, *sides: int) -> str:
        spread = 1.4 / np.sqrt(max(1, np.prod(sides[1:])))
        return self.constant((self.rng.normal(size=sides) * spread).astype(np.float32))

    def node(self, operator: str, name: str, *inputs: str, **attributes: object) -> str:
        self.nodes.append(
            helper.make_node(operator, [*inputs] or [self.last], [name], name=name, **attributes)
        )
        self.last = name
        return name

    def write(self, path: Path) -> Path:
        graph = helper.make_graph(
            self.nodes,
            "model",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)],
            self.initializers,
        )
        opset = helper.make_opsetid("", self.opset)
        onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path))
        return path


def classifier() -> Maker:
    m = Maker(1, 1, 28, 28)
    m.node("Conv", "conv1", "x", m.normal(8, 1, 5, 5), m.normal(8), strides=[2, 2])
    m.node("Relu", "relu1")
    m.node("Conv", "conv2", m.last, m.normal(12, 8, 3, 3), m.normal(12))
    m.node("Relu", "relu2")
    m.node("MaxPool", "pool", kernel_shape=[2, 2], strides=[2, 2])
    m.node("Flatten", "flat")
    m.node("Gemm", "fc", m.last, m.normal(10, 300), m.normal(10), transB=1)
    m.node("Softmax", "softmax")
    return m


def residual() -> Maker:
    m = Maker(1, 8, 12, 12)
    kept = m.node("Conv", "conv1", "x", m.normal(8, 8, 3, 3), pads=[1] * 4)
    m.node("Relu", "relu1")
    m.node("Conv", "conv2", m.last, m.normal(8, 8, 3, 3), pads=[1] * 4)
    m.node("Add", "add", m.last, kept)
    m.node("Relu", "relu2")
    return m


def inverted() -> Maker:
    m = Maker(1, 8, 10, 10)
    m.node("Conv", "expand", "x", m.normal(24, 8, 1, 1))
    m.node("Clip", "clip1", m.last, m.constant(np.float32(0)), m.constant(np.float32(6)))
    wide = m.node("Conv", "depthwise", m.last, m.normal(24, 1, 3, 3), group=24, pads=[1] * 4)
    m.node("GlobalAveragePool", "squeeze")
    m.node("Conv", "reduce", m.last, m.normal(6, 24, 1, 1))
    m.node("Relu", "relu")
    m.node("Conv", "excite", m.last, m.normal(24, 6, 1, 1))
    gate = m.node("HardSigmoid", "gate", alpha=1 / 6)
    m.node("Mul", "scale", wide, gate)
    m.node("Conv", "project", m.last, m.normal(8, 24, 1, 1))
    m.node("Add", "add", m.last, "x")
    return m


def attention() -> Maker:
    m = Maker(1, 6, 16)
    scale, shift = m.constant(np.ones(16, np.float32)), m.constant(np.zeros(16, np.float32))
    normed = m.node("LayerNormalization", "norm", "x", scale, shift, axis=-1)
    query = m.node("MatMul", "query", normed, m.normal(16, 16))
    key = m.node("MatMul", "key", normed, m.normal(16, 16))
    m.node("Transpose", "across", key, perm=[0, 2, 1])
    m.node("MatMul", "scores", query, m.last)
    m.node("Mul", "scaled", m.last, m.constant(np.float32(0.25)))
    share = m.node("Softmax", "share", axis=-1)
    value = m.node("MatMul", "value", normed, m.normal(16, 16))
    m.node("MatMul", "mixed", share, value)
    mixed = m.node("Add", "add", m.last, "x")
    m.node("MatMul", "up", mixed, m.normal(16, 32))
    up = m.last
    m.node("Div", "div", up, m.constant(np.float32(np.sqrt(2))))
    m.node("Erf", "erf")
    m.node("Add", "one", m.last, m.constant(np.float32(1)))
    m.node("Mul", "times", up, m.last)
    m.node("Mul", "gelu", m.last, m.constant(np.float32(0.5)))
    m.node("MatMul", "down", m.last, m.normal(32, 16))
    m.node("Add", "out", m.last, mixed)
    return m


MODELS = {
    "classifier": classifier,
    "residual": residual,
    "inverted": inverted,
    "attention": attention,
}


@pytest.mark.parametrize("name", MODELS)
def test_a_captured_model_computes_what_onnxruntime_computes(name, tmp_path):
    maker = MODELS[name]()
    path = maker.write(tmp_path / f"{name}.onnx")
    x = np.random.default_rng(9).normal(size=maker.shape).astype(np.float32)
    program = capture(path, {"": x}, "sm_90")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": x})
    run = program.run()
    (found,) = run.outputs.values()
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())
    assert not run.warnings
    # Stages are nodes of the model.
    stages = {one.stage for one in program.description.launches}
    assert stages <= {node.name for node in maker.nodes}
    assert len(stages) > 1


def room(program) -> int:
    """Bytes of a program's buffers."""
    return sum(one.nbytes for one in program.description.buffers.values())


@pytest.mark.parametrize("name", MODELS)
def test_in_half_precision_it_computes_the_same_to_a_half_s_error(name, tmp_path):
    maker = MODELS[name]()
    path = maker.write(tmp_path / f"{name}.onnx")
    x = np.random.default_rng(9).normal(size=maker.shape).astype(np.float32)
    program = capture(path, {"": x}, "sm_90", half=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": x})
    run = program.run()
    (found,) = run.outputs.values()
    # A half has 11 bits; sums of a few hundred products keep eight of them.
    assert np.abs(found - wanted).max() < np.abs(wanted).max() / 128
    assert (found != wanted).any()
    # Weights and what lies between kernels take half the room, but for what goes in and comes out
    # as floats, and no tensor core is asked for.
    floats = capture(path, {"": x}, "sm_90")
    ends = x.nbytes + wanted.nbytes
    assert room(program) - ends < 0.6 * (room(floats) - ends)
    kernels = load(program.description).machine.kernels.values()
    opcodes = {one.opcode for kernel in kernels for one in kernel.instructions}
    assert opcodes & {"HADD2", "HFMA2", "HMUL2"}
    assert "HMMA" not in opcodes


def test_a_weight_too_large_for_a_half_is_one_sentence(tmp_path):
    maker = Maker(1, 4)
    maker.node("Mul", "scaled", "x", maker.constant(np.float32(70000)))
    path = maker.write(tmp_path / "large.onnx")
    with pytest.raises(ProgramError, match=r"c0 holds 70000, and a half at most 65504"):
        capture(path, {"": np.zeros((1, 4), np.float32)}, "sm_90", half=True)


def test_captured_on_the_command_line_it_is_struck(tmp_path, capsys):
    path = classifier().write(tmp_path / "digits.onnx")
    folder, results = tmp_path / "program", tmp_path / "results"
    assert main(["capture", str(path), "--out", str(folder)]) == 0
    assert "launches of" in capsys.readouterr().out
    given = ["--mode", "iov", "--injections", "20", "--judge", "classes", "--workers", "1"]
    assert main(["campaign", str(folder), *given, "--out", str(results)]) == 0
    assert main(["tables", str(results)]) == 0
    assert "critical" in capsys.readouterr().out


def test_what_cannot_be_captured_is_one_sentence(tmp_path):
    with pytest.raises(ProgramError, match="cannot read the model"):
        input_shape(tmp_path / "none.onnx")
    path = attention().write(tmp_path / "attention.onnx")
    with pytest.raises(ProgramError, match=r"has the sides \[1, 6, 16\], which one picture does"):
        input_shape(path)
    with pytest.raises(ProgramError, match=r"the model's inputs are x; given are y"):
        capture(path, {"y": np.zeros(1, np.float32)}, "sm_90")
    maker = Maker(1, 4)
    maker.node("Det", "det")
    with pytest.raises(ProgramError, match=r"cannot run .*Det"):
        capture(maker.write(tmp_path / "det.onnx"), {"": np.zeros((1, 4), np.float32)}, "sm_90")
