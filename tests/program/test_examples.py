"""The examples compute what independent libraries compute."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.programs import attention_of

from softbeam.program.description import Address
from softbeam.sass.toolchain import find_tool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_tool("nvcc") is None, reason="needs NVIDIA's compiler"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> ModuleType:
    spec = spec_from_file_location(f"example_{name}", EXAMPLES / name / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sides", [(96, 80, 112), (17, 5, 33)])
def test_the_product_is_numpy_s(sides):
    program = example("matrix_product").product(*sides)
    buffers = program.description.buffers
    a, b = (buffers[name].content.astype(np.float64) for name in "ab")
    np.testing.assert_allclose(program.run().outputs["c"], a @ b, rtol=1e-4, atol=1e-4)


def test_the_reduction_is_numpy_s():
    program = example("reduction").reduction()
    values = program.description.buffers["values"].content.astype(np.float64)
    np.testing.assert_allclose(program.run().outputs["sum"], [(values**2).sum()], rtol=1e-5)


def test_triton_compiles_the_attention_now():
    pytest.importorskip("triton", reason="needs Triton")
    program = example("triton").attention()
    found = program.run().outputs["out"]
    assert np.abs(found - attention_of(program.description)).max() < 1e-5


def test_hog_is_scikit_image_s():
    module = example("hog")
    picture = module.grey("astronaut")
    program = module.detector(picture)
    outputs = program.run(Address("features"), Address("scores")).outputs
    wanted = module.features(picture).reshape(outputs["features"].shape)
    # A pixel whose angle lies between two bins may fall into the other one in float32.
    away = np.abs(outputs["features"] - wanted) > 1e-5
    assert away.mean() < 0.002
    weights, bias = module.classifier()
    side = module.WINDOW
    scores = [
        [wanted[row : row + side, column : column + side].ravel() @ weights + bias
         for column in range(module.WINDOWS)]
        for row in range(module.WINDOWS)
    ]  # fmt: skip
    np.testing.assert_allclose(outputs["scores"], scores, atol=0.02)
    # The astronaut's face, and nothing else.
    assert np.argwhere(outputs["scores"] > 0.5).tolist() == [[3, 10]]


def test_the_two_stage_detector_is_numpy_s():
    module = example("faster_rcnn")
    program = module.detector()
    content = {
        name: one.content
        for name, one in program.description.buffers.items()
        if one.content is not None
    }
    run = program.run(
        *map(Address, ("backbone.2.pooled", "proposals.best", "proposals.kept", "boxes.pooled",
                       "boxes.scores"))
    ).outputs  # fmt: skip
    image = content["picture"].astype(np.float64)
    for number in range(3):
        image = _convolved(image, content, f"backbone.{number}")
    np.testing.assert_allclose(run["backbone.2.pooled"], image, rtol=1e-4, atol=1e-5)
    scores, boxes = _decoded(module, image, content)
    order = np.argsort(-scores, kind="stable")[: module.KEPT]
    np.testing.assert_allclose(run["proposals.best"], boxes[order], rtol=1e-3, atol=1e-3)
    kept = _kept(module, boxes[order])
    assert run["proposals.kept"].tolist() == kept
    weights = content["boxes.weights"].astype(np.float64)
    wanted = run["boxes.pooled"] @ weights.T + content["boxes.biases"]
    np.testing.assert_allclose(run["boxes.scores"], wanted, rtol=1e-3, atol=1e-4)
    for number, box in enumerate(kept):
        pooled = _pooled(module, image, boxes[order][box])
        np.testing.assert_allclose(run["boxes.pooled"][number], pooled, rtol=1e-4, atol=1e-5)


def _convolved(image, content, stage):
    weights, biases = content[f"{stage}.weights"], content[f"{stage}.biases"]
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    out = np.einsum("chwyx,fcyx->fhw", windows, weights) + biases[:, None, None]
    out = np.maximum(out, 0)
    filters, height, width = out.shape
    return out.reshape(filters, height // 2, 2, width // 2, 2).max((2, 4))


def _decoded(module, image, content):
    channels, places, count = module.CHANNELS, module.MAP**2, len(module.SIZES)
    found = content["proposals.weights"] @ image.reshape(channels, places)
    found = (found + content["proposals.b"][:, None]).reshape(count, 5, places)
    anchors = module.anchors().reshape(count, places, 4)
    middle = (anchors[..., :2] + anchors[..., 2:]) / 2
    size = np.array(module.SIZES)[:, None, None]
    middle = middle + found[:, 1:3].transpose(0, 2, 1) * size
    sides = size * np.exp(np.minimum(found[:, 3:5].transpose(0, 2, 1), 4))
    low = np.maximum(middle - sides / 2, 0)
    high = np.minimum(middle + sides / 2, module.SIDE)
    return found[:, 0].reshape(-1), np.concatenate([low, high], -1).reshape(-1, 4)


def _kept(module, boxes):
    gone, kept = np.zeros(len(boxes), dtype=bool), []
    for at, box in enumerate(boxes):
        if not gone[at] and len(kept) < module.WANTED:
            kept.append(at)
            gone |= (module.overlaps(boxes, box) > 0.6) & (np.arange(len(boxes)) > at)
    return kept + [-1] * (module.WANTED - len(kept))


def _pooled(module, image, box):
    parts, scale = module.PARTS, 1 / module.STRIDE
    left, top = int(box[0] * scale), int(box[1] * scale)
    width = max(int(np.ceil(box[2] * scale)) - left, 1)
    height = max(int(np.ceil(box[3] * scale)) - top, 1)
    out = np.zeros((module.CHANNELS, parts, parts))
    for y in range(parts):
        for x in range(parts):
            rows = slice(top + y * height // parts, top + -(-(y + 1) * height // parts))
            columns = slice(left + x * width // parts, left + -(-(x + 1) * width // parts))
            region = image[:, rows, columns]
            if region.size:
                out[:, y, x] = region.max((1, 2))
    return out.reshape(-1)
