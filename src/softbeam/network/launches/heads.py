"""Launches of the heads of detectors."""

from __future__ import annotations

from softbeam.network.launches.maker import Maker, part
from softbeam.network.layers import Activation, Detection, Region, Yolo
from softbeam.network.plan import Span


def detection(maker: Maker, layer: Detection, source: Span) -> None:
    """Launch a copy: what a softmax would add, Darknet leaves to the host."""
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, maker.own("output", layer.outputs))


def region(maker: Maker, layer: Region, source: Span) -> None:
    """Launch a copy, and on its parts logistic functions and a softmax over the classes."""
    output = maker.own("output", layer.outputs)
    _, height, width = layer.input_shape
    area, coords, classes = height * width, layer.coords, layer.classes
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, output)
    anchors = len(layer.anchors)
    for anchor in range(anchors):
        first = anchor * layer.entries * area
        maker.activate(part(output, first, 2 * area), Activation.LOGISTIC)
        if coords > 4:
            more = part(output, first + 4 * area, (coords - 4) * area)
            maker.activate(more, Activation.LOGISTIC)
        if not layer.background:
            maker.activate(part(output, first + coords * area, area), Activation.LOGISTIC)
        if not layer.softmax:
            scores = part(output, first + (coords + 1) * area, classes * area)
            maker.activate(scores, Activation.LOGISTIC)
    if layer.softmax:
        entry = coords + (not layer.background)
        count = classes + layer.background
        every = layer.inputs // anchors
        maker.softmax(
            part(source, entry * area, layer.inputs - entry * area),
            part(output, entry * area, layer.outputs - entry * area),
            (count, anchors, every, area, 1, area),
            1.0,
            tuple(
                part(output, anchor * every + entry * area, count * area)
                for anchor in range(anchors)
            ),
        )


def yolo(maker: Maker, layer: Yolo, source: Span) -> None:
    """Launch a copy, and on its parts logistic functions; width and height stay as they are."""
    output = maker.own("output", layer.outputs)
    _, height, width = layer.input_shape
    area = height * width
    maker.fill(maker.own("delta", layer.outputs))
    maker.copy(source, output)
    for anchor in range(len(layer.anchors)):
        first = anchor * layer.entries * area
        maker.activate(part(output, first, 2 * area), Activation.LOGISTIC)
        scores = part(output, first + 4 * area, (1 + layer.classes) * area)
        maker.activate(scores, Activation.LOGISTIC)
