"""The sections that a ``.cfg`` file may have: those of layers, ``[net]`` and ``[cost]``.

What a layer's section says stands with the layer.  Keys that only training uses are known and
ignored; whatever else softbeam does not know is an error, as it might change the network.
"""

from __future__ import annotations

from collections.abc import Mapping

from softbeam.network.darknet.dialect import EVERY_LAYER, NEUTRAL, TRAINING
from softbeam.network.darknet.keys import COUNT, Key, Section
from softbeam.network.layers import (
    connected,
    convolution,
    heads,
    joining,
    moving,
    norms,
    pointwise,
    pooling,
    scaling,
)

#: The modules of layers that Darknet has.
_MODULES = (convolution, connected, pooling, pointwise, norms, joining, scaling, moving, heads)

LAYER_SECTIONS: Mapping[str, Section] = {
    section.name: section for module in _MODULES for section in module.SECTIONS
}
"""The sections that make layers, by name."""

KEYS: Mapping[str, Mapping[str, Key]] = {
    "net": {name: Key(COUNT, None) for name in ("width", "height", "channels")},
    **{
        # What a layer knows of the other dialect's keys counts; its own come first.
        name: {**section.keys, **NEUTRAL.get(name, {}), **section.keys}
        for name, section in LAYER_SECTIONS.items()
    },
    "cost": {},
}
"""Keys that inference depends on, by section."""

_EVERY_LAYER = "clip dontsave learning_rate onlyforward stopbackward"

_TRAINING = {
    "net": """adam angle aspect B1 B2 batch burn_in center cutout decay eps exposure gamma
        hue inputs letterbox max_batches max_chart_loss max_crop min_crop momentum mosaic
        mixup notruth policy power random saturation scale scales seen seq_scales step steps
        subdivisions time_steps track""",
    **{name: section.training for name, section in LAYER_SECTIONS.items()},
    "cost": "noobj noloss ratio scale smooth thresh type",
}

IGNORED: Mapping[str, frozenset[str]] = {
    name: frozenset(f"{_EVERY_LAYER} {EVERY_LAYER} {names} {TRAINING.get(name, '')}".split())
    - KEYS[name].keys()
    for name, names in _TRAINING.items()
}
"""Keys that only training, or the drawing of boxes, uses, by section."""

ALIASES: Mapping[str, str] = {"network": "net"} | {
    alias: section.name for section in LAYER_SECTIONS.values() for alias in section.aliases
}
"""Darknet's second names of sections."""

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("rnn", "gru", "lstm", "crnn", "conv_lstm", "history"), "is recurrent"),
    "contrastive": "is a loss of training",
}
"""Sections of Darknets that are no layers here, and what they are."""
