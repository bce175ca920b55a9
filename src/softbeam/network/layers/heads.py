"""The heads of detectors: Darknet's three generations of YOLO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from softbeam.network.layers.base import BaseLayer

Anchors: TypeAlias = tuple[tuple[float, float], ...]
"""Width and height of each box that a head starts from."""


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

    @property
    def wanted(self) -> int:
        """Elements that the input must have."""
        return self.side**2 * (self.classes + self.boxes * (1 + self.coords))


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

    @property
    def entries(self) -> int:
        """Channels of an anchor."""
        return self.coords + 1 + self.classes

    @property
    def wanted(self) -> int:
        """Elements that the input must have."""
        _, height, width = self.input_shape
        return height * width * len(self.anchors) * self.entries


@dataclass(frozen=True, slots=True)
class Yolo(BaseLayer):
    """The third YOLO's head: for each anchor x, y, width, height, objectness and classes.

    Parameters
    ----------
    anchors
        Boxes that the head starts from, in pixels of the network's input.
    classes
        Number of classes.
    """

    anchors: Anchors
    classes: int

    type: ClassVar[str] = "yolo"

    @property
    def entries(self) -> int:
        """Channels of an anchor."""
        return 5 + self.classes

    @property
    def wanted(self) -> int:
        """Elements that the input must have."""
        _, height, width = self.input_shape
        return height * width * len(self.anchors) * self.entries
