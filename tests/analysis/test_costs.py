from __future__ import annotations

import pytest
from support.hardened_runs import work

from softbeam.analysis.costs import Cost, costs_by, time_of
from softbeam.analysis.factors import By, Item
from softbeam.analysis.roofline import GPUS

WORK = (work(0, "maxpool+range", 600), work(0, "fill", 100), work(1, "maxpool", 300))


def test_costs_are_means_over_inputs_and_go_by_the_kernel() -> None:
    found = costs_by(WORK, inputs=2, by=By.KERNEL)
    assert set(found) == {Item(None, "maxpool"), Item(None, "fill")}
    both = found[Item(None, "maxpool")]
    assert (both.launches, both.instructions, both.loaded) == (2, 450, 1800)
    assert both.moved == 1800 + 900


@pytest.mark.parametrize("by", list(By))
def test_rows_add_up_to_everything(by: By) -> None:
    (whole,) = costs_by(WORK, inputs=1).values()
    assert sum(costs_by(WORK, 1, by).values(), Cost()) == whole
    assert whole.instructions == 1000


def test_nothing_counted_is_nothing_known() -> None:
    assert costs_by((), 1) == {}


def test_time_is_that_of_each_launch() -> None:
    gpu = GPUS["h100"]
    whole = time_of(WORK, 1, gpu)
    assert whole.seconds == pytest.approx(sum(time_of([one], 1, gpu).seconds for one in WORK))
    assert whole.launches == 3
