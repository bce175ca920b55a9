"""Write weights for a network of which none are at hand, so that it can be struck all the same.

    python scripts/made_up_weights.py NETWORK FILE.weights IMAGE ...

They are random, of sizes such that values neither grow nor vanish from layer to layer; the means
and variances of batch normalization are those that the images have, so that layers tell images
apart as trained ones do.  What such a network answers means nothing: its shares of SDCs and DUEs
and the costs of hardening it do, its shares of critical SDCs less so.
"""

import sys
from pathlib import Path

import numpy as np

from softbeam.kernels.hardened import base_of
from softbeam.network.buffers import buffer_name
from softbeam.network.darknet.weights import write_weights
from softbeam.network.golden import GoldenRun, pool_words
from softbeam.network.layers.heads import Yolo
from softbeam.network.workload import load_workload

SEED = 1
"""What the weights are drawn from."""

UNLIKELY = -5.0
"""Bias of the score that a detector's box holds something at all."""

LEAST = np.float32(1e-4)
"""The least variance that a channel gets, lest it be divided by nearly nothing."""


def normalize(runs: list[GoldenRun], layer: int, launch: int) -> None:
    """Give a layer the means and variances that its channels have before a launch."""
    names = [buffer_name(layer, name) for name in ("rolling_mean", "rolling_variance")]
    channels = runs[0].plan.buffers[names[0]].words
    output = buffer_name(layer, "output")
    values = np.concatenate(
        [
            run.view(output, launch).view(np.float32).reshape(channels, -1).astype(np.float64)
            for run in runs
        ],
        axis=1,
    )
    found = values.mean(axis=1), np.maximum(values.var(axis=1), LEAST)
    for run in runs:
        for name, numbers in zip(names, found, strict=True):
            run.view(name, 0)[:] = numbers.astype(np.float32).view(np.uint32)


def main(network: str, file: Path, images: list[Path]) -> None:
    """Write the weights."""
    workload = load_workload(network, untrained=True, images=images)
    plan, weights = workload.plan, dict(workload.weights)
    weights.update(
        (name, np.zeros_like(values))
        for name, values in weights.items()
        if name.endswith(".biases")
    )
    for layer in plan.layers:
        if isinstance(layer, Yolo):
            biases = weights[buffer_name(layer.index - 1, "biases")]
            biases[4 :: layer.classes + 5] = UNLIKELY
    runs = []
    for image in workload.images:
        runs.append(GoldenRun(plan, np.zeros(pool_words(plan), dtype=np.uint32)))
        runs[-1].give(weights, image)
    for launch in plan.launches:
        if base_of(launch.kernel) == "normalize":
            normalize(runs, launch.layer, launch.index)
        for run in runs:
            plan.leave(launch, run)
    kept = {name: runs[0].view(name, 0).view(np.float32).copy() for name in weights}
    write_weights(file, plan.layers, kept)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(one) for one in sys.argv[3:]])
