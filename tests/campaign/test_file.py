"""Campaign files and options: what they may say, and how it is told where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.campaign.choices import Target
from softbeam.campaign.file import line_of, read_request
from softbeam.campaign.request import Request
from softbeam.campaign.specification import StreamRequest
from softbeam.errors import CampaignError

FULL = """
# The paper's campaign, and more precise.
network = "networks/tiny.cfg"
weights = "weights/tiny.weights"
images = ["a.png", "photos"]
modes = ["rf", "iov"]
models = ["single-bit", "random-value-warp"]
margin = 0.02
confidence = 0.99
per = "layer"
semantics = "sassifi"
layers = [0, 2]
kernels = ["fill"]
groups = ["load", "move"]
im2col = "except-1x1"
arch = "sm_80"
seed = 7
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a campaign file in a folder of its own."""
    (tmp_path / "studies").mkdir()
    return tmp_path / "studies" / "campaign.toml"


def test_every_field_arrives_and_paths_count_from_the_file(path: Path) -> None:
    path.write_text(FULL)
    request = read_request(path)
    folder = path.parent
    assert request.network == str(folder / "networks/tiny.cfg")
    assert request.weights == folder / "weights/tiny.weights"
    assert request.images == (folder / "a.png", folder / "photos")
    assert [(one.mode, one.model, one.injections) for one in request.streams] == [
        ("rf", "single-bit", 0),
        ("rf", "random-value-warp", 0),
        ("iov", "single-bit", 0),
        ("iov", "random-value-warp", 0),
    ]
    assert request.target == Target(margin=0.02, confidence=0.99, per="layer")
    assert request.sampling == "stratified"
    assert (request.fault_semantics, request.im2col, request.architecture) == (
        "sassifi",
        "except-1x1",
        "sm_80",
    )
    assert (request.layers, request.kernels) == ((0, 2), ("fill",))
    assert (request.groups, request.seed) == (("load", "move"), 7)


def test_absolute_paths_and_known_networks_stay(path: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w.weights"
    path.write_text(f'network = "extraction"\npaper = true\nweights = "{weights}"')
    request = read_request(path)
    assert (request.network, request.weights) == ("extraction", weights)


def test_what_is_left_out_has_the_options_default(path: Path) -> None:
    path.write_text('network = "extraction"\nmodes = ["rf"]')
    assert read_request(path) == Request.from_options({"network": "extraction", "modes": ["rf"]})
    request = read_request(path)
    assert request.streams == (StreamRequest(mode="rf", model="single-bit", injections=1000),)
    assert (request.seed, request.target, request.sampling) == (1, None, "uniform")


def test_the_papers_campaign() -> None:
    request = Request.from_options({"network": "extraction", "paper": True, "injections": 500})
    assert [(one.mode, one.model, one.injections) for one in request.streams] == [
        ("rf", "single-bit", 500),
        ("ioa", "single-bit", 500),
        ("iov", "random-value", 500),
    ]


def test_a_stream_that_is_named_twice_is_one() -> None:
    request = Request.from_options({"network": "extraction", "modes": ["rf", "rf"]})
    assert len(request.streams) == 1


@pytest.mark.parametrize(
    ("per", "stratified", "sampling"),
    [
        ("all", False, "uniform"),
        ("all", True, "stratified"),
        ("kernel", False, "stratified"),
        ("layer-kernel", False, "stratified"),
    ],
)
def test_single_cells_need_strata(per: str, stratified: bool, sampling: str) -> None:
    request = Request.from_options(
        {
            "network": "extraction",
            "modes": ["rf"],
            "margin": 0.1,
            "per": per,
            "stratified": stratified,
        }
    )
    assert request.sampling == sampling


#: A line that is wrong, the field (and its line) that the message names, and what it says.
WRONG = [
    ("modes = ['xyz']", "line 3, modes", "'rf', 'ioa', 'iov', "),
    ("models = ['half-bit']", "line 3, models", "'single-bit'"),
    ("injections = 0", "line 3, injections", "1 or more"),
    ("injections = 'many'", "line 3, injections", "it must be a whole number"),
    ("margin = 0.7", "line 3, margin", "less than 0.5"),
    ("margin = nan", "line 3, margin", "it must be"),
    ("margin = 0.1\nconfidence = 1.0", "line 4, confidence", "less than 1"),
    ("margin = 0.1\nper = 'thread'", "line 4, per", "'layer-kernel'"),
    ("semantics = 'gpgpu-sim'", "line 3, semantics", "'nvbitfi'"),
    ("layers = [0, 'one']", "line 3, layers", "it must be a whole number"),
    ("kernels = 3", "line 3, kernels", "it must be a list"),
    ("kernels = ['']", "line 3, kernels", "it must not be empty"),
    ("im2col = 'never'", "line 3, im2col", "'except-1x1'"),
    ("seed = -1", "line 3, seed", "0 or more"),
    ("stratified = 'perhaps'", "line 3, stratified", "true or false"),
    ("mode = ['rf']", "line 3, mode", "there is no such field; did you mean modes?"),
    ("zzz = 1", "line 3, zzz", "there is no such field"),
    ('"seeds" = 3', "line 3, seeds", "there is no such field; did you mean seed?"),
]


@pytest.mark.parametrize(("line", "place", "reason"), WRONG)
def test_a_wrong_field_is_named_with_file_and_line(
    path: Path, line: str, place: str, reason: str
) -> None:
    modes = "" if line.startswith("modes") else 'modes = ["rf"]'
    path.write_text(f'{modes}\nnetwork = "extraction"\n{line}\n')
    with pytest.raises(CampaignError) as caught:
        read_request(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, {place}: ")
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('modes = ["rf"]', "network: this is needed"),
        ('network = "extraction"', "give modes (rf, ioa, iov, "),
        ('network = "extraction"\npaper = true\nmodes = ["rf"]', "leave modes and models out"),
        ('network = "extraction"\npaper = true\nmodels = ["single-bit"]', "leave modes and models"),
        (
            'network = "extraction"\nmodes = ["rf"]\nmargin = 0.1\ninjections = 5',
            "give injections or margin, not both",
        ),
        ('network = "extraction"\nmodes = ["rf"]\nper = "layer"', "they are about margin"),
        ('network = "extraction"\nmodes = ["rf"]\nconfidence = 0.9', "they are about margin"),
        (
            'network = "extraction"\nmodes = ["ioa"]\nmodels = ["zero-value"]',
            "mode ioa (instruction output address) takes no zero-value",
        ),
        (
            'network = "extraction"\nmodes = ["rf"]\nsemantics = "nvbitfi"',
            "the rules of nvbitfi have no mode rf; they have iov",
        ),
        ("network = \n", "is no TOML: Invalid value (at line 1, column 11)"),
        ('network = "a"\nnetwork = "b"\n', "is no TOML: Cannot overwrite a value (at line 2"),
    ],
)
def test_what_does_not_fit_together_is_told_with_the_file(
    path: Path, text: str, reason: str
) -> None:
    path.write_text(text)
    with pytest.raises(CampaignError) as caught:
        read_request(path)
    assert str(caught.value).startswith(str(path))
    assert reason in str(caught.value)


def test_files_that_cannot_be_read(path: Path) -> None:
    with pytest.raises(CampaignError, match=r"cannot read the campaign file .*: No such file"):
        read_request(path)
    path.write_bytes(b"network = '\xff'")
    with pytest.raises(CampaignError, match=r"cannot read the campaign file .*: it is not UTF-8"):
        read_request(path)
    with pytest.raises(CampaignError, match=r"cannot read the campaign file .*: Is a directory"):
        read_request(path.parent)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"modes": ["xyz"]}, "--mode 'xyz' is not possible: it must be 'rf', 'ioa', 'iov', "),
        ({"modes": ["rf"], "models": ["half"]}, "--model 'half' is not possible"),
        ({"modes": ["rf"], "injections": 0}, "--injections 0 is not possible"),
        ({"modes": ["rf"], "margin": 1.0}, "--margin 1.0 is not possible"),
        ({}, "give modes"),
    ],
)
def test_a_wrong_option_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError) as caught:
        Request.from_options({"network": "extraction", **values})
    assert str(caught.value).startswith(message)


@given(st.lists(st.sampled_from(["network", "seed", "margin", "modes"]), unique=True), st.data())
def test_the_line_of_a_field_is_where_it_stands(fields: list[str], data: st.DataObject) -> None:
    lines = []
    for field in fields:
        lines += data.draw(st.lists(st.sampled_from(["", "# seed = 1", "  # no"]), max_size=2))
        lines.append(
            data.draw(st.sampled_from(["{}=1", "{} = 1", '"{}" =1', " {} = 1"])).format(field)
        )
    text = "\n".join(lines)
    for field in fields:
        assert field in lines[line_of(text, field) - 1]
        assert "#" not in lines[line_of(text, field) - 1]


def test_a_request_cannot_be_changed() -> None:
    request = Request(network="extraction", paper=True)
    with pytest.raises(ValueError, match="frozen"):
        request.seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "gemm"),
    [
        ({"modes": ["rf"]}, "struck"),
        ({"modes": ["rf"], "gemm": "library"}, "library"),
        ({"paper": True}, "library"),
        ({"paper": True, "gemm": "struck"}, "struck"),
    ],
)
def test_the_paper_leaves_products_out(tmp_path: Path, given: dict[str, Any], gemm: str) -> None:
    assert Request.from_options({"network": "extraction", **given}).gemm == gemm
    path = tmp_path / "campaign.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in given.items()]
    path.write_text("\n".join(['network = "extraction"', *lines]))
    assert read_request(path).gemm == gemm
