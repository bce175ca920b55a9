"""The heads of detectors: Darknet's three generations of YOLO."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from softbeam.network.activation import Activation
from softbeam.network.darknet import keys
from softbeam.network.darknet.keys import COUNT, FLAG, Invalid, Key, Section, Values
from softbeam.network.launches import LaunchMaker, part
from softbeam.network.layers.base import BaseLayer, Shape
from softbeam.network.plan import Span

Anchors: TypeAlias = tuple[tuple[float, float], ...]
"""Width and height of each box that a head starts from."""

_MOST_ANCHORS = 1024
"""Anchors that a head can have; Darknet's own have 9 at most."""


#: What x and y are stretched by at most; Darknet's own files have 2.
_MOST_SCALE = 1e6


@dataclass(frozen=True, slots=True)
class Detection(BaseLayer):
    """The first YOLO's head, a copy of its input: class scores, then objectness, then boxes.

    Parameters
    ----------
    side
        Cells along each side of the image.
    boxes
        Boxes of a cell.
    classes, coords
        Numbers of a cell's classes and of a box's coordinates.
    square
        Whether width and height stand as their square roots.
    """

    side: int
    boxes: int
    classes: int
    coords: int
    square: bool

    type: ClassVar[str] = "detection"
    is_head: ClassVar[bool] = True

    @property
    def told_apart(self) -> int:
        """Classes that the head tells apart."""
        return self.classes

    @property
    def wanted(self) -> int:
        """Elements that the input must have."""
        return self.side**2 * (self.classes + self.boxes * (1 + self.coords))

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a copy: what a softmax would add, Darknet leaves to the host."""
        maker.copy(source, maker.output(self.outputs))


def _detection(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    sizes = (values["side"], values["num"], values["classes"], values["coords"])
    return _fits(Detection(len(before), shape, *sizes, bool(values["sqrt"])))


@dataclass(frozen=True, slots=True)
class Region(BaseLayer):
    """The second YOLO's head: for each anchor x, y, width, height, objectness and classes.

    Parameters
    ----------
    anchors
        Boxes that the head starts from, in cells.
    classes, coords
        Numbers of a box's classes and coordinates.
    softmax
        Whether a softmax runs over the classes; else each has a logistic function.
    background
        Whether the objectness is one more class, of nothing.
    """

    anchors: Anchors
    classes: int
    coords: int
    softmax: bool
    background: bool

    type: ClassVar[str] = "region"
    is_head: ClassVar[bool] = True

    @property
    def entries(self) -> int:
        """Channels of an anchor."""
        return self.coords + 1 + self.classes

    @property
    def told_apart(self) -> int:
        """Classes that the head tells apart."""
        return self.classes

    @property
    def wanted(self) -> int:
        """Elements that the input must have."""
        _, height, width = self.input_shape
        return height * width * len(self.anchors) * self.entries

    def anchor_unit(self, network_input: Shape) -> tuple[int, int]:
        """Return width and height of what the anchors' sides are measured in, pixels or cells."""
        _, height, width = self.input_shape
        return width, height

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a copy, and on its parts logistic functions and a softmax over the classes."""
        output = maker.output(self.outputs)
        _, height, width = self.input_shape
        area, coords, classes = height * width, self.coords, self.classes
        maker.copy(source, output)
        anchors = len(self.anchors)
        for anchor in range(anchors):
            first = anchor * self.entries * area
            maker.activate(part(output, first, 2 * area), Activation.LOGISTIC)
            if coords > 4:
                more = part(output, first + 4 * area, (coords - 4) * area)
                maker.activate(more, Activation.LOGISTIC)
            if not self.background:
                maker.activate(part(output, first + coords * area, area), Activation.LOGISTIC)
            if not self.softmax:
                scores = part(output, first + (coords + 1) * area, classes * area)
                maker.activate(scores, Activation.LOGISTIC)
        if self.softmax:
            entry = coords + (not self.background)
            count = classes + self.background
            every = self.inputs // anchors
            # Each anchor is an image for the kernel, each pixel of it a group.
            parts = [(anchor * every + entry * area, count * area) for anchor in range(anchors)]
            maker.launch(
                "softmax",
                anchors * area,
                tuple(part(source, *one) for one in parts),
                tuple(part(output, *one) for one in parts),
                input=part(source, entry * area, self.inputs - entry * area),
                n=count,
                batch=anchors,
                batch_offset=every,
                groups=area,
                group_offset=1,
                stride=area,
                temp=1.0,
                output=part(output, entry * area, self.outputs - entry * area),
            )


def _region(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    anchors = _anchors(values, values["num"])
    flags = (bool(values["softmax"]), bool(values["background"]))
    return _fits(Region(len(before), shape, anchors, values["classes"], values["coords"], *flags))


@dataclass(frozen=True, slots=True)
class Yolo(BaseLayer):
    """The third YOLO's head: for each anchor x, y, width, height, objectness and classes.

    Parameters
    ----------
    anchors
        Boxes that the head starts from, in pixels of the network's input.
    classes
        Number of classes.
    scale_x_y
        What x and y are stretched by around the middle of a cell (AlexeyAB's).
    new_coords
        Whether the layer before has applied the logistic functions, to width and height too, which
        are then squared (AlexeyAB's).
    diou
        The power of the distance that is taken off the overlap of two boxes before they are called
        one (AlexeyAB's ``nms_kind=diounms``); None where the overlap alone decides.
    """

    anchors: Anchors
    classes: int
    scale_x_y: float = field(default=1.0, repr=False)
    new_coords: bool = field(default=False, repr=False)
    diou: float | None = field(default=None, repr=False)

    type: ClassVar[str] = "yolo"
    is_head: ClassVar[bool] = True

    #: Entries of an anchor before the objectness, which is never a class.
    coords: ClassVar[int] = 4
    background: ClassVar[bool] = False

    def __repr__(self) -> str:
        """Write what plans' hashes are made of; no launch tells how boxes are thinned out."""
        own = f"index={self.index!r}, input_shape={self.input_shape!r}, anchors={self.anchors!r}"
        thinning = "" if self.diou is None else f", diou={self.diou!r}"
        return f"Yolo({own}, classes={self.classes!r}{thinning})"

    @property
    def entries(self) -> int:
        """Channels of an anchor."""
        return 5 + self.classes

    @property
    def told_apart(self) -> int:
        """Classes that the head tells apart."""
        return self.classes

    @property
    def wanted(self) -> int:
        """Elements that the input must have."""
        _, height, width = self.input_shape
        return height * width * len(self.anchors) * self.entries

    def anchor_unit(self, network_input: Shape) -> tuple[int, int]:
        """Return width and height of what the anchors' sides are measured in, pixels or cells."""
        _, height, width = network_input
        return width, height

    def launch(self, maker: LaunchMaker, source: Span) -> None:
        """Launch a copy, and on its parts logistic functions; width and height stay as they are."""
        output = maker.output(self.outputs)
        _, height, width = self.input_shape
        area = height * width
        maker.copy(source, output)
        for anchor in range(len(self.anchors)):
            first = anchor * self.entries * area
            places = part(output, first, 2 * area)
            if not self.new_coords:
                maker.activate(places, Activation.LOGISTIC)
                scores = part(output, first + 4 * area, (1 + self.classes) * area)
                maker.activate(scores, Activation.LOGISTIC)
            if self.scale_x_y != 1.0:
                scale = _single(self.scale_x_y)
                shift = {"ALPHA": scale, "BETA": -0.5 * _single(scale - 1.0)}
                n = places.words
                maker.launch("scal_add", n, (places,), (places,), N=n, X=places, INCX=1, **shift)


def _single(value: float) -> float:
    """Return a number as Darknet holds it, in single precision."""
    (rounded,) = struct.unpack("<f", struct.pack("<f", value))
    return float(rounded)


def _yolo(values: Values, shape: Shape, before: Sequence[BaseLayer]) -> BaseLayer:
    anchors = _anchors(values, values["num"])
    mask = values["mask"] or range(len(anchors))
    if max(mask) >= len(anchors):
        raise Invalid(f"mask={','.join(map(str, mask))} names more than the {len(anchors)} anchors")
    if abs(values["scale_x_y"]) > _MOST_SCALE:
        raise Invalid(f"has scale_x_y={values['scale_x_y']:g}; it must be at most {_MOST_SCALE:g}")
    kept = tuple(anchors[at] for at in mask)
    diou = values["beta_nms"] if values["nms_kind"] == "diounms" else None
    new = (values["scale_x_y"], bool(values["new_coords"]), diou)
    return _fits(Yolo(len(before), shape, kept, values["classes"], *new))


def _anchors(values: Values, count: int) -> tuple[tuple[float, float], ...]:
    numbers = values["anchors"]
    if numbers is None:
        # Darknet's default.
        return ((0.5, 0.5),) * count
    if len(numbers) != 2 * count:
        raise Invalid(f"num={count} needs {2 * count} numbers in anchors=, not {len(numbers)}")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _fits(layer: Detection | Region | Yolo) -> BaseLayer:
    if layer.inputs != layer.wanted:
        raise Invalid(f"takes {layer.wanted} elements; the layer before has {layer.inputs}")
    return layer


SECTIONS = (
    Section(
        "detection",
        _detection,
        {
            "coords": Key(COUNT, 1),
            "classes": Key(COUNT, 1),
            "num": Key(keys.whole(1, _MOST_ANCHORS), 1),
            "side": Key(COUNT, 7),
            "sqrt": FLAG,
            "softmax": keys.only(0),
        },
        training="""class_scale coord_scale forced jitter max noobject_scale object_scale random
            reorg rescore""",
    ),
    Section(
        "region",
        _region,
        {
            "coords": Key(keys.whole(4), 4),
            "classes": Key(COUNT, 20),
            "num": Key(keys.whole(1, _MOST_ANCHORS), 1),
            "softmax": FLAG,
            "background": FLAG,
            "anchors": Key(keys.listed(keys.number), None),
            "tree": keys.TREE,
        },
        training="""absolute bias_match class_scale classfix coord_scale jitter log map mask_scale
            max noobject_scale object_scale random rescore sqrt thresh""",
    ),
    Section(
        "yolo",
        _yolo,
        {
            "classes": Key(COUNT, 20),
            "num": Key(keys.whole(1, _MOST_ANCHORS), 1),
            "mask": Key(keys.listed(keys.whole(0)), None),
            "anchors": Key(keys.listed(keys.number), None),
            "scale_x_y": Key(keys.number, 1.0, keys.differs_from(1.0)),
            "new_coords": Key(keys.whole(0, 1), 0, keys.differs_from(0)),
            # Every other word stands for the usual way.
            "nms_kind": Key(str, "default"),
            "beta_nms": Key(keys.number, 0.6),
        },
        training="ignore_thresh jitter map max random truth_thresh",
    ),
)
