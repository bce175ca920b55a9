"""Files that were made to harm: one sentence and exit status 2, before memory or time is spent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.networks import NetworkFiles

from softbeam import memory
from softbeam.cli import main

Capture = pytest.CaptureFixture[str]

NET = "[net]\nwidth={0}\nheight={0}\nchannels=3\n"
CONV = "[convolutional]\nfilters={0}\nsize={1}\npad=1\nactivation=leaky\n"


def refused(arguments: list[str], capsys: Capture) -> str:
    """Return the sentence that a command line is refused with."""
    assert main(arguments) == 2
    printed, said = capsys.readouterr()
    assert printed == ""
    assert said.startswith("softbeam: error: ")
    assert said.count("\n") == 1
    return said.removeprefix("softbeam: error: ").rstrip()


def zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "arguments",
    [
        ["classify", "{file}.cfg"],
        ["classify", "{file}.onnx"],
        ["classify", "{cfg}", "--weights", "{file}"],
        ["classify", "{cfg}", "--weights", "{weights}", "--names", "{file}"],
        ["classify", "{cfg}", "--weights", "{weights}", "--image", "{file}"],
        ["campaign", "{file}.toml"],
        ["disasm", "{file}.json"],
        ["disasm", "{file}.cubin"],
        ["disasm", "{cfg}", "--listing", "{file}"],
    ],
)
@pytest.mark.parametrize(("make", "what"), [(os.mkfifo, "a pipe"), (zeros, "a device")])
def test_nothing_is_read_but_files(
    network_files: NetworkFiles,
    tmp_path: Path,
    capsys: Capture,
    arguments: list[str],
    make: Callable[[Path], None],
    what: str,
) -> None:
    if ".onnx" in arguments[1]:
        pytest.importorskip("onnx", reason="the package onnx is not installed")
    words = {"file": tmp_path / "odd", "cfg": network_files.cfg, "weights": network_files.weights}
    given = [word.format(**words) for word in arguments]
    made = next(Path(word) for word in given if "odd" in word)
    make(made)
    message = refused(given, capsys)
    assert str(made) in message
    assert f"it is {what}, not a regular file" in message


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        (["classify", "{file}.cfg"], 2 << 20),
        (["classify", "{cfg}", "--weights", "{weights}", "--names", "{file}"], 1 << 40),
        (["classify", "{cfg}", "--weights", "{weights}", "--image", "{file}"], 1 << 40),
        (["classify", "{cfg}", "--weights", "{file}"], 1 << 40),
        (["classify", "{file}.onnx"], 1 << 42),
        (["campaign", "{file}.toml"], 1 << 40),
        (["disasm", "{file}.json"], 1 << 40),
    ],
)
def test_no_more_of_a_file_is_read_than_it_can_hold(
    network_files: NetworkFiles, tmp_path: Path, capsys: Capture, arguments: list[str], size: int
) -> None:
    if ".onnx" in arguments[1]:
        pytest.importorskip("onnx", reason="the package onnx is not installed")
    words = {"file": tmp_path / "odd", "cfg": network_files.cfg, "weights": network_files.weights}
    given = [word.format(**words) for word in arguments]
    made = next(Path(word) for word in given if "odd" in word)
    with made.open("wb") as file:
        file.truncate(size)
    assert str(made) in refused(given, capsys)


@pytest.mark.parametrize(
    "text",
    [
        # 40 GB of pixels, of weights, of columns; of many layers, each small enough.
        NET.format(8_000) + CONV.format(16, 3) + "[avgpool]\n",
        NET.format(8) + "[connected]\noutput=10000000\n[connected]\noutput=214\n" * 3,
        NET.format(4000) + CONV.format(3, 5) + "[avgpool]\n",
        NET.format(2000) + CONV.format(60, 1) * 80 + "[avgpool]\n",
        "[net]\nwidth=1\nheight=1\nchannels=2000000\n"
        "[convolutional]\nfilters=2000000\ngroups=2000000\n",
        "[net]\nwidth=1\nheight=1\nchannels=2000000\n[normalization]\n",
        NET.format(8) + "[activation]\n" * 12_000,
    ],
)
def test_a_network_without_room_is_refused_with_its_size(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2_000_000_000)
    cfg = tmp_path / "huge.cfg"
    cfg.write_text(text)
    assert main(["profile", str(cfg)]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert "needs" in message or "makes it more than 65,536 launches" in message
    assert "GB" in message or "launches" in message


def test_a_head_of_a_thousand_million_anchors_is_refused(tmp_path: Path, capsys: Capture) -> None:
    cfg = tmp_path / "head.cfg"
    for head in ("yolo", "region", "detection"):
        cfg.write_text(NET.format(8) + f"[{head}]\nnum=1000000000\n")
        message = refused(["classify", str(cfg)], capsys)
        assert f"num=1000000000 in [{head}]: it must be a whole number from 1 to 1024" in message


class TestModels:
    """ONNX models that ask for more than they hold."""

    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")

    def model(
        self, path: Path, nodes: list[object], constants: dict[str, np.ndarray], sides: list[int]
    ) -> Path:
        """Write a model of one convolution of 1 x 1 from `image` to `inner`, then `nodes`."""
        helper, number = self.onnx.helper, self.onnx.TensorProto.FLOAT
        constants = {"weights": np.ones((4, 3, 1, 1), np.float32), **constants}
        graph = helper.make_graph(
            [
                helper.make_node("Conv", ["image", "weights"], ["inner"]),
                *nodes,
                helper.make_node("GlobalAveragePool", ["last"], ["answer"]),
            ],
            "graph",
            [helper.make_tensor_value_info("image", number, sides)],
            [helper.make_tensor_value_info("answer", number, [1, 4, 1, 1])],
            [self.onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        opsets = [helper.make_opsetid("", 17)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        path.write_bytes(made.SerializeToString())
        return path

    @pytest.mark.parametrize("height", [2**62, 2**31, 60_000])
    def test_an_image_beyond_bounds(self, tmp_path: Path, capsys: Capture, height: int) -> None:
        same = self.onnx.helper.make_node("Relu", ["inner"], ["last"])
        path = self.model(tmp_path / "tall.onnx", [same], {}, [1, 3, height, 60_000])
        assert "has more than 2^31 - 1 numbers" in refused(["classify", str(path)], capsys)

    @pytest.mark.parametrize(
        ("op", "constants"),
        [
            ("ConstantOfShape", {"size": np.array([1, 1, 2**20, 2**20])}),
            ("Expand", {"one": np.ones(1, np.float32), "size": np.array([2**20, 2**20])}),
            (
                "Mul",
                {"one": np.ones((2**15, 1), np.float32), "other": np.ones((1, 2**15), np.float32)},
            ),
            ("Gather", {"table": np.ones((1, 2**10)), "where": np.zeros(2**16, np.int64)}),
        ],
    )
    def test_a_constant_beyond_bounds_is_not_computed(
        self, tmp_path: Path, capsys: Capture, op: str, constants: dict[str, np.ndarray]
    ) -> None:
        make = self.onnx.helper.make_node
        nodes = [
            make(op, [*constants], ["large"], name="the large one"),
            make("Add", ["inner", "large"], ["last"]),
        ]
        path = self.model(tmp_path / "constant.onnx", nodes, constants, [1, 3, 8, 8])
        assert f"{op} (1): 'the large one'" in refused(["classify", str(path)], capsys)

    def test_weights_in_another_file_that_is_larger_than_memory(
        self, tmp_path: Path, capsys: Capture
    ) -> None:
        path = tmp_path / "outside.onnx"
        same = self.onnx.helper.make_node("Relu", ["inner"], ["last"])
        model = self.onnx.load(str(self.model(path, [same], {}, [1, 3, 8, 8])))
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = self.onnx.TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "weights.bin"
        with (tmp_path / "weights.bin").open("wb") as file:
            file.write(np.ones(12, np.float32).tobytes())
            file.truncate(1 << 40)
        path.write_bytes(model.SerializeToString())
        # Of a file that goes on behind the weights only these are read.
        assert main(["classify", str(path)]) == 2
        assert "all its 4 numbers" in capsys.readouterr().err
        tensor.dims[:] = [4, 3, 2**20, 2**20]
        path.write_bytes(model.SerializeToString())
        assert "needs 211,106.2 GB of memory" in refused(["classify", str(path)], capsys)
        tensor.dims[:] = [4, 3, 1, 1]
        entry = tensor.external_data.add()
        entry.key, entry.value = "length", "1000000000000"
        path.write_bytes(model.SerializeToString())
        assert "has 1000000000000 bytes in another file" in refused(["classify", str(path)], capsys)


def test_what_could_not_be_reckoned_ends_in_a_sentence(
    network_files: NetworkFiles, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*given: object) -> None:
        raise MemoryError("Unable to allocate 3 GiB")

    monkeypatch.setattr("softbeam.network.workload.weights_hash", no_room)
    message = refused(["classify", *network_files.options], capsys)
    assert message == "out of memory (Unable to allocate 3 GiB); give a smaller network or input"
