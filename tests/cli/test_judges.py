"""What an error means, said on the command line: built-in judges and functions of one's own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from support import onnx_models as models

import softbeam
from softbeam.cli import main

pytestmark = pytest.mark.usefixtures("own_cache")

Capture = pytest.CaptureFixture[str]

SIDE = 6


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of two outputs: a map of three channels, and four numbers behind a pool."""
    builder = models.Builder()
    inner = builder.node("Relu", builder.conv("input", 3, 3, 3, padding=1))
    pooled = builder.node("Flatten", builder.node("GlobalAveragePool", inner))
    second = builder.node("Gemm", pooled, builder.normal(3, 4, spread=1.0), builder.normal(4))
    made = builder.model(inner, SIDE)
    made.graph.output.append(onnx.helper.make_tensor_value_info(second, 1, None))
    names = {inner: "map", second: "numbers"}
    for node in made.graph.node:
        for tensors in (node.input, node.output):
            tensors[:] = [names.get(one, one) for one in tensors]
    for one in made.graph.output:
        one.name = names[one.name]
    path = tmp_path_factory.mktemp("model") / "two.onnx"
    onnx.save(made, str(path))
    return path


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "input.npy"
    np.save(path, np.random.default_rng(1).random((3, SIDE, SIDE), dtype=np.float32))
    return path


JUDGE = """
import numpy as np
from softbeam import judges

def judge(golden, faulty):
    assert set(golden) == set(faulty) == {"map", "numbers"}
    if not all(np.isfinite(one).all() for one in faulty.values()):
        return "DUE", "noticed"
    if np.abs(faulty["numbers"] - golden["numbers"]).max() > 1e-3:
        return "SDC", "critical: numbers"
    overlap = judges.mask_overlap(*(judges.class_mask(one["map"]) for one in (golden, faulty)))
    return ("SDC", "mask only") if overlap < 1 else ("Masked", "small")
"""


def campaign(run: Path, model: Path, picture: Path, *more: str, injections: int = 150) -> list[str]:
    return [
        "campaign", str(model), "--image", str(picture), "--mode", "iov", "--model",
        "random-value", "--injections", str(injections), "--workers", "1", "--out", str(run),
        "--gemm", "library", *more,
    ]  # fmt: skip


def test_several_outputs_are_all_computed(model: Path, picture: Path, capsys: Capture) -> None:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    wanted = session.run(None, {session.get_inputs()[0].name: np.load(picture)[None]})
    assert main(["classify", str(model), "--image", str(picture), "--judge", "values"]) == 0
    printed = capsys.readouterr().out
    for name, values in zip(("map", "numbers"), wanted, strict=True):
        shape = "x".join(map(str, values.shape))
        told = printed.partition(f"{name} ({shape}): ")[2].replace("\n", " ")
        found = [float(one) for one in told.split(";")[0].split(", ")[:4]]
        assert found == pytest.approx(values.reshape(-1)[:4].tolist(), rel=1e-3)


@pytest.mark.slow
def test_a_function_of_ones_own_from_campaign_to_report(
    model: Path, picture: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, run = tmp_path / "judge.py", tmp_path / "run"
    judge.write_text(JUDGE)
    given = ("--judge", f"{judge}:judge")
    assert main(campaign(run, model, picture, *given)) == 0
    results = softbeam.load(run)
    details = {(one.outcome, one.detail) for one in results.records}
    assert {("SDC", "critical: numbers"), ("Masked", "small")} <= details
    assert results.specification.judge == "judge.py:judge"
    assert results.facts.answers == "function"
    # Results say which judge it was, and nothing but a command that names it runs its file.
    judge.rename(tmp_path / "moved.py")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(["tables", str(run), "--csv", str(tmp_path / "csv")]) == 0
    printed = capsys.readouterr().out
    assert "critical: numbers" in printed
    assert "top-5" not in printed
    assert "Masked,small" in (tmp_path / "csv" / "outcomes.csv").read_text()
    assert main(["report", str(run)]) == 0
    page = (run / "report" / "report.html").read_text()
    assert "critical: numbers" in page
    assert "without a fault: map (1x3x6x6)" in page
    assert "judge.py:judge, of a file with the SHA-256" in page
    assert main(["export", str(run), "--out", str(tmp_path / "out.csv")]) == 0
    assert main(["advise", str(run)]) == 0
    critical = next(one for one in results.records if one.detail == "critical: numbers")
    replay = ["replay", str(run), str(critical.index), "--network", str(model)]
    replay += ["--image", str(picture)]
    assert main(replay) == 2
    assert "judged by judge.py:judge; give that file with --judge" in capsys.readouterr().err
    (tmp_path / "moved.py").rename(judge)
    assert main([*replay, *given]) == 0
    assert "The judge says: critical: numbers." in capsys.readouterr().out
    judge.write_text(JUDGE + "\n# changed\n")
    assert main([*replay, *given]) == 2
    assert "is not the judge that the campaign had" in capsys.readouterr().err
    assert main(campaign(run, model, picture, *given)) == 2
    assert "judge_sha256 (the file of the judge)" in capsys.readouterr().err


def test_an_error_in_it_ends_the_campaign_in_one_sentence(
    model: Path, picture: Path, tmp_path: Path, capsys: Capture
) -> None:
    judge, run = tmp_path / "judge.py", tmp_path / "run"
    judge.write_text(
        "def judge(golden, faulty):\n"
        "    worst = abs(faulty['numbers'] - golden['numbers']).max()\n"
        "    if worst > 1e-3:\n"
        "        raise RuntimeError('too far')\n"
        "    return 'Masked', 'near'\n"
    )
    assert main(campaign(run, model, picture, "--judge", f"{judge}:judge")) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("softbeam: error: injection iov random-value ")
    assert "the judge judge.py, line 4: RuntimeError: too far; mend it" in said
    if run.exists():
        assert all(
            one.detail != "near" or one.outcome == "Masked" for one in softbeam.load(run).records
        )
    judge.write_text("def judge(golden, faulty):\n    return golden['nothing']\n")
    other = tmp_path / "other"
    assert main(campaign(other, model, picture, "--judge", f"{judge}:judge")) == 2
    assert "judge.py, line 2: KeyError: 'nothing'" in capsys.readouterr().err
    assert not other.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "details"),
    [
        (("--output", "map", "--judge", "mask"), {"mask overlap", "mask pixels", "tolerable"}),
        (("--judge", "values", "--tolerance", "0.1"), {"out of tolerance", "tolerable"}),
        (("--output", "numbers"), {"critical", "top-5", "tolerable"}),
        (("--output", "numbers", "--judge", "text"), {"text", "tolerable"}),
    ],
)
def test_judges_of_softbeams_own(
    model: Path,
    picture: Path,
    tmp_path: Path,
    capsys: Capture,
    options: tuple[str, ...],
    details: set[str],
) -> None:
    run = tmp_path / "run"
    assert main(campaign(run, model, picture, *options)) == 0
    found = {one.detail for one in softbeam.load(run).records if one.outcome == "SDC"}
    assert found <= details
    assert found
    capsys.readouterr()
    assert main(["tables", str(run)]) == 0
    printed = capsys.readouterr().out
    others = {"mask overlap", "out of tolerance", "top-5", "text"} - details
    # Rows of what never happened are printed too, of this judge alone.
    assert all(one in printed for one in details)
    assert not any(f"{one} " in printed for one in others)
    assert main(["report", str(run)]) == 0


def test_a_judge_in_a_campaign_file(
    model: Path, picture: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "judge.py").write_text(JUDGE)
    file = tmp_path / "campaign.toml"
    file.write_text(
        f'network = "{model}"\nimages = ["{picture}"]\nmodes = ["iov"]\ninjections = 5\n'
        'judge = "judge.py:judge"\n'
    )
    run = tmp_path / "run"
    assert main(["campaign", str(file), "--workers", "1", "--out", str(run)]) == 0
    assert softbeam.load(run).specification.judge == "judge.py:judge"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "two has 2 outputs, not a list of scores; say with --output which is its answer"),
        (("--judge", "mask"), "2 outputs, not a mask: channels, height and width; say with --out"),
        (("--output", "numbers", "--judge", "mask"), "'numbers' (1x4), not a mask"),
        (("--output", "map", "--judge", "text"), "'map' (1x3x6x6), not a text"),
        (("--output", "map", "--judge", "boxes"), "'map' (1x3x6x6); say with --box-head how"),
        (
            ("--output", "map", "--judge", "boxes", "--box-head", "yolov8"),
            "an answer of 1x3x6x6 is not what yolov8 writes",
        ),
        (("--output", "map"), "is 3x6x6, not a list of scores"),
        (("--judge", "values", "--mask-overlap", "0.5"), "are about --judge mask; leave them out"),
        (("--output", "numbers", "--box-threshold", "0.5"), "give --judge boxes, too"),
        (("--judge", "judge.py"), "or a function as FILE.py:NAME"),
        (("--judge", "nowhere.py:f"), "cannot read the judge nowhere.py: No such file"),
        (("--judge", "mask", "--mask-overlap", "2"), "--mask-overlap 2 is not possible"),
        (("--judge", "values", "--tolerance", "nan"), "--tolerance 'nan' is not possible"),
        (("--output", "map,third"), "has no output 'third'"),
    ],
)
def test_what_does_not_go_together(
    model: Path, picture: Path, tmp_path: Path, capsys: Capture, options: list[str], message: str
) -> None:
    run = tmp_path / "run"
    assert main(campaign(run, model, picture, *options)) == 2
    assert message in capsys.readouterr().err
    assert not run.exists()


def test_the_usual_judge_named_is_the_same_campaign(
    model: Path, picture: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    usual = campaign(run, model, picture, "--output", "numbers", injections=3)
    assert main(usual) == 0
    assert main([*usual, "--judge", "classes"]) == 0


def test_a_detail_that_no_judge_gave_is_damage(
    model: Path, picture: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    assert main(campaign(run, model, picture, "--output", "numbers", injections=3)) == 0
    with sqlite3.connect(run / "results.sqlite") as connection:
        connection.execute("UPDATE injections SET detail = 'my own'")
    assert main(["tables", str(run)]) == 2
