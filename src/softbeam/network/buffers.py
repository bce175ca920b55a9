"""What Darknet allocates on the device for a network, in its order, training's buffers too.

Where the allocations lie is in :mod:`softbeam.network.layout`.  The order is that of the recorded
allocations of Extraction (``data/extraction-layout.txt``).
"""

from __future__ import annotations

from softbeam.network.layers import AveragePool, Convolution, Dropout, Layer, MaxPool, Softmax

INPUT = "-1.input"
WORKSPACE = "-1.workspace"


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
    >>> buffer_words((AveragePool(0, (8, 7, 7)),))
    {'0.output': 8, '0.delta': 8, '-1.input': 392, '-1.truth': 8}
    """
    words = {
        f"{layer.index}.{name}": size for layer in layers for name, size in _of_layer(layer).items()
    }
    words[INPUT] = layers[0].inputs
    words["-1.truth"] = layers[-1].outputs
    workspace = max(
        (layer.workspace for layer in layers if isinstance(layer, Convolution)), default=0
    )
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
        One name a layer; a dropout's is that of the layer before.
    """
    names: list[str] = []
    for layer in layers:
        before = names[-1] if names else INPUT
        names.append(before if isinstance(layer, Dropout) else f"{layer.index}.output")
    return tuple(names)


def _of_layer(layer: Layer) -> dict[str, int]:
    outputs = layer.outputs
    match layer:
        case Convolution():
            return _of_convolution(layer)
        case MaxPool():
            return {"indexes": outputs, "output": outputs, "delta": outputs}
        case AveragePool():
            return {"output": outputs, "delta": outputs}
        case Softmax():
            return {"output": outputs, "loss": outputs, "delta": outputs}
        case Dropout():
            return {"rand": outputs}


def _of_convolution(layer: Convolution) -> dict[str, int]:
    words = {
        "weights": layer.weights,
        "weight_updates": layer.weights,
        "biases": layer.filters,
        "bias_updates": layer.filters,
        "delta": layer.outputs,
        "output": layer.outputs,
    }
    if layer.batch_normalize:
        per_filter = (
            "mean",
            "variance",
            "rolling_mean",
            "rolling_variance",
            "mean_delta",
            "variance_delta",
            "scales",
            "scale_updates",
        )
        words |= dict.fromkeys(per_filter, layer.filters)
        words |= {"x": layer.outputs, "x_norm": layer.outputs}
    return words
