from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from softbeam.campaign.specification import (
    CampaignSpecification,
    Difference,
    StreamRequest,
    first_difference,
    merged,
)
from softbeam.errors import CampaignError
from softbeam.injection.choices import BoxRule, MaskRule, TextRule, ValueRule
from softbeam.options import option

FIELDS: dict[str, Any] = {
    "network": "extraction",
    "weights_sha256": "1" * 64,
    "plan_sha256": "4" * 64,
    "inputs_sha256": ("2" * 64,),
    "architecture": "sm_90",
    "kernels_sha256": "3" * 64,
    "emulator_semantics": 1,
    "seed": 1,
    "streams": (StreamRequest(mode="rf", model="single-bit", injections=1000),),
}

#: Another valid value of every field that can move a result.
OTHERS: dict[str, Any] = {
    "network": "tiny",
    "weights_sha256": "a" * 64,
    "plan_sha256": "a" * 64,
    "inputs_sha256": ("2" * 64, "a" * 64),
    "fault_semantics": "sassifi",
    "groups": ("load",),
    "multiprocessors": 4,
    "boxes": BoxRule(threshold=0.4),
    "judge": "mask",
    "judge_sha256": "a" * 64,
    "mask": MaskRule(overlap=0.5),
    "text": TextRule(blank=-1),
    "values": ValueRule(tolerance=0.5),
    "sampling": "stratified",
    "architecture": "sm_80",
    "kernels_sha256": "a" * 64,
    "emulator_semantics": 2,
    "campaign_semantics": 2,
    "kernels": ("fill",),
    "layers": (0, 1),
    "im2col": "except-1x1",
    "gemm": "struck",
    "input_shape": (1, 3, 64, 64),
    "constants": ("scale_factor=1,1",),
    "harden": "lean",
    "output": "scores",
    "seed": 2,
    "results_schema": 2,
}

hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
names = st.sampled_from(
    [
        (mode, model)
        for mode in ("rf", "iov", "ioa")
        for model in ("single-bit", "double-bit", "random-value", "zero-value")
        if mode != "ioa" or model in ("single-bit", "double-bit")
    ]
)
streams = st.dictionaries(names, st.integers(0, 10**9)).map(
    lambda wanted: tuple(
        StreamRequest(mode=mode, model=model, injections=injections)  # type: ignore[arg-type]
        for (mode, model), injections in wanted.items()
    )
)
specifications = st.builds(
    CampaignSpecification,
    network=st.text(min_size=1),
    weights_sha256=hashes,
    plan_sha256=hashes,
    inputs_sha256=st.lists(hashes, min_size=1, max_size=3).map(tuple),
    fault_semantics=st.sampled_from(["hardware", "sassifi"]),
    groups=st.none() | st.lists(st.text(min_size=1), min_size=1).map(tuple),
    sampling=st.sampled_from(["uniform", "stratified"]),
    architecture=st.sampled_from(["sm_90", "sm_80"]),
    kernels_sha256=hashes,
    emulator_semantics=st.integers(1, 100),
    kernels=st.none() | st.lists(st.text(min_size=1), min_size=1).map(tuple),
    layers=st.none() | st.lists(st.integers(0, 30), min_size=1).map(tuple),
    im2col=st.sampled_from(["always", "except-1x1"]),
    gemm=st.sampled_from(["library", "struck"]),
    seed=st.integers(0, 2**128),
    streams=streams,
)


def specification(**changes: Any) -> CampaignSpecification:
    return CampaignSpecification(**{**FIELDS, **changes})


@given(specifications)
def test_json_round_trip(one: CampaignSpecification) -> None:
    again = CampaignSpecification.from_json(one.to_json())
    assert again == one
    assert again.campaign_id == one.campaign_id


@given(specifications, streams)
def test_id_does_not_depend_on_what_is_asked_for(
    one: CampaignSpecification, others: tuple[StreamRequest, ...]
) -> None:
    other = one.model_copy(update={"streams": others})
    assert other.campaign_id == one.campaign_id
    assert first_difference(one, other) is None


@given(specifications, specifications)
def test_ids_are_equal_exactly_if_nothing_differs(
    one: CampaignSpecification, other: CampaignSpecification
) -> None:
    assert (one.campaign_id == other.campaign_id) == (first_difference(one, other) is None)


#: Ids as they have been since the first release.
KNOWN: list[tuple[dict[str, Any], str]] = [
    ({}, "531b3f17f5d4f7219a9bd4aae9b8701f9a8d4212ef8296f290da0f0dbebaf41b"),
    ({"boxes": BoxRule()}, "4ac7b16484925b7c918138ed37684d5f723c8d96cff9056cc8f449ae91f41cae"),
    (
        {"boxes": BoxRule(threshold=0.3)},
        "dfa119f01794c09f6d0aa728e0c28008209d244431d7490406526884e2c5f0b5",
    ),
    (
        {"boxes": BoxRule(overlap=1)},
        "a2ca2f151a44c56ff4517265dc73be536eae1203cd61126da3a5fcf442e504d1",
    ),
    (
        {
            "layers": (3, 1),
            "kernels": ("im2col", "fill"),
            "groups": ("load",),
            "fault_semantics": "sassifi",
            "im2col": "except-1x1",
            "sampling": "stratified",
            "seed": 12345678901234567890,
            "architecture": "sm_75",
        },
        "7d3a33df53e4563d8434e61cd7bad73e960186e4812d22d1d7b77cb14af56500",
    ),
]


@pytest.mark.parametrize(("changes", "campaign_id"), KNOWN)
def test_id_is_the_same_on_every_machine_and_day(changes: dict[str, Any], campaign_id: str) -> None:
    # It seeds every draw: if this changes, no stored campaign can be continued.
    assert specification(**changes).campaign_id == campaign_id


def test_a_file_of_before_left_products_out() -> None:
    text = specification().to_json()
    assert '"gemm":"library",' in text.replace("\n", "").replace(" ", "")
    before = text.replace('"gemm": "library",', "")
    assert before != text
    assert CampaignSpecification.from_json(before) == specification()


class Later(CampaignSpecification):
    """A specification with choices that there were none of before."""

    lean: bool = option(False, help="Whether.")
    slack: int = option(3, help="How much.")


@given(specifications)
def test_a_later_choice_leaves_the_ids_of_campaigns_without_it(one: CampaignSpecification) -> None:
    later = Later.model_validate(one.model_dump())
    assert later.campaign_id == one.campaign_id
    ids = {later.model_copy(update=new).campaign_id for new in ({"lean": True}, {"slack": 4})}
    assert len(ids | {one.campaign_id}) == 3
    # A file from before says nothing of it.
    assert Later.from_json(one.to_json()) == later


@pytest.mark.parametrize("name", OTHERS)
def test_every_field_that_moves_a_result_moves_the_id(name: str) -> None:
    one, other = specification(), specification(**{name: OTHERS[name]})
    assert one.campaign_id != other.campaign_id
    difference = first_difference(one, other)
    assert difference is not None
    assert difference.field == name


def test_no_field_was_forgotten() -> None:
    movable = set(CampaignSpecification.model_fields) - {"streams", "target", "loads"}
    assert set(OTHERS) == movable


def test_first_difference_has_both_values() -> None:
    found = first_difference(specification(seed=1), specification(seed=7, results_schema=9))
    assert found == Difference("seed", 1, 7)


@pytest.mark.parametrize(
    ("field", "first", "second", "named", "values"),
    [
        ("seed", 1, 7, "seed", ("1", "7")),
        ("kernels", None, ["fill", "copy"], "kernels", ("not given", "'fill', 'copy'")),
        ("kernels", [], ["fill"], "kernels", ("none", "'fill'")),
        (
            "weights_sha256",
            "1" * 64,
            "2" * 64,
            "weights_sha256 (weights)",
            ("111111111111…", "222222222222…"),
        ),
        ("layers", [1, 2, 3, 4, 5], [1], "layers", ("1, 2, 3 and 2 more", "1")),
        ("layers", [1, 2, 3, 4], [1, 2, 3, 5], "layers", ("[1, 2, 3, 4]", "[1, 2, 3, 5]")),
        (
            "boxes",
            {"threshold": 0.5, "overlap": 0.4},
            None,
            "boxes (how a detector's boxes are compared)",
            ("threshold 0.5, overlap 0.4", "not given"),
        ),
    ],
)
def test_a_difference_can_be_read(
    field: str, first: Any, second: Any, named: str, values: tuple[str, str]
) -> None:
    difference = Difference(field, first, second)
    assert difference.named == named
    assert difference.values == values


def test_scope_is_a_set() -> None:
    one = specification(kernels=("im2col", "fill", "fill"), layers=(3, 1))
    assert one.kernels == ("fill", "im2col")
    assert one.campaign_id == specification(kernels=("fill", "im2col"), layers=(1, 3)).campaign_id


@pytest.mark.parametrize(
    "changes",
    [
        {"workers": 4},
        {"weights_sha256": "1" * 63},
        {"weights_sha256": "G" * 64},
        {"network": ""},
        {"seed": -1},
        {"seed": "1"},
        {"kernels": ()},
        {"layers": ()},
        {"im2col": "never"},
        {"fault_semantics": "beam"},
        {"streams": FIELDS["streams"] * 2},
    ],
    ids=str,
)
def test_invalid_specification_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        specification(**changes)


@pytest.mark.parametrize(
    ("mode", "model", "injections"),
    [
        ("RF", "single-bit", 1),
        ("rf", "triple-bit", 1),
        ("rf", "single-bit", -1),
        ("ioa", "random-value", 1),
        ("ioa", "zero-value", 1),
    ],
)
def test_invalid_stream_is_refused(mode: Any, model: Any, injections: int) -> None:
    with pytest.raises(ValidationError):
        StreamRequest(mode=mode, model=model, injections=injections)


def test_specification_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        specification().seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "as a whole"),
        ("[]", "as a whole"),
        (json.dumps({}), "network"),
    ],
)
def test_what_is_no_specification_is_named(text: str, place: str) -> None:
    with pytest.raises(CampaignError, match=place):
        CampaignSpecification.from_json(text)


def test_asking_for_more_merges() -> None:
    stored = specification()
    asked = specification(
        streams=(
            StreamRequest(mode="rf", model="single-bit", injections=10),
            StreamRequest(mode="ioa", model="single-bit", injections=5),
        )
    )
    both = merged(stored, asked)
    assert [(stream.mode, stream.injections) for stream in both.streams] == [
        ("ioa", 5),
        ("rf", 1000),
    ]
    assert both.campaign_id == stored.campaign_id
    assert merged(asked, stored) == both


def test_different_campaigns_do_not_merge() -> None:
    with pytest.raises(ValueError, match="seed"):
        merged(specification(), specification(seed=2))
