"""Golden runs of ONNX models beside onnxruntime's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from softbeam.network import load_network
from softbeam.network.catalogue import Network
from softbeam.network.golden import golden_run


def agree(tmp_path: Path, model: onnx.ModelProto, *, nhwc: bool = False) -> Network:
    """Hold a golden run against onnxruntime's answer to 1e-5 of its largest number."""
    path = tmp_path / "model.onnx"
    # Its answer has the shape that the runtime gives it, as an exporter writes it.
    model.graph.output[0].type.tensor_type.ClearField("shape")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    batch, *sides = session.get_inputs()[0].shape
    image = np.random.default_rng(4).random((1, *sides), dtype=np.float32)
    images = np.repeat(image, batch if isinstance(batch, int) else 1, axis=0)
    wanted = session.run(None, {session.get_inputs()[0].name: images})[0]
    for side in wanted.shape:
        model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = side
    onnx.save(model, str(path))
    network = load_network(str(path))
    assert network.weights is not None
    if nhwc:
        image = image.transpose(0, 3, 1, 2)
    found = golden_run(network.plan(), network.weights, image.reshape(-1)).scores
    size = np.abs(wanted).max()
    assert size > 0
    ours = wanted if batch == 1 or not isinstance(batch, int) else wanted[:1]
    np.testing.assert_allclose(found, ours.reshape(-1), rtol=0, atol=1e-5 * size)
    return network
