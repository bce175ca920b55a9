"""Time one inference of a network of convolutions and pools in PyTorch, on the processor.

    python benchmarks/torch_inference.py NETWORK.npz

It is run by benchmarks/injections.py, with the Python that has PyTorch, which need not be
softbeam's; the file holds the network.  Prints the shortest time in seconds and the winning class.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import torch
from torch.nn import functional


def convolution(x: torch.Tensor, layer: dict, weights: dict) -> torch.Tensor:
    """Apply a convolution with batch norm (Darknet's, epsilon outside the root) and activation."""
    x = functional.conv2d(x, weights["weights"], stride=layer["stride"], padding=layer["padding"])
    if "scales" in weights:
        deviation = torch.sqrt(weights["rolling_variance"]) + 1e-6
        x = (x - weights["rolling_mean"]) / deviation * weights["scales"]
    x = x + weights["biases"]
    return functional.leaky_relu(x, 0.1) if layer["activation"] == "LEAKY" else x


def inference(x: torch.Tensor, layers: list[dict], weights: list[dict]) -> torch.Tensor:
    """Return the scores."""
    for layer, parameters in zip(layers, weights, strict=True):
        if layer["type"] == "conv":
            x = convolution(x, layer, parameters)
        elif layer["type"] == "max":
            x = functional.max_pool2d(x, layer["size"], layer["stride"])
        elif layer["type"] == "avg":
            x = x.mean(dim=(2, 3), keepdim=True)
        elif layer["type"] == "softmax":
            x = torch.softmax(x.flatten(), 0)
    return x


def main() -> None:
    """Read the network, run it and print."""
    torch.set_num_threads(1)
    with np.load(sys.argv[1]) as file:
        layers = json.loads(str(file["layers"]))
        image = torch.from_numpy(file["image"])[None]
        weights = [
            {
                name: torch.from_numpy(file[f"{layer['index']}.{name}"])
                for name in layer["parameters"]
            }
            for layer in layers
        ]
    best = float("inf")
    with torch.no_grad():
        for _ in range(7):
            start = time.thread_time()
            scores = inference(image, layers, weights)
            best = min(best, time.thread_time() - start)
    print(json.dumps({"seconds": best, "top1": int(scores.argmax()), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
