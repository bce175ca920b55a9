"""The networks that softbeam knows by name, and those that a ``.cfg`` file describes.

The weights are in :mod:`softbeam.network.weights`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from softbeam.errors import NetworkError
from softbeam.files import read_file
from softbeam.network.choices import USUAL, WorkloadChoices
from softbeam.network.darknet.cfg import parse_cfg, read_cfg
from softbeam.network.layers import Layer, Shape, trained_buffers
from softbeam.network.plan import Answer, Plan
from softbeam.network.planner import make_plan

if TYPE_CHECKING:
    from softbeam.network.weights import Weights

NETWORKS: tuple[str, ...] = ("extraction", "googlenet")
"""The names that :func:`load_network` takes."""

#: Bytes of a file of class names: a hundred for each of 80,000.
_MOST = 8 << 20


@dataclass(frozen=True, slots=True)
class Network:
    """A network, before its weights.

    Parameters
    ----------
    name
        Its name: one of :data:`NETWORKS` or that of the ``.cfg`` file, without the ending.
    layers
        Its layers, numbered as Darknet numbers them.
    classes
        The names of its outputs, or None where softbeam does not know them.
    weights
        By buffer, where they came with the layers, as in an ONNX model.
    answer
        The shape that the model gives its answer, where it is not the last layer's.
    image
        The shape of its image, where it is not that of the first layer's input.
    answers
        The tensors that the model answers with, where it names them.
    """

    name: str
    layers: tuple[Layer, ...]
    classes: tuple[str, ...] | None = None
    weights: Weights | None = field(default=None, repr=False, compare=False)
    answer: Shape | None = None
    image: Shape | None = None
    answers: tuple[Answer, ...] = ()

    @property
    def input_shape(self) -> Shape:
        """Channels, height and width of the image."""
        return self.image or self.layers[0].input_shape

    @property
    def answer_shape(self) -> Shape:
        """Channels, height and width of the answer."""
        return self.answer or self.layers[-1].output_shape

    @property
    def parameters(self) -> int:
        """Trained numbers, the rolling means and variances among them."""
        return sum(trained_buffers(self.layers).values())

    def plan(self, choices: WorkloadChoices = USUAL) -> Plan:
        """Plan one inference.

        Parameters
        ----------
        choices
            How the network is run.

        Returns
        -------
        Plan
            Its buffers and launches.
        """
        return make_plan(self.name, self.layers, choices, self.answers)


def check_network(name_or_path: str) -> None:
    """Raise unless a network has that name, or a file that may hold one.

    Raises
    ------
    NetworkError
        Naming what there is.
    """
    path = Path(name_or_path)
    if name_or_path in NETWORKS or path.suffix in (".cfg", ".onnx") or path.is_file():
        return
    raise NetworkError(
        f"unknown network {name_or_path!r}; known are {', '.join(NETWORKS)}, "
        "and the path of a Darknet .cfg file or an ONNX model is taken too"
    )


def load_network(
    name_or_cfg_path: str, names: Path | None = None, choices: WorkloadChoices = USUAL
) -> Network:
    """Return a network by its name, or as its file describes it.

    Parameters
    ----------
    name_or_cfg_path
        One of :data:`NETWORKS`, or the path of a ``.cfg`` file or an ONNX model.
    names
        A file of class names, one a line, such as Darknet's ``.names``; those that come with
        softbeam if not given.
    choices
        How it is run: an ONNX model's input and answer.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    NetworkError
        If there is no such network or file, or the file says something softbeam does not know.

    Examples
    --------
    >>> network = load_network("extraction")
    >>> network.input_shape, len(network.layers), network.parameters, network.classes[946]
    ((3, 224, 224), 27, 23455400, 'espresso')
    """
    classes = None if names is None else _read_names(names)
    of_onnx = choices.input_shape or choices.output or choices.constants
    if of_onnx and not name_or_cfg_path.endswith(".onnx"):
        raise NetworkError(
            f"{name_or_cfg_path} is no ONNX model, so that its input and answer are known; leave "
            "--input-shape, --input and --output out"
        )
    if name_or_cfg_path in NETWORKS:
        data = files("softbeam.network").joinpath("data")
        file = f"{name_or_cfg_path}.cfg"
        layers = parse_cfg(data.joinpath(file).read_text(encoding="utf-8"), file)
        table = data.joinpath(name_or_cfg_path, "classes.tsv")
        if classes is None and table.is_file():
            lines = table.read_text(encoding="utf-8").splitlines()[1:]
            classes = tuple(line.split("\t")[2] for line in lines)
        _check_names(names, classes, layers)
        return Network(name_or_cfg_path, layers, classes)
    check_network(name_or_cfg_path)
    path = Path(name_or_cfg_path)
    if path.suffix == ".onnx":
        from softbeam.network.onnx import read_onnx

        read = read_onnx(path, choices)
        if len(read.answers) == 1 and read.answer[1:] == (1, 1):
            _check_names(names, classes, read.layers)
        return Network(
            path.stem, read.layers, classes, read.weights, read.answer, read.image, read.answers
        )
    layers = read_cfg(path)
    _check_names(names, classes, layers)
    return Network(path.stem, layers, classes)


def _check_names(
    path: Path | None, names: tuple[str, ...] | None, layers: tuple[Layer, ...]
) -> None:
    """Refuse too few names; Darknet's own files have more than its networks have classes."""
    heads = [one.told_apart for one in layers if one.is_head]
    classes = max(heads, default=layers[-1].told_apart)
    if path is not None and names is not None and len(names) < classes:
        raise NetworkError(
            f"{path} names {len(names)} classes, but the network tells {classes} apart; give a "
            "name a line for each"
        )


def _read_names(path: Path) -> tuple[str, ...]:
    try:
        lines = read_file(path, _MOST).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise NetworkError(
            f"cannot read the class names {path}: {reason}; give a text file, a name a line"
        ) from error
    return tuple(line.strip() for line in lines)
