"""Networks by name and by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from softbeam.errors import NetworkError
from softbeam.network import NETWORKS, load_network
from softbeam.network.layers import Convolution
from softbeam.network.weights import shipped_weights


def test_extraction_is_the_paper_network() -> None:
    network = load_network("extraction")
    layers = network.layers
    assert network.parameters == 23_455_400
    assert (len(layers), layers[-1].outputs) == (27, 1000)
    assert [layer.index for layer in layers if layer.type == "max"] == [1, 3, 8, 19]
    convolutions = [layer for layer in layers if isinstance(layer, Convolution)]
    assert [layer.index for layer in convolutions if not layer.batch_normalize] == [24]
    assert [layer.filters for layer in convolutions] == [
        *(64, 192, 128, 256, 256, 512),
        *(256, 512) * 4,
        *(512, 1024, 512, 1024, 512, 1024, 1000),
    ]
    assert [layer.name for layer in layers[:2]] == ["0 conv 64 7x7/2", "1 max 2x2/2"]
    assert network.classes is not None
    assert (len(network.classes), network.classes[946]) == (1000, "espresso")


def test_a_path_is_taken_and_named_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tiny.cfg"
    path.write_text("[net]\nwidth=4\nheight=4\nchannels=1\n[avgpool]\n")
    network = load_network(str(path))
    assert (network.name, network.classes, network.input_shape) == ("tiny", None, (1, 4, 4))


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(NetworkError, match=r"'alexnet'; known are extraction.*\.cfg"):
        load_network("alexnet")
    assert NETWORKS == ("extraction", "googlenet")


def test_an_absent_cfg_is_named() -> None:
    with pytest.raises(NetworkError, match=r"cannot read the network absent\.cfg"):
        load_network("absent.cfg")


def test_googlenet_has_nine_inception_modules_and_no_weights() -> None:
    network = load_network("googlenet")
    joins = [layer for layer in network.layers if layer.name.count(" ") == 5]
    assert [layer.output_shape[0] for layer in joins] == [
        256, 480, 512, 512, 512, 528, 832, 832, 1024,
    ]  # fmt: skip
    # The paper's table 1.
    assert [layer.output_shape[1] for layer in joins] == [28, 28, 14, 14, 14, 14, 14, 7, 7]
    assert network.parameters == 6_998_552
    assert network.classes is None
    with pytest.raises(NetworkError, match=r"googlenet.*give a Darknet \.weights file"):
        shipped_weights("googlenet", network.layers)


def test_class_names_are_read(tmp_path: Path) -> None:
    names = tmp_path / "my.names"
    # Darknet's own lists have more names than its networks have classes.
    given = [f"class {number}" for number in range(1200)]
    names.write_text("".join(f" {name}\n" for name in given))
    assert load_network("googlenet", names).classes == tuple(given)
    assert load_network("extraction", names).classes == tuple(given)
    names.write_text("cat\ndog\n")
    with pytest.raises(NetworkError, match=r"my\.names names 2 classes, but .* tells 1000 apart"):
        load_network("extraction", names)
    with pytest.raises(NetworkError, match=r"class names .*none\.names"):
        load_network("extraction", tmp_path / "none.names")
