"""Layers to a plan: every launch of one inference, and the memory that it runs in.

What each layer launches is in :mod:`softbeam.network.launches`, sizes of buffers are in
:mod:`softbeam.network.buffers`, their addresses in :mod:`softbeam.network.layout`.
"""

from __future__ import annotations

from softbeam.errors import NetworkError
from softbeam.network import layers as kinds
from softbeam.network import layout
from softbeam.network.buffers import INPUT, answer_buffers, buffer_words, output_buffers
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.launches import heads, others, products
from softbeam.network.launches.maker import Maker, grid_of
from softbeam.network.layers import Layer
from softbeam.network.plan import Launch, Plan, Span

__all__ = ["grid_of", "make_plan"]


def make_plan(network: str, layers: tuple[Layer, ...], choices: WorkloadChoices = USUAL) -> Plan:
    """Plan one inference, of one image.

    Parameters
    ----------
    network
        The network's name.
    layers
        Its layers, numbered from 0.
    choices
        How the network is run.

    Returns
    -------
    Plan
        Buffers, launches and the pages around them.

    Raises
    ------
    NetworkError
        If there is no layer.
    """
    if not layers:
        raise NetworkError(f"network {network!r} has no layers; give it at least one")
    outputs = output_buffers(layers)
    spans = [Span(name, layer.outputs) for name, layer in zip(outputs, layers, strict=True)]
    launches: list[Launch] = []
    sources = (Span(INPUT, layers[0].inputs), *spans)
    for layer, before in zip(layers, sources, strict=False):
        source = before if layer.takes is None else sources[layer.takes + 1]
        _launch(Maker(layer.index, launches), layer, source, sources, choices)
    buffers = layout.place(buffer_words(layers))
    return Plan(
        network=network,
        layers=layers,
        buffers=buffers,
        launches=tuple(launches),
        input=INPUT,
        outputs=answer_buffers(layers),
        zero_pages=layout.zero_pages(buffers.values()),
        unprobed_pages=layout.unprobed_pages(buffers.values()),
        other_space_pages=layout.other_space_pages(),
    )


def _launch(
    maker: Maker, layer: Layer, source: Span, outputs: tuple[Span, ...], choices: WorkloadChoices
) -> None:
    """Append a layer's launches; `outputs` are the network's input and all layers' outputs."""
    match layer:
        case kinds.Convolution():
            products.convolution(maker, layer, source, choices)
        case kinds.Connected():
            products.connected(maker, layer, source)
        case kinds.Local():
            products.local(maker, layer, source)
        case kinds.MaxPool():
            others.max_pool(maker, layer, source)
        case kinds.AveragePool():
            others.average_pool(maker, layer, source)
        case kinds.Softmax():
            others.softmax(maker, layer, source)
        case kinds.ActivationLayer():
            others.activation(maker, layer, source)
        case kinds.WindowAverage():
            products.window_average(maker, layer, source)
        case kinds.Clip():
            others.clip(maker, layer, source)
        case kinds.BatchNorm():
            others.batch_norm(maker, layer, source)
        case kinds.Normalization():
            others.normalization(maker, layer, source)
        case kinds.Route():
            others.route(maker, layer, tuple(outputs[number + 1] for number, _ in layer.sources))
        case kinds.Shortcut():
            others.shortcut(maker, layer, source, outputs[layer.source + 1])
        case kinds.Upsample():
            others.upsample(maker, layer, source)
        case kinds.Reorg():
            others.reorg(maker, layer, source)
        case kinds.Crop():
            others.crop(maker, layer, source)
        case kinds.Detection():
            heads.detection(maker, layer, source)
        case kinds.Region():
            heads.region(maker, layer, source)
        case kinds.Yolo():
            heads.yolo(maker, layer, source)
        case kinds.Dropout():
            # It only runs in training; Darknet's second fill of the delta of the layer before is
            # left out, as nothing that inference reads depends on it.
            pass
