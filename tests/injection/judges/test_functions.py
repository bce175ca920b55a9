"""Functions of a user's own: what they get, what they may say, and how their errors are told."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from support.answers import bits, plan_of

from softbeam.errors import JudgeError
from softbeam.injection.choices import JudgeChoices
from softbeam.injection.judges.functions import FunctionJudge, JudgeSource, read_judge
from softbeam.injection.judging import judge_for
from softbeam.network.plan import Plan

GOLDEN, FAULTY = bits([1, 2, 3, 4, 5, 6]), bits([1, 2, 3, 4, 5, 7])


def judge(body: str, function: str = "judge") -> FunctionJudge:
    return FunctionJudge(two_outputs(), JudgeSource("judge.py", function, body.encode()))


def two_outputs() -> Plan:
    return plan_of(("angle", (1, 2)), ("lanes", (2, 2)))


def test_outputs_come_by_name_and_shape() -> None:
    found = judge(
        "def judge(golden, faulty):\n"
        "    assert golden['angle'].tolist() == faulty['angle'].tolist() == [[1, 2]]\n"
        "    assert faulty['lanes'].shape == (2, 2)\n"
        "    off = float(faulty['lanes'][1, 1] - golden['lanes'][1, 1])\n"
        "    golden['lanes'][:] = 0\n"
        "    return 'SDC', f'off by {off:g}'\n"
    )
    before = GOLDEN.copy()
    outcome = found(GOLDEN, FAULTY)
    assert (outcome.outcome, outcome.detail, outcome.largest_change) == ("SDC", "off by 1", 1.0)
    assert np.array_equal(GOLDEN, before)
    assert found.told(GOLDEN, {}) == "angle (1x2): 1, 2; lanes (2x2): 3, 4, 5, 6"


def test_it_may_call_an_answer_masked_or_noticed() -> None:
    body = "def judge(golden, faulty):\n    return ({!r}, 'as I say')\n"
    for outcome in ("Masked", "DUE"):
        found = judge(body.format(outcome))(GOLDEN, FAULTY)
        assert (found.outcome, found.detail, found.largest_change) == (outcome, "as I say", None)


def test_equal_answers_are_no_matter_for_it() -> None:
    assert judge("def judge(golden, faulty):\n    1 / 0\n")(GOLDEN, GOLDEN).detail == "absorbed"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def judge(g, f):\n    x = 1\n    return x / 0\n", "judge.py, line 3: ZeroDivisionError"),
        (
            "def inner():\n    raise KeyError('steer')\ndef judge(g, f):\n    inner()\n",
            "judge.py, line 2: KeyError: 'steer'",
        ),
        ("import sys\ndef judge(g, f):\n    sys.exit(0)\n", "judge.py, line 3: SystemExit: 0"),
        ("def judge(g, f):\n    raise ValueError\n", "line 2: ValueError: no reason given"),
        ("def judge(g):\n    pass\n", "the judge judge.py: TypeError: judge() takes 1"),
        ("def judge(g, f):\n    return 'SDC'\n", "returned 'SDC', not an outcome and a detail"),
        ("def judge(g, f):\n    return None\n", "returned None, not an outcome and a detail"),
        ("def judge(g, f):\n    return 1, 2\n", "returned (1, 2), not an outcome and a detail"),
        ("def judge(g, f):\n    return 'sdc', 'x'\n", "no injection ends 'sdc'"),
        ("def judge(g, f):\n    return 'SDC', 'hang'\n", "'hang' is one of DUE, not SDC"),
        ("def judge(g, f):\n    return 'SDC', '\\x1b'\n", "characters that can be seen"),
    ],
)
def test_what_goes_wrong_in_it_is_one_sentence(body: str, message: str) -> None:
    with pytest.raises(JudgeError, match=re.escape(message)) as error:
        judge(body)(GOLDEN, FAULTY)
    assert "\n" not in str(error.value)
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def judge(g, f:\n", "the judge judge.py, line 1: "),
        ("import there_is_no_such_module\n", "line 1: ModuleNotFoundError"),
        ("x = 3\njudge = 4\n", "judge.py has no function 'judge'; it has none"),
        ("def other(g, f): pass\n", "judge.py has no function 'judge'; it has other"),
        ("raise SystemExit\n", "line 1: SystemExit"),
    ],
)
def test_files_that_cannot_be_used(body: str, message: str) -> None:
    with pytest.raises(JudgeError, match=re.escape(message)):
        judge(body)


def test_reading_the_file(tmp_path: Path) -> None:
    path = tmp_path / "my judge.py"
    path.write_text("def f(golden, faulty): return 'SDC', 'x'\n")
    source = read_judge(f"{path}:f")
    assert source is not None
    assert source.name == "my judge.py:f"
    assert read_judge("mask") is read_judge(None) is None
    path.write_text("# another\n")
    other = read_judge(f"{path}:f")
    assert other is not None
    assert other.sha256 != source.sha256
    with pytest.raises(JudgeError, match=r"cannot read the judge .*gone\.py: No such file"):
        read_judge(f"{tmp_path / 'gone.py'}:f")
    with pytest.raises(JudgeError, match=r"judged by judge\.py:f; give that file with --judge"):
        judge_for(two_outputs(), JudgeChoices(judge="judge.py:f"))


def test_a_file_may_hold_what_a_module_may() -> None:
    found = judge(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass, field\n"
        "@dataclass\n"
        "class Angle:\n"
        "    value: float\n"
        "    many: list[int] = field(default_factory=list)\n"
        "def judge(golden, faulty):\n"
        "    return 'SDC', f'{Angle(float(faulty[\"angle\"][0, 0])).value:g}'\n"
    )
    assert found(GOLDEN, FAULTY).detail == "1"
