from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hardened_runs import AFTER, BEFORE, write_run

from softbeam.analysis.factors import By
from softbeam.analysis.hardening.beside import Beside
from softbeam.analysis.proportion import Proportion
from softbeam.analysis.ratios import ratio
from softbeam.analysis.results import Results
from softbeam.analysis.roofline import GPUS
from softbeam.injection.record import InjectionRecord
from softbeam.present.relative_tables import costs_table, flat_rates, places_table, rates_table
from softbeam.present.relative_words import cost_words, removed, scope_words

MakeRecord = Callable[..., InjectionRecord]


@pytest.fixture
def beside(tmp_path: Path, make_record: MakeRecord) -> Beside:
    before = Results.load(write_run(tmp_path / "before", make_record, BEFORE))
    both = (("rf", "single-bit"), ("iov", "random-value"))
    return Beside(before, Results.load(write_run(tmp_path / "after", make_record, AFTER, both)))


@pytest.mark.parametrize(
    ("after", "before", "said"),
    [
        (0, 100, "at least 96.1 % is removed: none was seen"),
        (4, 100, "96.0 % is removed (89.5 to 98.5 %)"),
        (90, 100, "is undecided: their rate is 90.0 ["),
        (200, 100, "is more than it was: 200.0 ["),
        (0, 0, "is not known: too few were seen unhardened"),
        (2, 0, "is not known: too few were seen unhardened"),
        (9, 0, "is more than it was: at least 207.2 % of it"),
    ],
)
def test_every_answer_has_its_sentence(after: int, before: int, said: str) -> None:
    found = ratio(Proportion(after, 1000), Proportion(before, 1000))
    assert said in removed(found, "sdc")


def test_nothing_is_said_to_be_removed_for_certain() -> None:
    for after in range(5):
        for before in (1, 10, 100, 1000):
            found = ratio(Proportion(after, 1000), Proportion(before, 1000))
            # Its end, too, is not all; "100.0 [" is a rate of what was, and not one removed.
            assert not re.search(r"100(\.0*)? %.* removed|100(\.0*)? %\)", removed(found, "sdc"))


def test_less_is_said_to_be_less(beside: Beside) -> None:
    assert "80.00 % more thread-instructions" in cost_words(beside)
    back = Beside(beside.after, beside.before)
    assert "44.44 % fewer thread-instructions" in cost_words(back)
    assert "less time, by a roofline estimate" in cost_words(back, GPUS["t4"])
    assert cost_words(Beside(beside.before, beside.before)).startswith("It executes no more")


def test_what_is_left_out_is_named(beside: Beside) -> None:
    (said,) = scope_words(beside)
    assert (
        said == "Only one of the campaigns has injections of IOV random-value; they are left out."
    )


def test_tables_have_a_row_for_each_event_and_place(beside: Beside) -> None:
    rates = rates_table(beside)
    # One stream alone is not pooled with itself.
    assert rates.column("mode") == ["RF single-bit"] * 5
    sdc = rates.column("event").index("SDCs")
    assert rates.column("relative")[sdc].estimate == pytest.approx(0.9)
    assert rates.column("places") == [1.8] * 5
    kernels = places_table(beside.relative(), "sdc", By.KERNEL, "x", by_damage=True)
    assert kernels.column("kernel") == ["maxpool", "normalize", "check_product"]
    assert kernels.column("relative")[2] is None
    costs = costs_table(beside)
    assert costs is not None
    assert costs.column("change")[1] == "+80.00"
    flat = flat_rates(beside)
    # For five events: everything, 2 layers, 3 kernels, 3 kernels in layers.
    assert len(flat.rows) == 5 * (1 + 2 + 3 + 3)
