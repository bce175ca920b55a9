"""One inference that can be struck: network, weights, input and machine code, with their hashes.

Here is what a user names, read and checked; the golden run is in :mod:`softbeam.network.golden`,
counting in :mod:`softbeam.network.profile`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import ImageError, NetworkError
from softbeam.kernels import KERNELS, machine_code_sha256
from softbeam.memory import require_memory
from softbeam.network.buffers import buffer_words
from softbeam.network.catalogue import NETWORKS, Network, load_network
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.darknet.weights import read_weights
from softbeam.network.hardening.calibration import UNCALIBRATED, Calibration, Input, hardened
from softbeam.network.hardening.limits import Limits
from softbeam.network.image import SAMPLE, load_image
from softbeam.network.labels import Image, Labels, images_of, labels_of
from softbeam.network.layers import Shape
from softbeam.network.plan import Plan
from softbeam.network.preprocessing import PLAIN, Preprocessing, in_words
from softbeam.network.profile import LaunchProfile
from softbeam.network.weights import SHIPPED, random_weights, shipped_weights

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything that an inference depends on.

    Attributes
    ----------
    network : Network
        Its layers and class names.
    plan : Plan
        Its buffers and launches.
    choices : WorkloadChoices
        Whose machine code runs, and what was chosen of how.
    weights : mapping of str to numpy.ndarray of float32
        By buffer.
    images : tuple of numpy.ndarray of float32
        The inputs, channel by channel, at least one.
    plan_sha256, weights_sha256, kernels_sha256 : str
        Hashes of the plan, of the weights as they are computed with, and of the machine code of
        the plan's kernels.
    inputs_sha256 : tuple of str
        Hashes of the inputs as the network gets them.
    input_files : tuple of str
        Names of the images' files, without their folders but for those of classes.
    preprocessing : str
        What was done to them, in a sentence.
    network_file, weights_file : str or None
        Names of the files that the user named, without their folders.
    profiles : mapping of int to LaunchProfile, or None
        How often each launch's instructions are executed, where that is known already.
    labels : tuple of int or None
        The right class of each input, where that is asked and said.
    limits : Limits or None
        Of a hardened network what its launches store without fault, and how far sums of products
        are apart, where any is clamped or checked.
    """

    network: Network
    plan: Plan
    choices: WorkloadChoices
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    images: tuple[NDArray[np.float32], ...] = field(repr=False)
    plan_sha256: str
    weights_sha256: str
    inputs_sha256: tuple[str, ...]
    kernels_sha256: str
    input_files: tuple[str, ...]
    preprocessing: str
    network_file: str | None = None
    weights_file: str | None = None
    profiles: Mapping[int, LaunchProfile] | None = field(default=None, repr=False)
    labels: tuple[int, ...] | None = None
    limits: Limits | None = field(default=None, repr=False)


def weights_hash(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """Return the SHA-256 over the names and the bits of all weights, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        values = np.ascontiguousarray(weights[name], dtype="<f4")
        digest.update(f"{name} {values.size}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def load_workload(
    network: str,
    *,
    weights: Path | None = None,
    names: Path | None = None,
    untrained: bool = False,
    images: Sequence[Path] = (),
    preprocessing: Preprocessing = PLAIN,
    choices: WorkloadChoices = USUAL,
    labelled: bool = False,
    labels: Path | None = None,
    calibration: Calibration = UNCALIBRATED,
) -> Workload:
    """Read what a user names.

    Parameters
    ----------
    network : str
        A network's name or the path of a ``.cfg`` file.
    weights : Path, optional
        A Darknet ``.weights`` file; the shipped weights if not given.
    names : Path, optional
        A file of class names, one a line.
    untrained : bool
        Whether a network without weights gets random ones, always the same.
    images : sequence of Path
        Image files, and folders of them; scikit-image's ``coffee.png`` if none is given.
    preprocessing : Preprocessing
        What is done to pictures.
    choices : WorkloadChoices
        How it is run.  Only these choices are kept, where they are part of more.
    labelled : bool
        Whether it is asked what is right.
    labels : Path, optional
        A table of the images' labels.
    calibration : Calibration
        Where the limits come from, of a network that is hardened.

    Returns
    -------
    Workload
        Checked, and not run yet.

    Raises
    ------
    NetworkError
        If the network or its weights cannot be used.
    ImageError
        If the image cannot.
    TooLargeError
        If the network needs more memory than there is.
    """
    loaded = load_network(network, names, choices)
    # Before anything of that size is made; training's buffers count, a wild store may land there.
    require_memory(
        4 * sum(buffer_words(loaded.layers).values()), network, "give a smaller network or input"
    )
    plan = loaded.plan(choices)
    if loaded.weights is not None:
        values = loaded.weights
        if weights is not None:
            raise NetworkError(f"{network} has its weights in it; leave {weights} out")
    elif weights is not None:
        values = read_weights(weights, loaded.layers)
    elif untrained and loaded.name not in SHIPPED:
        values = random_weights(loaded.layers, seed=0)
    else:
        values = shipped_weights(loaded.name, loaded.layers)
    files = [image for path in images for image in images_of(path)]
    require_memory(
        4 * loaded.layers[0].inputs * len(files), f"a list of {len(files):,} inputs", "give fewer"
    )
    right = _labels(files, labels, loaded, plan) if labelled else None
    if right is not None and right.classes is not None:
        loaded = replace(loaded, classes=right.classes)
    inputs = tuple(
        load_image(file, loaded.input_shape, preprocessing)
        for file in ([image.file for image in files] if files else [None])
    )
    digest = weights_hash(values)
    _LOG.debug(
        "%s: %d launches, %d numbers of weights (%s), %d inputs",
        loaded.name,
        len(plan.launches),
        sum(array.size for array in values.values()),
        digest[:12],
        len(inputs),
    )
    limits = None
    if choices.harden is not None:
        calibrated = calibration_inputs(calibration, loaded.input_shape, preprocessing)
        own = [(input_hash(pixels), pixels) for pixels in inputs]
        made = hardened(plan, values, digest, choices.harden, calibrated or own, calibration)
        plan, values, limits = made.plan, made.weights, made.limits
    kernels = sorted({launch.kernel for launch in plan.launches} & KERNELS.keys())
    return Workload(
        network=loaded,
        plan=plan,
        choices=WorkloadChoices(**{n: getattr(choices, n) for n in WorkloadChoices.model_fields}),
        weights=values,
        images=inputs,
        plan_sha256=plan.sha256,
        weights_sha256=digest,
        inputs_sha256=tuple(map(input_hash, inputs)),
        kernels_sha256=machine_code_sha256(kernels, choices.architecture),
        input_files=tuple(image.name for image in files) or (SAMPLE,),
        preprocessing=in_words(preprocessing, [image.file for image in files]),
        labels=None if right is None else right.numbers,
        network_file=None if network in NETWORKS else Path(network).name,
        weights_file=None if weights is None else weights.name,
        limits=limits,
    )


def calibration_inputs(calibration: Calibration, shape: Shape, how: Preprocessing) -> list[Input]:
    """Read calibration images as a network of an input shape gets them; none if none are named.

    Raises
    ------
    ImageError
        If one cannot be read.
    """
    images = [image for path in calibration.images for image in images_of(path)]
    read = (load_image(image.file, shape, how) for image in images)
    return [(input_hash(pixels), pixels) for pixels in read]


def input_hash(pixels: NDArray[np.float32]) -> str:
    """Return the SHA-256 of an input as the network gets it."""
    return hashlib.sha256(pixels.astype("<f4").tobytes()).hexdigest()


def _labels(
    images: Sequence[Image], table: Path | None, network: Network, plan: Plan
) -> Labels | None:
    """Return the images' right classes, if anybody says them."""
    if table is not None and not images:
        raise ImageError(f"the labels {table} are of images; give these with --images")
    channels, height, width = network.answer_shape
    return labels_of(images, table, network.classes, channels * height * width)
