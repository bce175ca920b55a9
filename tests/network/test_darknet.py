"""Our golden runs beside Darknet itself (Debian's package of 2018, which runs on the host)."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import pytest

from softbeam.network.catalogue import load_network
from softbeam.network.golden import golden_run
from softbeam.network.image import load_image
from softbeam.network.weights import shipped_weights


@pytest.mark.slow
def test_extractions_scores_agree_with_darknet(predict) -> None:  # type: ignore[no-untyped-def]
    network = load_network("extraction")
    weights = shipped_weights("extraction", network.layers)
    image = load_image(None, network.input_shape)
    with as_file(files("softbeam.network").joinpath("data", "extraction.cfg")) as cfg:
        theirs = predict(cfg, network.layers, weights, image)
    ours = golden_run(network.plan(), weights, image).scores
    assert theirs[-1].argmax() == ours.argmax() == 946
    np.testing.assert_allclose(ours, theirs[-1], rtol=0, atol=1e-5)
