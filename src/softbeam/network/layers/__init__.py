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
from softbeam.network.layers.moving import Crop, Dropout, Empty, Reorg, Upsample
from softbeam.network.layers.norms import BatchNorm, Normalization
from softbeam.network.layers.pointwise import ActivationLayer, Softmax
from softbeam.network.layers.pooling import (
    AveragePool,
    DepthPool,
    MaxPool,
    WindowPool,
)
from softbeam.network.layers.scaling import Attention, ScaleChannels
from softbeam.network.layers.summing import Sum
from softbeam.network.layers.sums import AxisSoftmax, MatMul, Reduce, Standardize
from softbeam.network.layers.tensors import (
    OWN,
    Broadcast,
    Constant,
    Elementwise,
    Move,
    Piece,
    Power,
    Resize,
)
from softbeam.network.layers.windows import Window
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
    "OWN",
    "Activation",
    "ActivationLayer",
    "Attention",
    "AveragePool",
    "AxisSoftmax",
    "BatchNorm",
    "Broadcast",
    "Connected",
    "Constant",
    "Convolution",
    "Crop",
    "DepthPool",
    "Detection",
    "Dropout",
    "Elementwise",
    "Empty",
    "Layer",
    "Local",
    "MatMul",
    "MaxPool",
    "Move",
    "Normalization",
    "Piece",
    "Power",
    "Reduce",
    "Region",
    "Reorg",
    "Resize",
    "Route",
    "ScaleChannels",
    "Shape",
    "Shortcut",
    "Softmax",
    "Standardize",
    "Sum",
    "Upsample",
    "Window",
    "WindowPool",
    "Yolo",
    "trained_buffers",
]
