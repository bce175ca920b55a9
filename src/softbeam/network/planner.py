"""Layers to a plan: every launch of one inference, and the memory that it runs in.

What each layer launches is the layer's (:mod:`softbeam.network.layers`), sizes of buffers are in
:mod:`softbeam.network.buffers`, their addresses in :mod:`softbeam.network.layout`.
"""

from __future__ import annotations

from softbeam.errors import NetworkError
from softbeam.network import layout
from softbeam.network.buffers import answer_buffers, buffer_words, output_buffers
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.launches import LaunchMaker, grid_of
from softbeam.network.layers import Layer
from softbeam.network.plan import INPUT, Answer, Launch, Plan, Span

__all__ = ["grid_of", "make_plan"]


def make_plan(
    network: str,
    layers: tuple[Layer, ...],
    choices: WorkloadChoices = USUAL,
    answers: tuple[Answer, ...] = (),
) -> Plan:
    """Plan one inference, of one image.

    Parameters
    ----------
    network
        The network's name.
    layers
        Its layers, numbered from 0.
    choices
        How the network is run.
    answers
        The tensors of the answer; if not given, the outputs of the heads, else of the last layer.

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
        layer.launch(LaunchMaker(layer.index, launches, sources, choices), source)
    buffers = layout.place(buffer_words(layers))
    if not answers:
        answers = _own_answers(layers)
    return Plan(
        network=network,
        layers=layers,
        buffers=buffers,
        launches=tuple(launches),
        input=INPUT,
        outputs=tuple(dict.fromkeys(one.buffer for one in answers)),
        zero_pages=layout.zero_pages(buffers.values()),
        unprobed_pages=layout.unprobed_pages(buffers.values()),
        other_space_pages=layout.other_space_pages(),
        answers=answers,
    )


def _own_answers(layers: tuple[Layer, ...]) -> tuple[Answer, ...]:
    """Return the answers of a network that has no names for them."""
    shapes = {
        name: layer.output_shape for name, layer in zip(output_buffers(layers), layers, strict=True)
    }
    return tuple(Answer(name, name, shapes[name]) for name in answer_buffers(layers))
