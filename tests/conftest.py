"""Fixtures and settings that all tests share; what one package needs lives beside its tests."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from support.debian import LIBRARY, install_darknet
from support.hardened import hardened_plan
from support.made_up import write_campaign
from support.networks import NetworkFiles, write_network
from support.tensor_layers import tensor_layers

from softbeam.injection.injector import Injector
from softbeam.injection.record import InjectionRecord
from softbeam.network import load_network
from softbeam.network.catalogue import Network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.device import Device
from softbeam.network.golden import GoldenRun, golden_run
from softbeam.network.image import load_image
from softbeam.network.layers import trained_buffers
from softbeam.network.plan import Plan
from softbeam.network.profile import LaunchProfile, profile_network
from softbeam.network.weights import shipped_weights

# Started in the background by a shell, the tests would ignore the Ctrl-C that some of them send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]

# The first call of a jitted function compiles it, which no deadline could tell from a slow test.
# In CI the examples are the same each time: a change is judged by what it changed.  By hand they
# differ from run to run, and find more.
settings.register_profile(
    "softbeam", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("softbeam")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Return the folder of hardware recordings: ``SOFTBEAM_RECORDINGS``, else the repository's."""
    chosen = os.environ.get("SOFTBEAM_RECORDINGS")
    return Path(chosen) if chosen else ROOT / "recordings" / "h100"


#: A launch of ``fill`` in the format of the recordings: 40 words, from word 256 on, get 0.5.
FILL_SCENARIO: dict[str, Any] = {
    "kernel": "fill_kernel",
    "cubin": "ours",
    "registers": 10,
    "shared_bytes": 0,
    "grid": [2, 1, 1],
    "block": [32, 1, 1],
    "arguments": ["int32:40", "float32:0.5", "buffer:x", "int32:1"],
    "buffers": {"x": {"offset": 1024, "words": 40, "initial": None}},
    "arena": {"address": "0x7ffdb8000000", "bytes": 4096},
}


@pytest.fixture
def make_recordings(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a folder of recordings of ``fill``, answers given by hand.

    Its keywords: `scenario`, changes to :data:`FILL_SCENARIO`; `golden`, pairs of word and value;
    `trace` and `faults`, what these files hold; `replaced`, an opcode and what stands in its place.
    """

    def make(
        *,
        scenario: dict[str, Any] | None = None,
        golden: list[int] | None = None,
        trace: dict[str, Any] | None = None,
        faults: list[dict[str, Any]] | None = None,
        replaced: tuple[str, str] = ("NOP", "NOP"),
    ) -> Path:
        from softbeam import kernels

        before, after = (f'"{opcode}"'.encode() for opcode in replaced)
        listing = kernels.listing_bytes("fill")
        assert before in listing
        (tmp_path / "ours.sm_90.json").write_bytes(listing.replace(before, after))
        (tmp_path / "ours.sm_90.cubin").write_bytes(kernels.cubin_bytes("fill"))
        (tmp_path / "scenarios.json").write_text(
            json.dumps({"fill": FILL_SCENARIO | (scenario or {})})
        )
        pairs = [part for word in range(256, 296) for part in (word, 0x3F000000)]
        (tmp_path / "golden").mkdir()
        np.array(golden or pairs, dtype="<u4").tofile(tmp_path / "golden" / "fill.bin")
        if trace is not None:
            (tmp_path / "traces").mkdir()
            (tmp_path / "traces" / "fill.jsonl").write_text(json.dumps(trace))
        if faults is not None:
            lines = "".join(json.dumps(fault) + "\n" for fault in faults)
            (tmp_path / "faults.jsonl").write_text(lines)
        return tmp_path

    return make


_RECORD = InjectionRecord(
    index=0,
    mode="rf",
    model="single-bit",
    stratum="",
    image=0,
    launch=3,
    layer=0,
    kernel="im2col",
    arch="sm_90",
    block_x=1,
    block_y=0,
    block_z=0,
    thread_x=5,
    thread_y=0,
    thread_z=0,
    pc=0x110,
    opcode="IMAD.WIDE",
    occurrence=0,
    target="register",
    register=3,
    bit=2,
    before=0,
    after=4,
    outcome="Masked",
    detail="absorbed",
    propagated=False,
    changed_words=0,
    not_finite=False,
    unrecorded=0,
    instructions=44,
    top1=None,
    largest_change=None,
)


@pytest.fixture(scope="session")
def make_record() -> Callable[..., InjectionRecord]:
    """Return a function that makes a record, its fields as given and the rest plausible."""
    return lambda **changes: replace(_RECORD, **changes)


#: A few tiny layers that launch all ten kernels, most of them on more than one block.
TINY = """
[net]
batch=1
height=12
width=12
channels=3

[convolutional]
batch_normalize=1
filters=6
size=3
stride=1
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
batch_normalize=1
filters=16
size=1
stride=1
pad=1
activation=leaky

[convolutional]
filters=7
size=3
stride=1
pad=1
activation=linear

[avgpool]

[softmax]
groups=1
"""

#: The parameters that the other one leaves out: strides, overlapping windows, activations, a
#: convolution without im2col, a dropout.
OTHER = """
[net]
batch=1
height=13
width=11
channels=2

[convolutional]
batch_normalize=1
filters=5
size=3
stride=2
pad=1
activation=relu

[maxpool]
size=3
stride=1

[dropout]
probability=.5

[convolutional]
filters=6
size=1
stride=1
pad=1
activation=logistic

[avgpool]

[softmax]
groups=1
"""


#: Every other layer of inference: branches, joins, norms, a head in the middle, kernels on parts
#: of buffers.
BRANCHES = """
[net]
height=8
width=10
channels=3

[crop]
crop_height=7
crop_width=9

[convolutional]
filters=4
size=2
activation=mish

[maxpool]
size=2
stride=2
padding=0

[convolutional]
batch_normalize=1
filters=8
groups=2
size=3
pad=1
activation=leaky

[shortcut]
from=-2
activation=relu
beta=.5

[upsample]
stride=2

[convolutional]
filters=6
size=3
pad=1
activation=tanh

[convolutional]
filters=5
size=1
activation=elu

[route]
layers=-1,-2,-1

[reorg]
reverse=1
stride=2

[reorg]
stride=2

[batchnorm]

[normalization]
size=4
alpha=.5

[activation]
activation=hardtan

[local]
size=3
stride=2
pad=1
filters=14
activation=stair

[yolo]
classes=2
num=3
mask=0,2
anchors=1,2, 3,4, 5,6

[connected]
output=20
batch_normalize=1
activation=plse

[softmax]
groups=4
temperature=.5
"""

#: The head of the second YOLO, behind a flattening reorg.
DETECTOR = """
[net]
height=4
width=5
channels=3

[reorg]
flatten=1

[shortcut]
from=-1
alpha=2
activation=loggy

[convolutional]
filters=18
size=1
activation=linear

[region]
classes=3
coords=5
num=2
softmax=1
anchors=1,2, 3,4
"""


#: What AlexeyAB's Darknet adds, with every kernel of its own.
DIALECT = """
[net]
height=8
width=7
channels=3

[convolutional]
batch_normalize=1
filters=4
size=3
pad=1
activation=swish

[convolutional]
filters=4
groups=2
size=3
pad=1
stride_x=1
stride_y=2
activation=hard_mish

[avgpool]

[convolutional]
filters=4
activation=logistic

[scale_channels]
from=-3
activation=relu

[maxpool]
size=2
stride_x=2
stride_y=1

[route]
layers=-1
groups=2
group_id=1

[convolutional]
filters=3
size=3
pad=1
dilation=2
activation=normalize_channels

[convolutional]
filters=2
activation=normalize_channels_softmax_maxval

[shortcut]
from=-3,-2
weights_type=per_channel
weights_normalization=softmax
activation=leaky

[convolutional]
filters=2
activation=relu6

[sam]
from=-3

[shortcut]
from=-2

[maxpool]
size=2
stride=1
antialiasing=2

[maxpool]
maxpool_depth=1

[convolutional]
filters=14
activation=linear

[yolo]
classes=2
num=2
scale_x_y=1.1
anchors=1,2, 3,4
"""


@dataclass(frozen=True)
class Example:
    """A small network with random weights, its golden run and its profile."""

    plan: Plan
    weights: dict[str, np.ndarray]
    image: np.ndarray
    golden: GoldenRun
    device: Device
    profiles: dict[int, LaunchProfile]

    def injector(self, campaign: str, semantics: str = "hardware") -> Injector:
        """Return an injector over all launches that can be struck, for a GPU of two processors."""
        return Injector(
            self.device,
            self.profiles,
            self.profiles,
            campaign,
            fault_semantics=semantics,
            multiprocessors=2,
        )


#: Trained buffers whose roots are taken.
_POSITIVE = ("variance", "epsilon")

EXAMPLES = {
    "tiny": TINY,
    "other": OTHER,
    "branches": BRANCHES,
    "detector": DETECTOR,
    "dialect": DIALECT,
}


@pytest.fixture(scope="session")
def make_example(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Example]:
    """Return a function that makes one of the examples, as its products and kernels are to be."""

    @cache
    def make(
        name: str, architecture: str = "sm_90", gemm: str = "struck", harden: str = ""
    ) -> Example:
        if name == "tensors":
            network = Network(name, tensor_layers())
        else:
            path = tmp_path_factory.mktemp(name) / f"{name}.cfg"
            path.write_text(EXAMPLES[name])
            network = load_network(str(path))
        im2col = "except-1x1" if name in ("other", "detector") else "always"
        plan = network.plan(WorkloadChoices(im2col=im2col, gemm=gemm))
        rng = np.random.default_rng(7)
        weights = {}
        for buffer, words in trained_buffers(network.layers).items():
            spread = 0.4 if buffer.endswith("weights") else 1.0
            values = rng.normal(0, spread, words).astype(np.float32)
            weights[buffer] = np.abs(values) if buffer.endswith(_POSITIVE) else values
        if name == "dialect":
            # What the blur of the layer with antialiasing weighs its pixels with.
            weights["13.blur_weights"] = np.full(8, 0.25, dtype=np.float32)
        image = rng.random(network.layers[0].inputs).astype(np.float32)
        if harden:
            plan = hardened_plan(plan, weights, image, harden)
        golden = golden_run(plan, weights, image)
        device = Device(golden, architecture)
        profiles = {profile.launch: profile for profile in profile_network(device)}
        return Example(plan, weights, image, golden, device, profiles)

    return make


@pytest.fixture(scope="session")
def tiny(make_example: Callable[..., Example]) -> Example:
    """Return a network of tiny layers that launches all ten kernels."""
    return make_example("tiny")


@pytest.fixture(scope="session")
def extraction_golden() -> GoldenRun:
    """Return the golden run of Extraction on the sample photo: half a gigabyte, so only once."""
    network = load_network("extraction")
    weights = shipped_weights("extraction", network.layers)
    return golden_run(network.plan(), weights, load_image(None, network.input_shape))


@pytest.fixture(scope="session")
def network_files(tmp_path_factory: pytest.TempPathFactory) -> NetworkFiles:
    """Return the files of a tiny network: .cfg, .weights and images."""
    return write_network(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="session")
def made_up_run(
    tmp_path_factory: pytest.TempPathFactory, make_record: Callable[..., InjectionRecord]
) -> Path:
    """Return the folder of a made-up campaign that has everything a report shows."""
    return write_campaign(tmp_path_factory.mktemp("runs") / "made-up", make_record)


@pytest.fixture(scope="session")
def darknet() -> Path:
    """Return the folder of Darknet's own ``.cfg`` files, installed if that was asked for."""
    if not LIBRARY.is_file():
        install_darknet()
    return Path("/usr/share/darknet/cfg")
