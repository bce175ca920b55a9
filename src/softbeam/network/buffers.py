"""What Darknet allocates on the device for a network, in its order, training's buffers too.

Where the allocations lie is in :mod:`softbeam.network.layout`.  The order is that of the recorded
allocations of Extraction (``data/extraction-layout.txt``).
"""

from __future__ import annotations

from softbeam.network.layers import Layer
from softbeam.network.plan import INPUT, WORKSPACE, buffer_name


def buffer_words(layers: tuple[Layer, ...]) -> dict[str, int]:
    """Return the name and size of every allocation, in Darknet's order.

    Parameters
    ----------
    layers
        The network's layers, at least one.

    Returns
    -------
    dict
        Buffer name to 32-bit words; layer -1 is the network.

    Examples
    --------
    >>> from softbeam.network.layers import AveragePool
    >>> buffer_words((AveragePool(0, (8, 7, 7)),))
    {'0.output': 8, '0.delta': 8, '-1.input': 392, '-1.truth': 8}
    """
    words = {
        buffer_name(layer.index, name): size
        for layer in layers
        for name, size in layer.allocated.items()
    }
    words[INPUT] = layers[0].inputs
    words[buffer_name(-1, "truth")] = layers[-1].outputs
    workspace = max(layer.workspace for layer in layers)
    if workspace:
        words[WORKSPACE] = workspace
    return words


def output_buffers(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    """Return for each layer the buffer that holds its output.

    Parameters
    ----------
    layers
        The network's layers.

    Returns
    -------
    tuple of str
        One name a layer; of one that passes its input on that of the layer before.
    """
    names: list[str] = []
    for layer in layers:
        before = names[-1] if names else INPUT
        names.append(before if layer.passes_on else buffer_name(layer.index, "output"))
    return tuple(names)


def answer_buffers(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    """Return the buffers that hold the network's answer: those of the heads, else the last.

    Parameters
    ----------
    layers
        The network's layers.

    Returns
    -------
    tuple of str
        Names in the order of the layers.
    """
    outputs = output_buffers(layers)
    heads = [name for layer, name in zip(layers, outputs, strict=True) if layer.is_head]
    return tuple(dict.fromkeys((*heads, outputs[-1])))
