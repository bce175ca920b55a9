from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support.made_up import made_up_effects

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.techniques import work_by
from softbeam.analysis.results import Results
from softbeam.campaign.effects.file import write_effects
from softbeam.campaign.results.store import ResultsStore
from softbeam.cli import main

Capture = pytest.CaptureFixture[str]


def test_the_answer_is_printed_with_its_price_and_its_certainty(
    made_up_run: Path, capsys: Capture
) -> None:
    assert main(["advise", str(made_up_run), "--by", "kernel", "--of", "sdc"]) == 0
    printed = capsys.readouterr().out
    first, *others = printed.splitlines()
    (second,) = [line for line in others if line.startswith("* By ")]
    assert re.fullmatch(
        r"\* Harden \d of 4 kernels: [a-z0-9; ]+\. No smaller set holds 90 % of the SDCs seen\.",
        first,
    )
    assert "duplication with comparison" in second
    assert "RF single-bit, IOA single-bit, IOV random-value, each weighing the same" in second
    for sentence in (
        "not used to choose",
        "resamplings",
        "decide",
        "The cost model",
        "Matrix products",
    ):
        assert sentence in printed
    assert "The paper's conclusions" in printed
    assert "cannot tell at this n" in printed
    assert "\x1b" not in printed


def test_files_hold_every_item_and_the_whole_front(
    made_up_run: Path, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "deep" / "advice"
    assert main(["advise", str(made_up_run), "--of", "sdc", "--out", str(folder)]) == 0
    names = ["front.csv", "front.pdf", "front.png", "items.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    with (folder / "items.csv").open(newline="") as file:
        items = list(csv.DictReader(file))
    results = Results.load(made_up_run)
    assert len(items) == len(results.work())
    found = sum(record.outcome == "SDC" for record in results.records)
    assert sum(int(row["injections"]) for row in items) == found
    assert sum(float(row["share"]) for row in items) == pytest.approx(1.0)
    with (folder / "front.csv").open(newline="") as file:
        front = list(csv.DictReader(file))
    costs = [float(row["cost"]) for row in front]
    coverages = [float(row["coverage"]) for row in front]
    assert costs == sorted(set(costs))
    assert coverages == sorted(set(coverages))
    assert (coverages[0], coverages[-1]) == (0.0, pytest.approx(1.0))


def test_a_budget_is_kept(made_up_run: Path, capsys: Capture) -> None:
    arguments = ["advise", str(made_up_run), "--by", "kernel", "--of", "due"]
    assert main([*arguments, "--budget", "0.4", "--technique", "triplication"]) == 0
    printed = capsys.readouterr().out
    cost = re.search(r"and costs ([\d.]+) % more instructions", printed)
    assert cost is not None
    assert float(cost.group(1)) <= 40.0
    assert "Nothing else removes more of the DUEs seen for 40 % more instructions." in printed
    assert "removes at most" in printed


def test_one_mode_alone(made_up_run: Path, capsys: Capture) -> None:
    assert main(["advise", str(made_up_run), "--mode", "iov", "--of", "sdc"]) == 0
    printed = capsys.readouterr().out
    results = Results.load(made_up_run)
    own = [record for record in results.records if record.mode == "iov"]
    sdcs = sum(record.outcome == "SDC" for record in own)
    assert f"the {sdcs} SDCs seen in {len(own)} injections and costs" in printed


def test_too_little_damage_is_said(made_up_run: Path, tmp_path: Path, capsys: Capture) -> None:
    results = Results.load(made_up_run)
    with ResultsStore.create(tmp_path, results.specification) as store:
        store.append(results.records[:20])
        store.add_fault_space(results.sizes)
    assert main(["advise", str(tmp_path), "--of", "due"]) == 0
    printed = capsys.readouterr().out
    assert "nothing can be said about what to harden" in printed
    assert "or choose by other damage (--of sdc or due)" in printed
    assert "Harden" not in printed


def test_layers_can_be_hardened(made_up_run: Path, capsys: Capture) -> None:
    results = Results.load(made_up_run)
    assert main(["advise", str(made_up_run), "--by", "layer", "--of", "sdc"]) == 0
    printed = capsys.readouterr().out
    struck = {record.layer for record in results.records}
    answer = re.search(rf"Harden (\d+) of {len(struck)} layers: layers? [\d–, ]+\.", printed)
    assert answer is not None
    sdcs = Counter(record.layer for record in results.records if record.outcome == "SDC")
    for layer, number in sdcs.items():
        assert re.search(rf"^ +{layer} .* {number} ", printed, re.MULTILINE)
    # All of every layer costs what all of every kernel does.
    work = results.work()
    whole = sum(one.instructions for one in work.values())
    assert sum(one.instructions for one in work_by(work, By.LAYER).values()) == whole


def test_modes_in_any_case_and_with_commas(made_up_run: Path, capsys: Capture) -> None:
    found = []
    for modes in (["--mode", "iov", "--mode", "rf"], ["--mode", "IOV,rf"]):
        assert main(["advise", str(made_up_run), *modes]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]


def test_a_brief_answer_is_five_lines(made_up_run: Path, capsys: Capture) -> None:
    assert main(["advise", str(made_up_run), "--of", "sdc"]) == 0
    long = capsys.readouterr().out
    assert main(["advise", str(made_up_run), "--of", "sdc", "--brief"]) == 0
    brief = capsys.readouterr().out
    assert "Harden" in brief
    assert len(brief.splitlines()) <= 5
    assert long.startswith(brief)


def test_what_was_measured_answers_also_where_not_every_technique_was(
    made_up_run: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = Path(shutil.copytree(made_up_run, tmp_path / "run"))
    effects = made_up_effects(Results.load(run))
    twice = frozenset({("range",), ("duplication",)})
    write_effects(run, replace(effects, techniques=twice))
    assert main(["advise", str(run), "--of", "sdc", "--brief"]) == 0
    assert "it is predicted to remove" in capsys.readouterr().out
    # A model is asked for by its name.
    assert main(["advise", str(run), "--of", "sdc", "--technique", "duplication", "--brief"]) == 0
    assert "By duplication with comparison" in capsys.readouterr().out
    # What was not measured is not answered from what was.
    assert main(["advise", str(run), "--of", "sdc", "--among", "triplication"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "these are not all measured yet; measure them with --technique measured" in said
    write_effects(run, replace(effects, campaign="f" * 64))
    assert main(["advise", str(run), "--of", "sdc"]) == 2
    assert "are of campaign ffffffffffff" in " ".join(capsys.readouterr().err.split())


def test_costs_are_whole_kernels(made_up_run: Path) -> None:
    work = Results.load(made_up_run).work()
    assert {key.kernel for key in work_by(work, By.KERNEL)} == {
        "fill",
        "im2col",
        "maxpool",
        "softmax",
    }
    # Launches come from the network's plan: layer 0 fills twice.
    assert {key: one.launches for key, one in work.items() if key.layer == 0} == {
        key: 2 if key.kernel == "fill" else 1 for key in work if key.layer == 0
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--coverage", "0.9", "--budget", "0.1"],
        ["--coverage", "0"],
        ["--coverage", "1.5"],
        ["--budget", "-1"],
        ["--of", "masked"],
        ["--by", "thread"],
        ["--technique", "prayer"],
        ["--technique", "range-check", "--of", "due"],
        ["--mode", "cosmic"],
    ],
)
def test_wrong_options_are_status_two(
    made_up_run: Path, arguments: list[str], capsys: Capture
) -> None:
    assert main(["advise", str(made_up_run), *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err


def test_unknown_costs_are_one_sentence(made_up_run: Path, tmp_path: Path, capsys: Capture) -> None:
    results = Results.load(made_up_run)
    with ResultsStore.create(tmp_path, results.specification) as store:
        store.append(results.records)
    assert main(["advise", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("softbeam: error: the results do not say how much")
    assert error.count("\n") == 1
