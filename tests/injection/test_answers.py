"""Answers that cannot be judged are refused before anything is struck."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from softbeam.cli import main
from softbeam.errors import NetworkError
from softbeam.injection.answers import check_fault_free, check_meaning
from softbeam.network import load_network
from softbeam.network.darknet.weights import write_weights
from softbeam.network.golden import golden_run
from softbeam.network.weights import random_weights

NET = "[net]\nwidth=6\nheight=6\nchannels=3\n"
CONV = "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
CLASSIFIER = NET + CONV + CONV + "[avgpool]\n[softmax]\n"
DETECTOR = (
    NET + CONV.replace("filters=4", "filters=12") + "[yolo]\nclasses=1\nnum=2\nanchors=1,1,2,2\n"
)

Change = Callable[[dict[str, np.ndarray]], object]


def fault_free(tmp_path: Path, text: str, change: Change, image: float = 0.5) -> None:
    """Check the golden run of a network whose random weights are changed."""
    cfg = tmp_path / "net.cfg"
    cfg.write_text(text)
    network = load_network(str(cfg))
    weights = random_weights(network.layers, seed=1)
    change(weights)
    pixels = np.full(network.layers[0].inputs, image, dtype=np.float32)
    check_fault_free(golden_run(network.plan(), weights, pixels))


@pytest.mark.parametrize("text", [CLASSIFIER, DETECTOR])
def test_a_usual_answer_is_let_through(tmp_path: Path, text: str) -> None:
    fault_free(tmp_path, text, lambda weights: None)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("text", [CLASSIFIER, DETECTOR])
def test_weights_that_are_not_finite_are_named(tmp_path: Path, text: str, number: float) -> None:
    def spoil(weights: dict[str, np.ndarray]) -> None:
        weights["0.weights"][3] = number

    with pytest.raises(
        NetworkError,
        match=r"net holds NaN or infinity, first in the output of "
        r"layer 0 conv \d+ 3x3/1, as are its weights; give weights",
    ):
        fault_free(tmp_path, text, spoil)


def test_an_output_that_overflows_is_named(tmp_path: Path) -> None:
    def grow(weights: dict[str, np.ndarray]) -> None:
        for name in ("0.weights", "1.weights"):
            weights[name][:] = 1e30

    with pytest.raises(NetworkError, match=r"first in the output of layer 1 conv 4 3x3/1; give"):
        fault_free(tmp_path, CLASSIFIER, grow)


def test_an_input_that_is_not_finite_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="holds NaN or infinity, first in the input; give"):
        fault_free(tmp_path, CLASSIFIER, lambda weights: None, image=np.nan)


def test_an_answer_without_a_first_class_is_refused(tmp_path: Path) -> None:
    def empty(weights: dict[str, np.ndarray]) -> None:
        weights["1.weights"][:] = 0
        weights["1.biases"][:] = 0

    with pytest.raises(
        NetworkError,
        match=r"net is 0\.25 in all its 4 numbers, which are all alike first in the output of "
        r"layer 1 conv 4 3x3/1, as are its biases and weights; give the network's own weights",
    ):
        fault_free(tmp_path, CLASSIFIER, empty)


@pytest.mark.parametrize(
    "ending", ["[avgpool]\n", "[connected]\noutput=9\n", "[maxpool]\nsize=6\nstride=6\npadding=0\n"]
)
def test_scores_of_classes_are_a_list(tmp_path: Path, ending: str) -> None:
    cfg = tmp_path / "net.cfg"
    cfg.write_text(NET + CONV + ending)
    network = load_network(str(cfg))
    check_meaning(network, network.plan())


@pytest.mark.parametrize(
    ("ending", "shape"),
    [
        ("", "4x6x6"),
        ("[maxpool]\nsize=6\nstride=1\npadding=2\n", "4x3x3"),
        ("[connected]\noutput=1\n", "one number"),
    ],
)
def test_what_is_no_list_of_scores_is_refused(tmp_path: Path, ending: str, shape: str) -> None:
    cfg = tmp_path / "net.cfg"
    cfg.write_text(NET + CONV + ending)
    network = load_network(str(cfg))
    with pytest.raises(NetworkError, match=f"the answer of net is {shape}, not a list of scores"):
        check_meaning(network, network.plan())


@pytest.mark.parametrize(
    ("ending", "sides"),
    [("GlobalAveragePool", (1, 4, 1, 1)), ("Flatten", (1, 144)), ("Relu", (1, 4, 6, 6))],
)
def test_the_model_says_what_shape_its_answer_has(
    tmp_path: Path, ending: str, sides: tuple[int, ...]
) -> None:
    """A map whose numbers stand one behind the other is a map still."""
    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    weights = onnx.numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "weights")
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "weights"], ["inner"]),
            helper.make_node(ending, ["inner"], ["answer"]),
        ],
        "graph",
        [helper.make_tensor_value_info("image", number, (1, 3, 6, 6))],
        [helper.make_tensor_value_info("answer", number, sides)],
        [weights],
    )
    opsets = [helper.make_opsetid("", 17)]
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
    network = load_network(str(path))
    if ending == "GlobalAveragePool":
        check_meaning(network, network.plan())
    else:
        with pytest.raises(NetworkError, match="the answer of model is 4x6x6, not a list"):
            check_meaning(network, network.plan())


@pytest.mark.parametrize("command", [["classify"], ["campaign", "--mode", "rf"]])
@pytest.mark.parametrize(
    ("text", "message"), [(NET + CONV, "4x6x6, not a list"), (CLASSIFIER, "NaN or infinity")]
)
def test_the_command_line_refuses_such_answers(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    text: str,
    message: str,
) -> None:
    cfg, weights = tmp_path / "net.cfg", tmp_path / "net.weights"
    cfg.write_text(text)
    layers = load_network(str(cfg)).layers
    values = random_weights(layers, seed=1)
    values["0.biases"][:] = np.nan
    write_weights(weights, layers, values)
    out = ["--out", str(tmp_path / "run")] if command[0] == "campaign" else []
    assert main([*command, str(cfg), "--weights", str(weights), *out]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
