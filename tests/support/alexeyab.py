"""What AlexeyAB's Darknet computes, in NumPy, from the definitions of its layers.

Nothing of softbeam is used: the ``.cfg`` file is read here once more, the ``.weights`` file number
by number.  Debian's Darknet knows none of these layers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

Section = tuple[str, dict[str, str]]


def sections(text: str) -> list[Section]:
    """Return the sections of a .cfg file: name and what is said."""
    found: list[Section] = []
    for raw in text.splitlines():
        line = raw.split("#")[0].replace(" ", "").replace("\t", "")
        if line.startswith("["):
            found.append((line[1:-1], {}))
        elif line:
            key, value = line.split("=")
            found[-1][1][key] = value
    return found


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def activate(x: np.ndarray, name: str) -> np.ndarray:
    """Apply an activation function to a map [channels, height, width]."""
    sigmoid = 1 / (1 + np.exp(-x))
    if name.startswith("normalize_channels"):
        if name == "normalize_channels":
            positive = np.maximum(x, 0)
            return positive / (1e-4 + positive.sum(axis=0))
        shifted = np.exp(x - (x.max(axis=0) if name.endswith("maxval") else 0))
        return shifted / (1e-4 + shifted.sum(axis=0))
    return {
        "linear": lambda: x,
        "leaky": lambda: np.where(x > 0, x, 0.1 * x),
        "relu": lambda: np.maximum(x, 0),
        "relu6": lambda: np.clip(x, 0, 6),
        "logistic": lambda: sigmoid,
        "tanh": lambda: np.tanh(x),
        "swish": lambda: x * sigmoid,
        "mish": lambda: x * np.tanh(softplus(x)),
        "hard_mish": lambda: np.where(x > 0, x, np.where(x > -2, x * x / 2 + x, 0)),
    }[name]()


def windows(x: np.ndarray, size: int, steps: tuple[int, int], dilation: int = 1) -> np.ndarray:
    """Return the windows of a padded map: [channels, rows, columns, size, size]."""
    reach = dilation * (size - 1) + 1
    found = np.lib.stride_tricks.sliding_window_view(x, (reach, reach), axis=(1, 2))
    return found[:, :: steps[0], :: steps[1], ::dilation, ::dilation]


def blurred(x: np.ndarray, kind: int, steps: tuple[int, int]) -> np.ndarray:
    """Blur each channel as ``antialiasing`` does."""
    if kind == 2:
        return windows(x, 2, steps).mean(axis=(3, 4))
    bell = np.outer([1, 2, 1], [1, 2, 1]) / 16
    return np.einsum("crsij,ij->crs", windows(np.pad(x, ((0, 0), (1, 1), (1, 1))), 3, steps), bell)


class Forward:
    """One inference, layer by layer.

    Parameters
    ----------
    text : str
        The .cfg file.
    weights : Path
        The .weights file.
    """

    def __init__(self, text: str, weights: Path) -> None:
        (_, self.net), *self.layers = sections(text)
        self.numbers = np.fromfile(weights, "<f4", offset=20).astype(np.float64)
        self.outputs: list[np.ndarray] = []
        self.taken: dict[int, list] = {}
        self.x = np.zeros(0)

    def take(self, *shape: int) -> np.ndarray:
        """Take the next numbers of the file."""
        count = int(np.prod(shape))
        taken, self.numbers = self.numbers[:count], self.numbers[count:]
        assert taken.size == count
        return taken.reshape(shape)

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        """Return every layer's output."""
        sizes = [int(self.net[name]) for name in ("channels", "height", "width")]
        self.x = image.astype(np.float64).reshape(sizes)
        for kind, said in self.layers:
            if kind == "cost":
                break
            self.x = getattr(self, kind)(said)
            self.outputs.append(self.x)
        assert self.numbers.size == 0
        return self.outputs

    def layer(self, written: str) -> np.ndarray:
        """Return the output that a number names."""
        number = int(written)
        return self.outputs[number if number >= 0 else len(self.outputs) + number]

    @staticmethod
    def steps(said: dict[str, str]) -> tuple[int, int]:
        stride = said.get("stride", "1")
        return int(said.get("stride_y", stride)), int(said.get("stride_x", stride))

    def convolutional(self, said: dict[str, str]) -> np.ndarray:
        filters, size = int(said.get("filters", 1)), int(said.get("size", 1))
        groups, dilation = int(said.get("groups", 1)), int(said.get("dilation", 1))
        dilation = dilation if size > 1 else 1
        steps, blur = self.steps(said), int(said.get("antialiasing", 0))
        padding = size // 2 if said.get("pad") == "1" else int(said.get("padding", 0))
        normed = said.get("batch_normalize") == "1"
        channels, here = self.x.shape[0] // groups, len(self.outputs)
        if (index := int(said.get("share_index", here))) != here:
            self.taken[here] = self.taken[index if index >= 0 else here + index]
        else:
            own = [self.take(filters)[:, None, None] for _ in range(4 if normed else 1)]
            weights = self.take(groups, filters // groups, channels, size, size)
            self.taken[here] = [*own, *(() if normed else (1.0, 0.0, 1.0)), weights]
        shift, scale, mean, variance, weights = self.taken[here]
        around = padding * dilation
        padded = np.pad(self.x, ((0, 0), (around, around), (around, around)))
        seen = windows(padded, size, (1, 1) if blur else steps, dilation)
        seen = seen.reshape(groups, channels, *seen.shape[1:])
        found = np.einsum("gcrsij,gfcij->gfrs", seen, weights, optimize=True)
        found = found.reshape(filters, *found.shape[2:])
        if normed:
            found = (found - mean) / np.sqrt(variance + 1e-5) * scale
        found = activate(found + shift, said.get("activation", "logistic"))
        return blurred(found, blur, steps) if blur else found

    def depthwise_convolutional(self, said: dict[str, str]) -> np.ndarray:
        channels = str(self.x.shape[0])
        return self.convolutional({"filters": channels, **said, "groups": channels})

    def pooled(self, said: dict[str, str], steps: tuple[int, int]) -> np.ndarray:
        """Return the windows of a pool, with NaN outside of the map."""
        size = int(said.get("size", said.get("stride", 1)))
        padding = int(said.get("padding", size - 1))
        around = (padding // 2, size + padding)
        padded = np.pad(self.x, ((0, 0), around, around), constant_values=np.nan)
        rows, columns = (
            (side + padding - size) // step + 1
            for side, step in zip(self.x.shape[1:], steps, strict=True)
        )
        return windows(padded, size, steps)[:, :rows, :columns]

    def maxpool(self, said: dict[str, str]) -> np.ndarray:
        if said.get("maxpool_depth") == "1":
            count = int(said.get("out_channels", 1))
            return np.stack([self.x[first::count].max(axis=0) for first in range(count)])
        steps, blur = self.steps(said), int(said.get("antialiasing", 0))
        found = np.nanmax(self.pooled(said, (1, 1) if blur else steps), axis=(3, 4))
        return blurred(found, blur, steps) if blur else found

    def local_avgpool(self, said: dict[str, str]) -> np.ndarray:
        return np.nanmean(self.pooled(said, self.steps(said)), axis=(3, 4))

    def avgpool(self, said: dict[str, str]) -> np.ndarray:
        return self.x.mean(axis=(1, 2), keepdims=True)

    def upsample(self, said: dict[str, str]) -> np.ndarray:
        times = int(said.get("stride", 2))
        return self.x.repeat(times, axis=1).repeat(times, axis=2) * float(said.get("scale", 1))

    def dropout(self, said: dict[str, str]) -> np.ndarray:
        return self.x

    def empty(self, said: dict[str, str]) -> np.ndarray:
        return self.x

    def batchnorm(self, said: dict[str, str]) -> np.ndarray:
        shape = (self.x.shape[0], 1, 1)
        shift, scale, mean, variance = (self.take(*shape) for _ in range(4))
        return (self.x - mean) / np.sqrt(variance + 1e-5) * scale + shift

    def activation(self, said: dict[str, str]) -> np.ndarray:
        return activate(self.x, said.get("activation", "linear"))

    def reorg3d(self, said: dict[str, str]) -> np.ndarray:
        step = int(said["stride"])
        channels, height, width = self.x.shape
        cut = self.x.reshape(channels, height // step, step, width // step, step)
        return cut.transpose(2, 4, 0, 1, 3).reshape(-1, height // step, width // step)

    def route(self, said: dict[str, str]) -> np.ndarray:
        groups, group = int(said.get("groups", 1)), int(said.get("group_id", 0))
        maps = [self.layer(one) for one in said["layers"].strip(",").split(",")]
        return np.concatenate([np.split(one, groups)[group] for one in maps])

    def shortcut(self, said: dict[str, str]) -> np.ndarray:
        maps = [self.x, *(self.layer(one) for one in said["from"].split(","))]
        each = {"per_feature": 1, "per_layer": 1, "per_channel": self.x.shape[0]}
        if (kind := said.get("weights_type", "none")) != "none":
            weights = self.take(len(maps), each[kind], 1, 1)
            if said["weights_normalization"] == "softmax":
                weights = np.exp(weights - weights.max(axis=0))
            else:
                weights = np.maximum(weights, 0.001)
            weights = weights / (weights.sum(axis=0) + 1e-4)
        else:
            weights = np.ones((len(maps), 1, 1, 1))
        total = np.zeros_like(self.x)
        for one, weight in zip(maps, weights, strict=True):
            shared = min(len(one), len(total))
            total[:shared] += one[:shared] * weight[:shared]
        return activate(total, said.get("activation", "linear"))

    def scale_channels(self, said: dict[str, str]) -> np.ndarray:
        return activate(self.layer(said["from"]) * self.x, said.get("activation", "linear"))

    def sam(self, said: dict[str, str]) -> np.ndarray:
        return activate(self.layer(said["from"]) * self.x, said.get("activation", "linear"))

    def softmax(self, said: dict[str, str]) -> np.ndarray:
        power = np.exp(self.x - self.x.max())
        return power / power.sum()

    def yolo(self, said: dict[str, str]) -> np.ndarray:
        classes, scale = int(said.get("classes", 20)), float(said.get("scale_x_y", 1))
        cells = self.x.reshape(-1, 5 + classes, *self.x.shape[1:]).copy()
        if said.get("new_coords", "0") == "0":
            for entries in (slice(0, 2), slice(4, None)):
                cells[:, entries] = 1 / (1 + np.exp(-cells[:, entries]))
        cells[:, :2] = cells[:, :2] * scale - (scale - 1) / 2
        return cells.reshape(self.x.shape)
