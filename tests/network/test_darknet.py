"""Our golden runs beside Darknet itself (Debian's package of 2018, which runs on the host)."""

from __future__ import annotations

import re
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from softbeam.errors import CampaignError
from softbeam.faults.modes import MODES
from softbeam.injection.boxes import has_boxes
from softbeam.injection.injector import Injector
from softbeam.injection.outcomes import DETAILS, DETECTION_DETAILS
from softbeam.network.buffers import output_buffers
from softbeam.network.catalogue import Network, load_network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, golden_run
from softbeam.network.image import load_image
from softbeam.network.profile import profile_launch
from softbeam.network.weights import random_weights, shipped_weights

#: Darknet's own networks and our GoogLeNet, and the side of the input where theirs takes long.
NETWORKS = {
    "alexnet": 131,
    "darknet": 96,
    "darknet19": 64,
    "densenet201": 64,
    "extraction": 64,
    "go.test": None,
    "googlenet": 64,
    "resnet18": 64,
    "resnet50": 64,
    "resnext50": 64,
    "strided": 160,
    "tiny": 64,
    "vgg-16": 96,
    "yolov1-tiny": 128,
    "yolov2": 64,
    "yolov2-tiny": 96,
    "yolov3-tiny": 96,
}

#: Layers that none of those has, but our reader knows; [batchnorm] crashes Darknet on the host.
OTHERS = """[net]
batch=1
height=12
width=14
channels=3
[crop]
crop_height=8
crop_width=8
[convolutional]
filters=8
size=3
pad=1
activation=tanh
[normalization]
size=5
alpha=.3
[reorg]
reverse=1
stride=2
[activation]
activation=elu
[local]
size=3
pad=1
filters=4
stride=2
activation=ramp
[shortcut]
from=-3
activation=stair
alpha=.5
beta=2
[convolutional]
filters=20
groups=2
size=1
activation=plse
[region]
classes=5
num=2
coords=4
[connected]
output=24
batch_normalize=1
activation=selu
[softmax]
groups=4
temperature=2
"""

#: Sizes, steps and paddings that nobody draws: even windows, windows beside the image, routes of a
#: layer twice, sums of maps of other sizes, response normalizations of even size.
ODD = """[net]
batch=1
height=13
width=9
channels=4
[convolutional]
filters=12
size=4
stride=2
padding=2
groups=4
batch_normalize=1
activation=selu
[convolutional]
filters=8
size=5
pad=1
activation=lhtan
[maxpool]
size=3
stride=2
padding=1
[upsample]
stride=2
scale=.5
[convolutional]
filters=6
size=2
padding=1
activation=loggy
[normalization]
size=2
alpha=.5
beta=.5
[route]
layers=-1, 4,-1
[convolutional]
filters=8
size=3
pad=1
activation=hardtan
[shortcut]
from=-6
activation=relie
[local]
size=2
filters=3
activation=stair
[reorg]
flatten=1
[convolutional]
filters=14
size=1
activation=linear
[yolo]
classes=2
num=5
mask=1,4
anchors=1,2, 3,4, 5,6, 7,8, 9,10
"""

#: A part of yolo-fastest: AlexeyAB's keys, of which inference has none, and depthwise convolutions.
FASTEST = """[network]
width=32
height=32
channels=3
mosaic=1
[convolutional]
filters=8
size=3
pad=1
stride=2
batch_normalize=1
activation=leaky
[convolutional]
groups=8
filters=8#16
size=3
pad=1
batch_normalize=1
activation=leaky
[convolutional]
filters=8
batch_normalize=1
activation=linear
[dropout]
probability=.15
[shortcut]
from=-4
activation=linear
[maxpool]
size=5
[route]
layers=-2
[maxpool]
size=9
[route]
layers=-1,-3,-4
[convolutional]
filters=24
size=5
groups=24
pad=1
batch_normalize=1
activation=leaky
[convolutional]
filters=14
activation=linear
[yolo]
mask=0,2
anchors=12, 18,  37, 49,  52,132
classes=2
num=3
scale_x_y=1.00
iou_thresh=0.213
nms_kind=greedynms
"""


def outputs(network: Network, golden: GoldenRun) -> list[np.ndarray]:
    """Return each layer's output as it was when the layer had run."""
    end = {launch.layer: launch.index + 1 for launch in golden.plan.launches}
    found, last = [], 0
    for layer, name in zip(network.layers, output_buffers(network.layers), strict=True):
        last = end.get(layer.index, last)
        found.append(golden.view(name, last)[: layer.outputs].view(np.float32))
    return found


@pytest.mark.slow
def test_extractions_scores_agree_with_darknet(predict) -> None:  # type: ignore[no-untyped-def]
    network = load_network("extraction")
    weights = shipped_weights("extraction", network.layers)
    image = load_image(None, network.input_shape)
    with as_file(files("softbeam.network").joinpath("data", "extraction.cfg")) as cfg:
        theirs = predict(cfg, network.layers, weights, image)
    ours = golden_run(network.plan(), weights, image).scores
    assert theirs[-1].argmax() == ours.argmax() == 946
    np.testing.assert_allclose(ours, theirs[-1], rtol=0, atol=1e-5)


def strike_every_kernel(golden: GoldenRun) -> None:
    """Inject faults of all modes into the smallest launch of every kernel."""
    device = Device(golden)
    smallest = {}
    for launch in sorted(golden.plan.launches, key=lambda one: -np.prod(one.grid)):
        if not launch.library:
            smallest[launch.kernel] = launch.index
    profiles = {number: profile_launch(device, number) for number in smallest.values()}
    for number in profiles:
        injector = Injector(device, profiles, [number], "every kernel")
        for mode in (name for name, one in MODES.items() if one.space == "instructions"):
            try:
                record = injector.inject(mode, "single-bit", 0)
            except CampaignError:
                # Few kernels have shared memory, and some no predicate or uniform register.
                assert mode in {"shared", "predicate", "uniform"}
                continue
            assert record.launch == number
            allowed = DETAILS[record.outcome]
            if record.outcome == "SDC" and has_boxes(golden.plan):
                allowed = DETECTION_DETAILS
            assert record.detail in allowed


def text_of(name: str, darknet: Path) -> str:
    own = {"others": OTHERS, "odd": ODD, "fastest": FASTEST}
    if name in own:
        return own[name]
    if name == "googlenet":
        return files("softbeam.network").joinpath("data", "googlenet.cfg").read_text()
    return (darknet / f"{name}.cfg").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NETWORKS, "others", "odd", "fastest"])
def test_every_layer_agrees_with_darknet(name, darknet, predict, tmp_path) -> None:  # type: ignore[no-untyped-def]
    cfg = tmp_path / f"{name}.cfg"
    text = text_of(name, darknet)
    if side := NETWORKS.get(name):
        text = re.sub(r"^(height|width) *=.*", rf"\1={side}", text, flags=re.MULTILINE)
        text = re.sub(r"^(crop_\w+) *=.*", rf"\1={side - 32}", text, flags=re.MULTILINE)
    cfg.write_text(text)
    network = load_network(str(cfg))
    weights = random_weights(network.layers, 1)
    image = np.random.default_rng(2).random(network.layers[0].inputs, dtype=np.float32)
    theirs = predict(cfg, network.layers, weights, image)
    golden = golden_run(network.plan(WorkloadChoices(im2col="except-1x1")), weights, image)
    for layer, found, wanted in zip(network.layers, outputs(network, golden), theirs, strict=True):
        assert found.shape == wanted.shape, layer.name
        # Relative to the layer's largest value: sums of both signs have no precision of their own.
        size = np.abs(wanted).max()
        assert size > 0, layer.name
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 * size, err_msg=layer.name)
    strike_every_kernel(golden)
