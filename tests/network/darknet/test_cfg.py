"""Reading .cfg files: Darknet's defaults, and errors that name file and line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import NetworkError
from softbeam.network.darknet.cfg import parse_cfg, read_cfg
from softbeam.network.layers import (
    Activation,
    ActivationLayer,
    AveragePool,
    BatchNorm,
    Connected,
    Convolution,
    Crop,
    Detection,
    Dropout,
    Local,
    MaxPool,
    Normalization,
    Reorg,
    Route,
    Shortcut,
    Softmax,
    Upsample,
    Yolo,
)

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


def test_the_sections_of_detectors_and_of_branches() -> None:
    text = (
        "[net]\nwidth=16\nheight=8\nchannels=3\n"
        "[crop]\ncrop_height=8\ncrop_width=8\nflip=1\nangle=7\nexposure=1\nsaturation=1\n"
        "[conv]\nfilters=4\nsize=3\npad=1\nactivation=mish\n[max]\nstride=2\n"
        "[conv]\nfilters=8\ngroups=2\nactivation=linear\n"
        "[shortcut]\nfrom=-2\nactivation=leaky\nbeta=.5\n[upsample]\n[route]\nlayers = -1, 1\n"
        "[reorg]\nstride=2\n[batchnorm]\n[lrn]\nsize=3\nalpha=1\n[activation]\nactivation=elu\n"
        "[local]\nsize=3\npad=1\nfilters=14\n[yolo]\nclasses=2\nnum=3\nmask=0,2\n"
        "anchors=1,2, 3,4, 5,6\nmax=90\n[conn]\noutput=20\nbatch_normalize=1\nactivation=relu\n"
        "[softmax]\ngroups=4\n[detection]\nside=1\nnum=2\nclasses=10\ncoords=4\n"
    )
    leaky, anchors = Activation.LEAKY, ((1.0, 2.0), (5.0, 6.0))
    assert parse_cfg(text, "a.cfg") == (
        Crop(0, (3, 8, 16), 8, 8),
        Convolution(1, (3, 8, 8), 4, 3, 1, 1, False, Activation.MISH),
        MaxPool(2, (4, 8, 8), 2, 2, 1),
        Convolution(3, (4, 4, 4), 8, 1, 1, 0, False, Activation.LINEAR, 2),
        Shortcut(4, (8, 4, 4), 2, (4, 4, 4), leaky, 1.0, 0.5),
        Upsample(5, (8, 4, 4), 2, 1.0),
        Route(6, (12, 8, 8), ((5, 512), (1, 256))),
        Reorg(7, (12, 8, 8), 2),
        BatchNorm(8, (48, 4, 4)),
        Normalization(9, (48, 4, 4), 3, 1.0, 0.75, 1.0),
        ActivationLayer(10, (48, 4, 4), Activation.ELU),
        Local(11, (48, 4, 4), 14, 3, 1, 1, Activation.LOGISTIC),
        Yolo(12, (14, 4, 4), anchors, 2),
        Connected(13, (14, 4, 4), 20, True, Activation.RELU),
        Softmax(14, (20, 1, 1), 1.0, 4),
        Detection(15, (20, 1, 1), 1, 2, 10, 4, False),
    )


@pytest.mark.parametrize(
    ("rest", "line", "reason"),
    [
        ("[tree]\n", 5, r"unknown section '\[tree\]'; known are"),
        ("[gru]\n", 5, r"\[gru\] is recurrent, which softbeam does not run$"),
        ("[maxpool\n", 5, "unknown section"),
        ("[maxpool]\nsize=2\nsquare=2\n", 7, "unknown key 'square'.*stride, size, padding"),
        ("[maxpool]\nsize=two\n", 6, "size=two.*whole number from 1"),
        ("[maxpool]\nstride=0\n", 6, "stride=0"),
        ("[maxpool]\nstride=-1\n", 6, "stride=-1"),
        ("[maxpool]\nsize\n", 6, "neither a .section. nor a key=value"),
        ("[maxpool]\nsize=2\nsize=3\n", 7, "line 6 already"),
        ("[convolutional]\nactivation=gelu\n", 6, "leaky, lhtan, linear, loggy, logistic, mish"),
        ("[convolutional]\nactivation=rectifier\n", 6, "must be one of"),
        ("[convolutional]\nfilters=4\ngroups=2\n", 5, "must divide the 3 channels and 4 filters"),
        ("[convolutional]\nbatch_normalize=2\n", 6, "from 0 to 1"),
        ("[softmax]\ngroups=5\n", 5, "groups=5 must divide the 576 inputs"),
        ("[softmax]\ntree=a.tree\n", 6, "hierarchical"),
        ("[route]\n", 5, "needs layers="),
        ("[route]\nlayers=-1\n", 5, "-1 names layer -1"),
        ("[route]\nlayers=0\n", 5, "0 names layer 0"),
        ("[route]\nlayers=a\n", 6, "layers=a"),
        ("[max]\nstride=2\n[route]\nlayers=-1,7\n", 7, "7 names layer 7"),
        (
            "[max]\nstride=2\n[max]\nstride=2\n[route]\nlayers=0,-1\n",
            9,
            "layer 0 max 2x2/2 of 8x6 pixels with layer 1 max 2x2/2 of 4x3",
        ),
        ("[shortcut]\n", 5, "needs from="),
        ("[shortcut]\nfrom=-1\n", 5, "names layer -1"),
        (
            "[max]\nsize=1\n[max]\nsize=5\nstride=2\npadding=0\n[shortcut]\nfrom=0\n",
            11,
            "of 16x12 pixels to 6x4",
        ),
        ("[reorg]\nstride=2\n", 5, "its square the 3 channels"),
        ("[crop]\ncrop_height=13\ncrop_width=4\n", 5, "crops 4x13 pixels .* 16x12"),
        ("[local]\nsize=5\npad=1\n", 5, "size=5 and stride=1 .* 16x12 pixels; with size=3"),
        ("[lrn]\nsize=9\n", 5, "twice the 3 channels"),
        ("[lrn]\nbeta=inf\n", 6, "must be a number"),
        ("[upsample]\nstride=-2\n", 6, "stride=-2"),
        ("[yolo]\nclasses=2\n", 5, "takes 1344 elements; the layer before has 576"),
        ("[yolo]\nnum=2\nanchors=1,2,3\n", 5, "needs 4 numbers"),
        ("[yolo]\nnum=2\nmask=2\n", 5, "more than the 2 anchors"),
        ("[region]\ncoords=3\n", 6, "coords=3"),
        ("[detection]\nsoftmax=1\n", 6, "must be 0"),
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


def test_all_errors_are_said_at_once_in_the_order_of_the_lines() -> None:
    text = NET + (
        "[maxpool]\nsize=two\nsquare=2\n[tree]\noutput=3\n[tree]\n[max]\nstride=0\nround=1\nstride=2\n"
        "[avgpool]\nsquare\n[net]\nwidth=3\nheight=3\nchannels=3\n"
    )
    with pytest.raises(NetworkError) as caught:
        parse_cfg(text, "a.cfg")
    said = str(caught.value)
    assert said.count("known are") == 2
    places = [
        "a.cfg, line 6: size=two in [maxpool]: it must be a whole number from 1",
        "; line 7: unknown key 'square' in [maxpool]; known are stride, size, padding, stride_x",
        "; lines 8, 10: unknown section '[tree]'; known are [net]",
        "; line 12: stride=0 in [maxpool]: it must be",
        "; line 13: unknown key 'round' in [maxpool]",
        "; line 14: 'stride' was given in line 12 already; give it once",
        "; line 16: 'square' is neither a [section] nor a key=value",
        "; line 17: [net] is given twice; give it once, first",
    ]
    found = [said.find(place) for place in places]
    assert -1 not in found
    assert found == sorted(found)


def test_very_many_errors_are_counted() -> None:
    text = NET + "".join(f"[maxpool]\nkey{number}=1\n" for number in range(30))
    with pytest.raises(NetworkError, match=r"line 44: unknown key 'key19' .*; and 10 more$"):
        parse_cfg(text, "a.cfg")
    text = NET + "[rnn]\n" * 9
    with pytest.raises(NetworkError, match=r"lines 5, 6, 7, 8, 9 and 4 more: .rnn. is recurrent"):
        parse_cfg(text, "a.cfg")


def test_comments_behind_values_and_sections_are_left_out() -> None:
    text = "[network] # a\nwidth=16;b\nheight=12 #c\nchannels=3\n[conv]#d\nfilters=40#32\n"
    text += "activation = relu # not leaky\n[route]\nlayers = -1,\n"
    convolution, route = parse_cfg(text, "a.cfg")
    assert convolution == Convolution(0, (3, 12, 16), 40, 1, 1, 0, False, Activation.RELU)
    assert route.output_shape == (40, 12, 16)


def test_the_other_dialect_s_keys_of_training_are_passed_over_and_listed_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    text = NET + (
        "mosaic=1\nletter_box=1\nmax_chart_loss=10\n"
        "[conv]\nfilters=14\nactivation=linear\ndilation=1\nantialiasing=0\nassisted_excitation=4000\n"
        "[route]\nlayers=-1\ngroups=1\ngroup_id=0\n"
        "[yolo]\nclasses=2\nnum=2\nscale_x_y = 1.0\nnew_coords=0\niou_loss=ciou\n"
        "nms_kind=greedynms\nbeta_nms=0.6\nmax_delta=5\n[yolo]\nclasses=2\nnum=2\niou_loss=ciou\n"
    )
    plain = NET + (
        "[conv]\nfilters=14\nactivation=linear\n[route]\nlayers=-1\n"
        "[yolo]\nclasses=2\nnum=2\n[yolo]\nclasses=2\nnum=2\n"
    )
    assert parse_cfg(text, "a.cfg") == parse_cfg(plain, "b.cfg")
    assert caplog.messages[0] == (
        "a.cfg: passed over, as only training uses them: assisted_excitation, iou_loss, "
        "letter_box, max_chart_loss, max_delta, mosaic"
    )
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("line", ["coordconv=1", "bin_output=1", "rotate=1", "reverse=1"])
def test_what_changes_inference_in_unknown_ways_is_refused(line: str) -> None:
    with pytest.raises(NetworkError, match=f"line 6: {line} in .conv.*.: it must be 0, as softb"):
        parse_cfg(f"{NET}[convolutional]\n{line}\n", "a.cfg")


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


def test_files_of_other_editors_are_read(tmp_path: Path) -> None:
    """A byte-order mark, line ends of DOS, comments in another encoding, keys of training twice."""
    path = tmp_path / "a.cfg"
    text = NET.replace("[net]\n", "[net]\n# caf\xe9\nbatch=1\nseen=3\n#batch=8\nbatch=64\n")
    text += "[avgpool]\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode("latin-1"))
    assert read_cfg(path) == parse_cfg(NET + "[avgpool]\n", "a.cfg")


def test_long_junk_is_cut() -> None:
    with pytest.raises(NetworkError) as caught:
        parse_cfg(NET + "[maxpool]\nsize=" + "9" * 10_000, "a.cfg")
    assert len(str(caught.value)) < 200


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
            assert outcome.startswith("a.cfg, line")
        else:
            assert all(min(layer.output_shape) >= 1 for layer in outcome)
