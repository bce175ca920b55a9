"""Faults in tensors of ONNX models: softbeam's answers beside those of onnxruntime.

``SOFTBEAM_ONNX_FAULTS=100`` asks for that many in each model, of 12 by default.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
models = pytest.importorskip("support.onnx_models")
blocks = pytest.importorskip("support.onnx_blocks")
faults = pytest.importorskip("support.onnx_faults")

#: Faults in each tensor that is struck; each tensor is a session of the runtime.
EACH = 4
TENSORS = -(-int(os.environ.get("SOFTBEAM_ONNX_FAULTS", "12")) // EACH)


def follow(tmp_path: Path, model, tensors: int = TENSORS):  # type: ignore[no-untyped-def]
    path = tmp_path / "model.onnx"
    model = onnx.shape_inference.infer_shapes(model)
    onnx.save(model, str(path))
    sides = [side.dim_value or 1 for side in model.graph.input[0].type.tensor_type.shape.dim]
    rng = np.random.default_rng(9)
    image = rng.random((1, *sides[1:]), dtype=np.float32)
    return list(faults.Faults(path, image).follow(rng, tensors, EACH))


def complain(found) -> list[str]:  # type: ignore[no-untyped-def]
    return [
        f"{one.fault} in {one.tensor} of {one.op}: {one.ours[:4]}, but {one.runtime[:4]}"
        for one in found
        if not one.alike
    ]


@pytest.mark.parametrize("name", blocks.BLOCKS)
def test_blocks_with_faults_answer_as_onnxruntime_does(tmp_path: Path, name: str) -> None:
    assert complain(follow(tmp_path, blocks.build(blocks.BLOCKS[name]))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", models.MODELS)
def test_models_with_faults_answer_as_onnxruntime_does(tmp_path: Path, name: str) -> None:
    found = follow(tmp_path, models.MODELS[name]())
    assert complain(found) == []
    assert len(found) >= EACH
    # Faults arrive, and answers without numbers are among those that agree.
    assert len({one.runtime.tobytes() for one in found}) > 2


def test_answers_that_differ_are_told_apart() -> None:
    def alike(ours: list[float], runtime: list[float]) -> bool:
        given = (np.array(one, dtype=np.float32) for one in (ours, runtime))
        return bool(faults.Followed("", "", "", *given).alike)

    nan, infinity = float("nan"), float("inf")
    assert alike([1, 2, nan], [1, 2.0001, nan])
    assert alike([nan, nan], [nan, nan])
    # Which of two equal scores is the highest is rounding.
    assert alike([1, 1.0001], [1.0001, 1])
    assert not alike([1, 2, nan], [1, nan, 2])
    assert not alike([1, infinity], [1, -infinity])
    assert not alike([1, 2], [1, 2.1])
    assert not alike([1, nan], [1, 2])
