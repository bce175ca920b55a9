"""Layers as facts: parameters, shapes, buffers, launches, and how a ``.cfg`` file describes them.

One module holds all that concerns a kind of layer.  The sections of Darknet's files are gathered in
:mod:`softbeam.network.darknet.sections`.
"""

from __future__ import annotations

from typing import TypeAlias

from softbeam.network.activation import Activation
from softbeam.network.darknet.keys import MOST_ELEMENTS
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.layers.connected import Connected
from softbeam.network.layers.convolution import Convolution, Local
from softbeam.network.layers.heads import Detection, Region, Yolo
from softbeam.network.layers.joining import Route, Shortcut
from softbeam.network.layers.moving import Crop, Dropout, Reorg, Upsample
from softbeam.network.layers.norms import BatchNorm, Normalization
from softbeam.network.layers.pointwise import ActivationLayer, Clip, Softmax
from softbeam.network.layers.pooling import AveragePool, MaxPool, WindowAverage
from softbeam.network.plan import buffer_name

Layer: TypeAlias = BaseLayer


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
        buffer_name(layer.index, name): words
        for layer in layers
        for name, words in layer.trained.items()
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
