"""Choices of inputs: presets, and what is said beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from softbeam.campaign.file import read_request
from softbeam.campaign.setup import load_requested
from softbeam.errors import CampaignError
from softbeam.network.choices import InputChoices
from softbeam.network.preprocessing import PLAIN, PRESETS, Preprocessing
from softbeam.network.workload import load_workload


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, PLAIN),
        ({"preprocess": "imagenet"}, PRESETS["imagenet"]),
        ({"preprocess": "darknet"}, PRESETS["darknet"]),
        (
            {"preprocess": "darknet", "exif": "apply"},
            Preprocessing(exif="apply", resize="letterbox"),
        ),
        (
            {"mean": ["104,117", "123"], "scale": "255", "bgr": True, "resize": "256x256"},
            Preprocessing(mean=(104, 117, 123), scale=255, bgr=True, resize="256x256"),
        ),
        ({"mean": ["-0.5"], "std": ["0.5"]}, Preprocessing(mean=(-0.5,), std=(0.5,))),
    ],
)
def test_options_say_what_is_done(options: dict[str, Any], expected: Preprocessing) -> None:
    assert InputChoices.from_options(options).preprocessing == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"resize": "big"},
            "--resize 'big' is not possible: it must be short, letterbox",
        ),
        ({"std": ["1,0,1"]}, "--std 0 is not possible"),
        ({"mean": ["nan"]}, "--mean 'nan' is not possible"),
        ({"scale": "0"}, "--scale 0 is not possible"),
        ({"preprocess": "caffe"}, "'none', 'imagenet' or 'darknet'"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        InputChoices.from_options(options)


def test_a_campaign_file_says_it_and_the_id_tells_it_apart(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    text = 'network = "extraction"\nmodes = ["rf"]\n'
    found = []
    for more in ("", 'preprocess = "none"\n', "mean = [0.5, 0.5, 0.5]\nstd = [0.5]\n"):
        file.write_text(text + more)
        workload, specification = load_requested(read_request(file))
        found.append((workload.preprocessing, specification.campaign_id))
    assert found[0] == found[1]
    assert found[2][0].endswith("less the mean 0.5, 0.5, 0.5 over the standard deviation 0.5.")
    assert found[2][1] != found[0][1]


def test_arrays_are_said_to_stay_as_they_are(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    array, picture = tmp_path / "input.npy", tmp_path / "input.png"
    np.save(array, np.zeros((3, 224, 224), np.float32))
    Image.new("RGB", (9, 9)).save(picture)
    said = load_workload("extraction", images=[array]).preprocessing
    assert said == "Given as numbers (.npy), which stay as they are."
    said = load_workload("extraction", images=[array, picture]).preprocessing
    assert said.endswith("values from 0 to 1. Inputs given as numbers (.npy) stay as they are.")
