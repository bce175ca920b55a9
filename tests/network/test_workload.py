"""What a user names: read, hashed, and refused where it cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.networks import NetworkFiles

from softbeam import memory
from softbeam.errors import CampaignError, ImageError, NetworkError, TooLargeError
from softbeam.network.choices import WorkloadChoices
from softbeam.network.darknet.weights import read_weights
from softbeam.network.workload import Workload, load_workload, weights_hash


def load(files: NetworkFiles, *images: Path, **options: object) -> Workload:
    return load_workload(str(files.cfg), weights=files.weights, images=images, **options)  # type: ignore[arg-type]


def test_every_part_has_a_hash_of_its_own(network_files: NetworkFiles, tmp_path: Path) -> None:
    one = load(network_files, *network_files.images[:2])
    assert load(network_files, *network_files.images[:2]).inputs_sha256 == one.inputs_sha256
    assert len(set(one.inputs_sha256)) == 2
    assert [image.size for image in one.images] == [300, 300]

    def differs(other: Workload) -> set[str]:
        names = ("plan_sha256", "weights_sha256", "inputs_sha256", "kernels_sha256")
        return {name for name in names if getattr(other, name) != getattr(one, name)}

    # The order of the inputs is the order in which injections take turns.
    swapped = load(network_files, *reversed(network_files.images[:2]))
    assert differs(swapped) == {"inputs_sha256"}
    assert swapped.inputs_sha256 == one.inputs_sha256[::-1]
    other = load(
        network_files, *network_files.images[:2], choices=WorkloadChoices(im2col="except-1x1")
    )
    assert differs(other) == {"plan_sha256"}
    other = load(
        network_files, *network_files.images[:2], choices=WorkloadChoices(architecture="sm_80")
    )
    assert differs(other) == {"kernels_sha256"}
    changed = bytearray(network_files.weights.read_bytes())
    changed[-1] ^= 0x80
    path = tmp_path / "changed.weights"
    path.write_bytes(changed)
    other = load_workload(str(network_files.cfg), weights=path, images=network_files.images[:2])
    assert differs(other) == {"weights_sha256"}


def test_a_weights_hash_sees_names_and_every_bit() -> None:
    a, b = np.zeros(3, dtype=np.float32), np.ones(2, dtype=np.float32)
    hashes = [
        weights_hash(weights)
        for weights in ({"x": a, "y": b}, {"x": b, "y": a}, {"x": -a, "y": b}, {"x": a})
    ]
    assert len(set(hashes)) == 4
    assert weights_hash({"y": b, "x": a}) == hashes[0]


def test_a_folder_stands_for_its_files_in_their_order(
    network_files: NetworkFiles, tmp_path: Path
) -> None:
    names = ["b.png", "a.png", "c.png"]
    for name, image in zip(names, network_files.images, strict=True):
        (tmp_path / name).write_bytes(image.read_bytes())
    (tmp_path / ".hidden").touch()
    (tmp_path / "folder").mkdir()
    one = load(network_files, network_files.images[2], tmp_path)
    order = [network_files.images[number] for number in (2, 1, 0, 2)]
    assert one.inputs_sha256 == load(network_files, *order).inputs_sha256


def test_without_an_image_it_is_the_sample_photo(network_files: NetworkFiles) -> None:
    one = load(network_files)
    assert len(one.images) == 1
    assert one.images[0].min() >= 0
    assert one.images[0].max() <= 1


def test_what_cannot_be_used(network_files: NetworkFiles, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ImageError, match="holds no image; name a folder that does"):
        load(network_files, tmp_path)
    with pytest.raises(CampaignError, match=r"--arch 'sm_35' is not possible: .* 'sm_90'"):
        WorkloadChoices.from_options({"architecture": "sm_35"})
    with pytest.raises(NetworkError, match="no weights come with softbeam for network 'tiny'"):
        load_workload(str(network_files.cfg))


def test_the_weights_are_those_of_the_file(network_files: NetworkFiles) -> None:
    one = load(network_files)
    expected = read_weights(network_files.weights, one.network.layers)
    assert one.weights.keys() == expected.keys()
    assert all(np.array_equal(one.weights[name], expected[name]) for name in expected)
    assert one.weights_sha256 == weights_hash(expected)


def test_more_inputs_than_there_is_memory_for_are_refused(
    network_files: NetworkFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The network itself has room.
    monkeypatch.setattr(memory, "available_memory", lambda: 100_000)
    images = network_files.images * 100
    with pytest.raises(
        TooLargeError, match=r"^a list of 300 inputs needs 360\.0 kB of memory, and 100\.0 kB"
    ):
        load(network_files, *images)
