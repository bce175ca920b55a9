"""Reading .cfg files: Darknet's defaults, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import NetworkError
from softbeam.network.cfg import parse_cfg, read_cfg
from softbeam.network.layers import Activation, AveragePool, Convolution, Dropout, MaxPool, Softmax

NET = "[net]\nwidth=16\nheight=12\nchannels=3\n"


def test_every_section_and_its_defaults() -> None:
    text = (
        "# a comment\n[network]\nbatch = 64\nwidth = 16\nheight=12\n; another\nchannels=3\n\n"
        "[conv]\nfilters = 8\nsize=3\nstride=2\npad=1\nbatch_normalize=1\nactivation=relu\n"
        "[convolutional]\npadding=2\nsize=3\n"
        "[dropout]\nprobability=.5\n"
        "[maxpool]\nsize=3\nstride=2\n"
        "[max]\nstride=2\npadding=0\n"
        "[avgpool]\n[softmax]\ngroups=1\ntemperature=2.5\n[cost]\ntype=sse\n"
    )
    assert parse_cfg(text, "a.cfg") == (
        Convolution(0, (3, 12, 16), 8, 3, 2, 1, True, Activation.RELU),
        Convolution(1, (8, 6, 8), 1, 3, 1, 2, False, Activation.LOGISTIC),
        Dropout(2, (1, 8, 10)),
        MaxPool(3, (1, 8, 10), 3, 2, 2),
        MaxPool(4, (1, 4, 5), 2, 2, 0),
        AveragePool(5, (1, 2, 2)),
        Softmax(6, (1, 1, 1), 2.5),
    )


@pytest.mark.parametrize(
    ("rest", "line", "reason"),
    [
        ("[yolo]\n", 5, r"unknown section \[yolo\]; known are"),
        ("[maxpool\n", 5, "unknown section"),
        ("[maxpool]\nsize=2\nsquare=2\n", 7, "unknown key 'square'.*stride, size, padding"),
        ("[maxpool]\nsize=two\n", 6, "size=two.*whole number from 1"),
        ("[maxpool]\nstride=0\n", 6, "stride=0"),
        ("[maxpool]\nstride=-1\n", 6, "stride=-1"),
        ("[maxpool]\nsize\n", 6, "neither a .section. nor a key=value"),
        ("[maxpool]\nsize=2\nsize=3\n", 7, "line 6 already"),
        ("[convolutional]\nactivation=mish\n", 6, "linear, leaky, logistic, relu"),
        ("[convolutional]\ngroups=2\n", 6, "groups=2.*must be 1"),
        ("[convolutional]\nbatch_normalize=2\n", 6, "from 0 to 1"),
        ("[softmax]\ngroups=4\n", 6, "groups=4.*must be 1"),
        ("[softmax]\ntemperature=0\n", 6, "above 0"),
        ("[softmax]\ntemperature=nan\n", 6, "above 0"),
        ("[convolutional]\nsize=99\n", 5, "0 conv 1 99x99/1 is too large for its 16x12 input"),
        ("[convolutional]\nfilters=2000000000\npad=1\n", 5, "more than 2.31 - 1 elements"),
        ("[dropout]\n", 5, "cannot be the first"),
        ("[avgpool]\n[net]\n", 6, "twice"),
        ("[cost]\n[avgpool]\n", 5, "must be the last"),
        ("", 1, "no layers"),
    ],
)
def test_errors_name_file_line_and_reason(rest: str, line: int, reason: str) -> None:
    with pytest.raises(NetworkError, match=rf"^a\.cfg, line {line}: .*{reason}"):
        parse_cfg(NET + rest, "a.cfg")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: the first section must be"),
        ("width=3\n", "line 1: the first section must be"),
        ("\n[avgpool]\n", "line 2: the first section must be"),
        ("[net]\nwidth=3\n[avgpool]\n", r"line 1: \[net\] needs height and channels"),
    ],
)
def test_a_file_must_begin_with_a_whole_net(text: str, reason: str) -> None:
    with pytest.raises(NetworkError, match=reason):
        parse_cfg(text, "a.cfg")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "binary.cfg").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.cfg", "binary.cfg"):
        with pytest.raises(NetworkError, match=f"cannot read the network .*{name}"):
            read_cfg(tmp_path / name)


@given(st.text(alphabet="[]=#;\n netmaxpolwidhgc0123456789-.²", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for start in ("", NET):
        outcome: object
        try:
            outcome = parse_cfg(start + text, "a.cfg")
        except NetworkError as error:
            outcome = str(error)
        if isinstance(outcome, str):
            assert outcome.startswith("a.cfg, line ")
        else:
            assert all(min(layer.output_shape) >= 1 for layer in outcome)
