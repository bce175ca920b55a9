"""Darknet's layers as facts: their parameters, and the shapes and buffers that follow from them.

What a layer launches is in :mod:`softbeam.network.launches`, how it is written in a file in
:mod:`softbeam.network.keys` and :mod:`softbeam.network.sections`.
"""

from __future__ import annotations

from typing import TypeAlias

from softbeam.network.layers.base import MOST_ELEMENTS, Activation, Shape
from softbeam.network.layers.convolution import Connected, Convolution, Local
from softbeam.network.layers.heads import Detection, Region, Yolo
from softbeam.network.layers.joining import Crop, Dropout, Reorg, Route, Shortcut, Upsample
from softbeam.network.layers.pointwise import (
    ActivationLayer,
    BatchNorm,
    Clip,
    Normalization,
    Softmax,
)
from softbeam.network.layers.pooling import AveragePool, MaxPool, WindowAverage

Layer: TypeAlias = (
    ActivationLayer
    | AveragePool
    | BatchNorm
    | Clip
    | Connected
    | Convolution
    | Crop
    | Detection
    | Dropout
    | Local
    | MaxPool
    | Normalization
    | Region
    | Reorg
    | Route
    | Shortcut
    | Softmax
    | Upsample
    | WindowAverage
    | Yolo
)


def trained_buffers(layers: tuple[Layer, ...]) -> dict[str, int]:
    """Return the names and words of all trained buffers, in the order of a ``.weights`` file.

    Parameters
    ----------
    layers
        The network's layers.

    Returns
    -------
    dict
        Buffer name, such as ``0.biases``, to 32-bit words.
    """
    return {
        f"{layer.index}.{name}": words for layer in layers for name, words in layer.trained.items()
    }


__all__ = [
    "MOST_ELEMENTS",
    "Activation",
    "ActivationLayer",
    "AveragePool",
    "BatchNorm",
    "Clip",
    "Connected",
    "Convolution",
    "Crop",
    "Detection",
    "Dropout",
    "Layer",
    "Local",
    "MaxPool",
    "Normalization",
    "Region",
    "Reorg",
    "Route",
    "Shape",
    "Shortcut",
    "Softmax",
    "Upsample",
    "WindowAverage",
    "Yolo",
    "trained_buffers",
]
