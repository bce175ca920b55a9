"""Weights: the shipped ones, and .weights files, read and written."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import NetworkError
from softbeam.network import load_network
from softbeam.network.darknet.weights import read_weights, write_weights
from softbeam.network.layers import Activation, Convolution, Layer, MaxPool, trained_buffers
from softbeam.network.weights import shipped_weights

LAYERS: tuple[Layer, ...] = (
    Convolution(0, (3, 8, 8), 4, 3, 1, 1, True, Activation.LEAKY),
    MaxPool(1, (4, 8, 8), 2, 2, 1),
    Convolution(2, (4, 4, 4), 5, 1, 1, 0, False, Activation.LINEAR),
)
WORDS = 4 * 4 + 4 * 27 + 5 + 5 * 4


def weights_file(tmp_path: Path, header: bytes, words: int = WORDS) -> Path:
    path = tmp_path / "some.weights"
    path.write_bytes(header + np.arange(words, dtype="<f4").tobytes())
    return path


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(struct.pack("<4i", 0, 1, 0, 7), id="0.1"),
        pytest.param(struct.pack("<3iQ", 0, 2, 0, 7), id="0.2"),
        pytest.param(struct.pack("<3iQ", 1, 0, 0, 7), id="1.0"),
        pytest.param(struct.pack("<4i", 1001, 0, 0, 7), id="transposed"),
    ],
)
def test_the_order_is_darknets(tmp_path: Path, header: bytes) -> None:
    weights = read_weights(weights_file(tmp_path, header), LAYERS)
    starts = {name: array[0] for name, array in weights.items()}
    assert starts == {
        "0.biases": 0,
        "0.scales": 4,
        "0.rolling_mean": 8,
        "0.rolling_variance": 12,
        "0.weights": 16,
        "2.biases": 124,
        "2.weights": 129,
    }
    assert np.concatenate(list(weights.values())).tolist() == list(range(WORDS))
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_what_is_written_is_read_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, seed: int, seen: int
) -> None:
    bits = np.random.default_rng(seed).integers(0, 2**32, WORDS, dtype=np.uint32)
    buffers, weights = iter(np.split(bits.view(np.float32), [4, 8, 12, 16, 124, 129])), {}
    for name in trained_buffers(LAYERS):
        weights[name] = next(buffers)
    path = tmp_path_factory.mktemp("weights") / "a.weights"
    write_weights(path, LAYERS, weights, seen)
    again = read_weights(path, LAYERS)
    assert list(again) == list(weights)
    for name, array in again.items():
        assert np.array_equal(array.view(np.uint32), weights[name].view(np.uint32))
    assert path.read_bytes()[:20] == struct.pack("<3iQ", 0, 2, 0, seen)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (WORDS - 1, r"ends within 2\.weights of layer 2 conv 5 1x1/1.*needs 616 bytes.*has 612"),
        (10, r"ends within 0\.rolling_mean of layer 0 conv 4 3x3/1.*needs 616 bytes.*has 60"),
        (WORDS + 1, r"goes on .*layer 2 conv 5 1x1/1.*needs 616 bytes.*has 620"),
    ],
)
def test_files_of_another_length_are_refused(tmp_path: Path, words: int, reason: str) -> None:
    path = weights_file(tmp_path, struct.pack("<3iQ", 0, 2, 0, 7), words)
    with pytest.raises(NetworkError, match=rf"some\.weights {reason}"):
        read_weights(path, LAYERS)


@pytest.mark.parametrize("size", [0, 11, 15, 19])
def test_files_without_a_whole_header_are_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "short.weights"
    path.write_bytes(struct.pack("<3iQ", 0, 2 if size > 15 else 0, 0, 0)[:size])
    with pytest.raises(NetworkError, match=rf"short\.weights has {size} bytes, too few"):
        read_weights(path, LAYERS)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.weights", tmp_path):
        with pytest.raises(NetworkError, match=f"cannot read the weights {path}"):
            read_weights(path, LAYERS)


def test_weights_that_do_not_fit_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.weights"
    weights = {name: np.zeros(words, np.float32) for name, words in trained_buffers(LAYERS).items()}
    weights["2.biases"] = np.zeros(4, np.float32)
    with pytest.raises(NetworkError, match=r"2\.biases of layer 2 conv .*\(4,\).*\(5,\)"):
        write_weights(path, LAYERS, weights)
    del weights["2.biases"]
    with pytest.raises(NetworkError, match=r"no 2\.biases"):
        write_weights(path, LAYERS, weights)
    assert not path.exists()


def test_the_shipped_weights_fit_extraction() -> None:
    layers = load_network("extraction").layers
    weights = shipped_weights("extraction", layers)
    assert {name: array.shape for name, array in weights.items()} == {
        name: (words,) for name, words in trained_buffers(layers).items()
    }
    assert all(array.dtype == np.float32 for array in weights.values())
    assert all(np.isfinite(array).all() for array in weights.values())
    # Float16 widened: the low 13 bits of a normal float32 are zero.
    assert not (weights["7.weights"].view(np.uint32) & 0x1FFF).any()
    assert all(weights[f"{layer}.rolling_variance"].min() > 0 for layer in (0, 2, 23))


def test_only_extraction_has_shipped_weights() -> None:
    with pytest.raises(NetworkError, match=r"'tiny', only for extraction; give a Darknet"):
        shipped_weights("tiny", LAYERS)
    with pytest.raises(NetworkError, match=r"shipped weights.*0\.biases of layer 0"):
        shipped_weights("extraction", LAYERS[:1] + LAYERS[:1])
