"""Networks in AlexeyAB's dialect beside NumPy, layer by layer, and what they launch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.alexeyab import Forward

from softbeam.errors import NetworkError
from softbeam.network.buffers import output_buffers
from softbeam.network.catalogue import load_network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.darknet.cfg import parse_cfg
from softbeam.network.darknet.weights import read_weights, write_weights
from softbeam.network.golden import golden_run
from softbeam.network.layers import trained_buffers
from softbeam.network.planner import make_plan
from softbeam.network.weights import random_weights

NET = "[net]\nwidth={width}\nheight={height}\nchannels=3\n"


def convolution(filters: int, size: int = 1, activation: str = "leaky", more: str = "") -> str:
    normed = "" if "batch_normalize" in more else "batch_normalize=1\n"
    return (
        f"[convolutional]\n{normed}filters={filters}\nsize={size}\npad=1\n{more}"
        f"activation={activation}\n"
    )


def squeezed(channels: int) -> str:
    """Return a squeeze and an excitation, as efficientnet_b0 and enet-coco have them."""
    return (
        "[avgpool]\n"
        + convolution(4, 1, "swish", "batch_normalize=0\n")
        + convolution(channels, 1, "logistic", "batch_normalize=0\n")
        + "[scale_channels]\nfrom=-4\n"
    )


def head(filters: int, more: str = "", activation: str = "linear") -> str:
    return (
        convolution(filters, 1, activation, "batch_normalize=0\n")
        + "[yolo]\nmask=0,2\nanchors=10,14, 23,27, 37,58\nclasses=2\nnum=3\n"
        + more
    )


#: A residual part split in two, as yolov4-tiny and yolov4 have them.
SPLIT = (
    convolution(8, 3)
    + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"
    + convolution(4, 3)
    + convolution(4, 3, "mish")
    + "[route]\nlayers=-1,-2\n"
    + convolution(8, 1, "mish")
    + "[route]\nlayers=-6,-1\n"
)

SPP = (
    "[maxpool]\nsize=5\n[route]\nlayers=-2\n[maxpool]\nsize=9\n[route]\nlayers=-4\n"
    "[maxpool]\nsize=13\n[route]\nlayers=-1,-3,-5,-6\n"
)

ACTIVATIONS = (
    *("swish", "hard_mish", "relu6", "relu", "tanh", "logistic", "normalize_channels"),
    *("normalize_channels_softmax", "normalize_channels_softmax_maxval", "mish"),
)

#: Networks of the forms of public ones, and every other feature.
NETWORKS = {
    "yolov4-tiny": convolution(8, 3, more="stride=2\n")
    + SPLIT
    + "[maxpool]\nsize=2\nstride=2\n"
    + head(14, "scale_x_y=1.05\n")
    + "[route]\nlayers=-3\n"
    + convolution(4)
    + "[upsample]\n[route]\nlayers=-1,3\n"
    + head(14, "scale_x_y=1.05\nnms_kind=greedynms\nbeta_nms=0.6\n"),
    "yolov4": convolution(6, 3, "mish", "stride=2\n")
    + convolution(6, 3, "mish")
    + "[shortcut]\nfrom=-2\nactivation=linear\n"
    + SPP
    + head(14, "scale_x_y=1.2\n"),
    "yolov7-tiny": convolution(6, 3, more="stride=2\n")
    + "[route]\nlayers=-1\n"
    + convolution(6)
    + "[route]\nlayers=-3,-1\n"
    + head(14, "scale_x_y=2.0\nnew_coords=1\nnms_kind=diounms\n", "logistic"),
    "csresnext50": convolution(8, 7, more="stride=2\n")
    + convolution(8, 3, more="groups=4\n")
    + convolution(8, 1, "linear")
    + "[shortcut]\nfrom=-3\nactivation=leaky\n"
    + SPP
    + head(14, "scale_x_y=1.1\n"),
    "efficientnet": convolution(6, 3, "swish", "stride=2\n")
    + convolution(6, 5, "swish", "groups=6\n")
    + squeezed(6)
    + convolution(6, 1, "linear")
    + "[dropout]\nprobability=.2\n[shortcut]\nfrom=-8\n"
    + "[avgpool]\n[softmax]\n",
    "sam": convolution(6, 3)
    + convolution(6, 1, "logistic")
    + "[sam]\nfrom=-2\nactivation=leaky\n"
    + convolution(1, 1, "relu6")
    + "[scale_channels]\nfrom=-2\nscale_wh=1\nactivation=relu\n"
    + "[avgpool]\n",
    "activations": "".join(convolution(4, 3, name) for name in ACTIVATIONS)
    + "[activation]\nactivation=relu6\n[avgpool]\n",
    "sums": convolution(6, 3)
    + convolution(4, 3)
    + convolution(8, 3)
    + convolution(6, 3)
    + "[shortcut]\nfrom=-2,-3\nactivation=swish\n"
    + "[shortcut]\nfrom=-2,0,-4\nweights_type=per_feature\nweights_normalization=relu\n"
    + "[shortcut]\nfrom=-4\nweights_type=per_channel\nweights_normalization=softmax\n"
    + "[shortcut]\nfrom=1,2\nweights_type=per_channel\nweights_normalization=avg_relu\n"
    + "[shortcut]\nfrom=2\nactivation=leaky\n[avgpool]\n",
    "windows": convolution(6, 3, more="stride_x=2\nstride_y=1\n")
    + convolution(6, 3, more="dilation=2\n")
    + convolution(6, 5, more="dilation=3\ngroups=3\n")
    + convolution(6, 3, more="stride=2\nantialiasing=1\n")
    + "[maxpool]\nsize=3\nstride_x=1\nstride_y=2\n"
    + "[maxpool]\nsize=2\nstride=2\nantialiasing=2\n[local_avgpool]\nsize=3\nstride=1\n"
    + "[maxpool]\nmaxpool_depth=1\nout_channels=2\n[avgpool]\n",
    "shared": convolution(6, 3)
    + convolution(6, 3, more="dilation=3\n")
    + "[route]\nlayers=0\n"
    + convolution(6, 3, "swish", "share_index=1\ndilation=2\n")
    + convolution(6, 3, more="share_index=-1\n")
    + "[avgpool]\n"
    + convolution(5, 1, "linear", "batch_normalize=0\n")
    + convolution(5, 1, "linear", "batch_normalize=0\n")
    + convolution(5, 1, "linear", "batch_normalize=0\nshare_index=7\n"),
    "others": "[depthwise_convolutional]\nbatch_normalize=1\nsize=3\npad=1\nactivation=relu\n"
    + convolution(8, 3, "swish")
    + "[batchnorm]\n[empty]\n[reorg3d]\nstride=2\n"
    + convolution(6, 1, "linear", "batch_normalize=0\n")
    + "[avgpool]\n",
}

SIZES = {"width": 24, "height": 16}


def weights_of(layers, seed: int) -> dict[str, np.ndarray]:  # type: ignore[no-untyped-def]
    """Return random weights, with some channels that hardly vary and some that vary much."""
    weights, rng = random_weights(layers, seed), np.random.default_rng(seed)
    for name, values in weights.items():
        if name.endswith("rolling_variance"):
            values[:] *= rng.choice([0.5, 1, 3], values.size).astype(np.float32)
            values[: values.size // 4] = 1e-4
        elif name.endswith("scales"):
            values[: values.size // 4] *= np.float32(0.01)
    return weights


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_is_what_numpy_makes_of_it(name: str, tmp_path: Path) -> None:
    text = NET.format(**SIZES) + NETWORKS[name]
    cfg, file = tmp_path / "a.cfg", tmp_path / "a.weights"
    cfg.write_text(text)
    network = load_network(str(cfg))
    write_weights(file, network.layers, weights_of(network.layers, 1))
    weights = read_weights(file, network.layers)
    image = np.random.default_rng(2).random(network.layers[0].inputs, dtype=np.float32)
    plan = network.plan()
    golden, theirs = golden_run(plan, weights, image), Forward(text, file)(image)
    end = {launch.layer: launch.index + 1 for launch in plan.launches}
    last = 0
    outputs = output_buffers(network.layers)
    for layer, buffer, wanted in zip(network.layers, outputs, theirs, strict=True):
        last = end.get(layer.index, last)
        found = golden.view(buffer, last)[: layer.outputs].view(np.float32)
        assert layer.output_shape == wanted.shape, layer.name
        assert layer.alexeyab, layer.name
        size = np.abs(wanted).max()
        assert size > 1e-3, layer.name
        np.testing.assert_allclose(
            found.reshape(wanted.shape), wanted, rtol=0, atol=1e-5 * size, err_msg=layer.name
        )


@pytest.mark.parametrize("name", NETWORKS)
def test_a_plan_reads_what_is_given_or_written_before(name: str) -> None:
    layers = parse_cfg(NET.format(**SIZES) + NETWORKS[name], "a.cfg")
    plan = make_plan("a", layers)
    written = {plan.input, *trained_buffers(layers)}
    written |= {f"{layer.index}.{one}" for layer in layers for one in layer.constants}
    # Biases of a blur stay 0.
    written |= {one for one in plan.buffers if one.endswith("blur_biases")}
    for launch in plan.launches:
        for span in (*launch.reads, *launch.writes):
            assert 1 <= span.words <= plan.buffers[span.buffer].words - span.start
        assert {span.buffer for span in launch.reads} <= written
        written |= {span.buffer for span in launch.writes}
    assert written >= set(plan.outputs)


def launched(text: str, **choices: str) -> list[str]:
    """Return the kernels that a network launches, each once where it repeats."""
    layers = parse_cfg(NET.format(**SIZES) + text, "a.cfg")
    launches = make_plan("a", layers, WorkloadChoices(gemm="library", **choices)).launches
    return [one.kernel for one in launches]


def test_what_is_launched_is_what_that_darknet_launches() -> None:
    three, one = convolution(4, 3, "swish"), convolution(4, 1, "linear")
    normed = ["normalize_inside", "scale_bias", "add_bias"]
    wide = ["fill", "im2col_ext", "gemm", *normed, "activate_swish"]
    assert launched(three + one) == [*wide, "fill", "gemm", *normed]
    # Nothing of training's is cleared or copied, whatever is said of im2col.
    assert launched(three + one, im2col="always") == launched(three + one)
    assert launched(three + "[shortcut]\nfrom=-1\n") == [*wide, "shortcut_simple"]
    parts = "[route]\nlayers=-1\ngroups=2\n"
    assert launched(convolution(4, 3) + parts)[-2:] == ["activate_leaky", "copy"]


def test_files_that_every_darknet_knows_are_run_as_before() -> None:
    text = convolution(4, 3, "mish") + "[route]\nlayers=-1\ngroups=1\n[maxpool]\nstride=2\n"
    text += "[shortcut]\nfrom=-1\nweights_type=none\nweights_normalization=none\n"
    assert not any(layer.alexeyab for layer in parse_cfg(NET.format(**SIZES) + text, "a.cfg"))
    kernels = launched(text)
    assert {"normalize", "im2col", "activate_array", "shortcut"} <= set(kernels)
    assert not {"normalize_inside", "im2col_ext", "shortcut_simple"} & set(kernels)


def test_buffers_of_training_are_not_allocated() -> None:
    layers = parse_cfg(NET.format(**SIZES) + convolution(4, 3, "swish"), "a.cfg")
    names = [name for name in make_plan("a", layers).buffers if name.startswith("0.")]
    own = "weights biases output rolling_mean rolling_variance scales activation_input"
    assert names == [f"0.{name}" for name in own.split()]


def test_a_part_of_a_route_is_told_in_its_name() -> None:
    text = convolution(4, 3) + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"
    layers = parse_cfg(NET.format(**SIZES) + text, "a.cfg")
    assert layers[1].name == "1 route 0 1/2"
    assert layers[1].output_shape == (2, 16, 24)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("[route]\nlayers=-1\ngroups=2\ngroup_id=2\n", "group_id=2 of groups=2"),
        ("[route]\nlayers=-1\ngroups=3\n", "groups=3 must divide the 4 channels of layer 0 conv"),
        ("[shortcut]\nfrom=-1,-1\nbeta=2\n", "alpha or beta, which AlexeyAB's Darknet"),
        ("[shortcut]\nfrom=-1\nbeta=2\n[sam]\nfrom=-1\n", "alpha or beta, which AlexeyAB's Darkn"),
        ("[max]\nstride=2\n[shortcut]\nfrom=-1,-2\n", "of 24x16 pixels to 12x8.*the same"),
        (
            "[shortcut]\nfrom=-1,-1,-1,-1,-1,-1,-1\n",
            "adds 7 layers; softbeam's kernel adds up to 6",
        ),
        ("[shortcut]\nfrom=-1\nweights_type=per_layer\n", "needs weights_normalization=relu"),
        ("[shortcut]\nfrom=-1\nweights_type=some\n", "must be one of none, per_feature, per_layer"),
        ("[scale_channels]\n", "needs from="),
        ("[scale_channels]\nfrom=-1\n", r"shape \(4, 16, 24\); that must be \(4, 1, 1\)"),
        ("[avgpool]\n[scale_channels]\nfrom=0\nactivation=swish\n", "it gives zeros here"),
        ("[activation]\nactivation=hard_mish\n", "it gives zeros here in AlexeyAB's Darknet"),
        ("[shortcut]\nfrom=-1\nactivation=normalize_channels\n", "it gives zeros here"),
        ("[sam]\nfrom=-1\nactivation=mish\n", "activation=mish, which gives zeros here"),
        ("[conn]\nactivation=mish\n[conv]\nactivation=relu6\n", "it is for a .convol.* or a .sh"),
        ("[avgpool]\n[sam]\nfrom=0\n", r"\(4, 16, 24\) by an input of shape \(4, 1, 1\)"),
        ("[sam]\nfrom=0\nactivation=gelu\n", "must be one of elu, hard_mish"),
        ("[conv]\nsize=3\ndilation=2\n", "formulas disagree about the windows over 24x16"),
        ("[conv]\nsize=4\npad=1\ndilation=2\n", "with pad=1 and an odd size they agree"),
        ("[conv]\nantialiasing=3\n", "whole number from 0 to 2"),
        ("[conv]\nactivation=swish\npadding=1\n", "padding=1 around windows of one pixel"),
        ("[conv]\nfilters=4\nshare_index=0\n", "share_index=0 names no convolution before it"),
        ("[conv]\nfilters=4\nshare_index=1\n", "share_index=1 names no convolution before it"),
        ("[max]\nmaxpool_depth=1\nout_channels=5\n", "makes 5 channels of 4"),
        ("[max]\nmaxpool_depth=1\nantialiasing=1\n", "give one of them"),
        ("[depthwise_convolutional]\nfilters=6\n", "filters=6 must be a multiple of the 4 chan"),
        ("[reorg]\nflatten=1\n[sam]\nfrom=-1\n", "flatten or extra, which AlexeyAB's"),
        ("[reorg3d]\nstride=3\n", "stride=3 must divide the 24x16 pixels"),
        ("[reorg3d]\nstride=2\nreverse=1\n", "reverse=1 in .reorg3d.: it must be 0"),
        (head(14, "scale_x_y=1e39\n"), "scale_x_y=1e.39; it must be at most 1e.06"),
        ("[crnn]\n[contrastive]\n", r".crnn. is recurrent.*contrastive. is a loss of training"),
    ],
)
def test_errors_say_what_is_wrong(rest: str, reason: str) -> None:
    with pytest.raises(NetworkError, match=rf"^a\.cfg, line \d+: .*{reason}"):
        parse_cfg(NET.format(**SIZES) + convolution(4, 3) + rest, "a.cfg")


def test_a_layer_that_is_blurred_cannot_be_told_from_its_own_size() -> None:
    text = convolution(4, 3, more="stride=2\nantialiasing=1\n")
    for rest in ("[maxpool]\n[route]\nlayers=0\n", "[maxpool]\n[shortcut]\nfrom=0\n"):
        with pytest.raises(NetworkError, match=r"layer 0 conv 4 3x3/1.*whose blurred size"):
            parse_cfg(NET.format(**SIZES) + text + rest, "a.cfg")


@pytest.mark.parametrize("line", ["[empty]\n", "[silence]\n"])
def test_nothing_cannot_be_first(line: str) -> None:
    with pytest.raises(NetworkError, match=r"\[empty\] cannot be the first layer"):
        parse_cfg(NET.format(**SIZES) + line, "a.cfg")
