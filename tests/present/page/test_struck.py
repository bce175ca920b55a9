from __future__ import annotations

from dataclasses import replace

from support.made_up import deep_facts

from softbeam.analysis.results import Results
from softbeam.campaign.results.facts import Facts, GoldenClass, InputFacts
from softbeam.present.page.struck import SHOWN, struck


def campaign(results: Results, facts: Facts, inputs: int = 1) -> Results:
    digests = tuple(f"{number:064x}" for number in range(inputs))
    specification = results.specification.model_copy(update={"inputs_sha256": digests})
    return replace(results, facts=facts, specification=specification)


def test_old_results_name_what_they_know(results: Results) -> None:
    head = struck(campaign(results, Facts()))
    assert [name for name, _ in head.facts] == ["kernels"]
    assert head.pictures == ()


def test_a_network_of_softbeams_own_has_no_file(results: Results) -> None:
    facts = deep_facts().model_copy(update={"network_file": None})
    assert dict(struck(campaign(results, facts)).facts)["model"].startswith("extraction, as soft")


def test_of_many_inputs_some_are_shown_and_all_are_counted(results: Results) -> None:
    golden = GoldenClass(number=1, name="", score=0.75, second=0, second_name="cat", lead=0.5)
    inputs = tuple(InputFacts(number=n, file=f"{n}.png", golden=golden) for n in range(20))
    facts = deep_facts().model_copy(update={"inputs": inputs})
    head = struck(campaign(results, facts, inputs=20))
    assert [picture.file for picture in head.pictures] == [f"{n}.png" for n in range(SHOWN)]
    assert dict(head.facts)["inputs"] == f"20, {20 - SHOWN} of them not shown"
    assert head.pictures[0].source == ""
    assert head.pictures[0].answer == (
        "without a fault: class 1, score 0.75, which is 0.5 above the second, cat (class 0)"
    )


def test_a_detector_has_boxes(results: Results) -> None:
    for boxes, words in ((0, "0 boxes"), (1, "1 box"), (7, "7 boxes")):
        inputs = (InputFacts(number=0, file="street.png", boxes=boxes),)
        facts = deep_facts().model_copy(update={"inputs": inputs})
        (picture,) = struck(campaign(results, facts)).pictures
        assert picture.answer == f"without a fault: {words}"
