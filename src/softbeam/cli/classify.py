"""``softbeam classify``: the golden run's answer, the five best classes or a detector's boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._options import preparing
from softbeam.injection.choices import JudgeChoices
from softbeam.network.choices import LabelChoices, WorkloadRequest
from softbeam.text import visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from softbeam.injection.boxes import Bits
    from softbeam.injection.detection import BoxJudge
    from softbeam.network.golden import GoldenRun

#: Objects of a detector that are printed.
SHOWN = 20


@app.command()
@with_choices
def classify(wanted: WorkloadRequest, judged: JudgeChoices, right: LabelChoices) -> None:
    """Run a network once without fault and print its five best classes, or a detector's boxes.

    With several images, once for each; of labelled ones also how many answers are right. With
    --judge what the answer says as a mask, text or values.
    """
    from softbeam.injection.answers import check_fault_free, check_meaning
    from softbeam.injection.detection import BoxJudge
    from softbeam.injection.judges.functions import read_judge
    from softbeam.injection.judging import judge_for
    from softbeam.network.golden import golden_run
    from softbeam.network.workload import load_workload

    workload = load_workload(
        wanted.network,
        weights=wanted.weights,
        names=wanted.names,
        images=wanted.images,
        preprocessing=wanted.preprocessing,
        choices=wanted,
        calibration=wanted.calibrated,
        labelled=judged.judge in (None, "classes"),
        labels=right.labels,
    )
    check_meaning(workload.network, workload.plan, judged)
    judge = judge_for(workload.plan, judged, read_judge(judged.judge))
    classes = dict(enumerate(workload.network.classes or ()))
    out, hits = console(), 0
    for number, image in enumerate(workload.images):
        with preparing():
            golden = golden_run(workload.plan, workload.weights, image)
        check_fault_free(golden, judge)
        if len(workload.images) > 1:
            name = visible(workload.input_files[number])
            out.print(f"{name}:", markup=False, soft_wrap=True)
        if isinstance(judge, BoxJudge):
            _print_objects(out, judge, golden.answer, classes)
        elif judge.kind == "classes":
            _print_classes(out, golden.scores, classes)
        else:
            told = visible(judge.told(golden.answer, classes))
            out.print(told, markup=False, soft_wrap=True)
        hits += workload.labels is not None and _first(golden) == workload.labels[number]
    if workload.labels is not None:
        from softbeam.analysis.proportion import Proportion
        from softbeam.present.digits import percent

        share = Proportion(hits, len(workload.images))
        out.print(f"right: {hits} of {share.n}, {percent(share)} %", markup=False)
    if workload.network.classes is None and judge.kind in ("classes", "boxes"):
        typer.echo("The classes of this network have no names here.", err=True)


def _first(golden: GoldenRun) -> int:
    from softbeam.injection.classification import ranking

    return int(ranking(golden.scores)[0])


def _print_classes(out: Console, scores: NDArray[np.float32], names: Mapping[int, str]) -> None:
    from softbeam.injection.classification import ranking

    for rank, index in enumerate(ranking(scores)[:5].tolist(), start=1):
        name = visible(names.get(index, f"class {index}"))
        out.print(f"{rank}  {scores[index]:.6f}  {name}", markup=False)


def _print_objects(out: Console, judge: BoxJudge, answer: Bits, names: Mapping[int, str]) -> None:
    """Print a detector's best boxes; Darknet's places are in parts of the image."""
    found = judge.boxes(answer)
    for rank, box in enumerate(found[:SHOWN], start=1):
        name = visible(names.get(box.label, f"class {box.label}"))
        out.print(f"{rank:>2}  {box.score:.6f}  {name} {box.place}", markup=False, soft_wrap=True)
    more = f", the best {SHOWN} above" if len(found) > SHOWN else ""
    least = judge.rule.threshold
    out.print(f"{len(found):,} objects with a score above {least}{more}", soft_wrap=True)
