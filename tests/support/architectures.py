"""Which architectures a test runs on: some always, the others where slow tests run."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from softbeam.kernels import ARCHITECTURES

#: With these every run tests: each generation whose machine code is of another kind.
FAST = ("sm_75", "sm_80", "sm_90", "sm_120")


def with_marks(architecture: str, *values: object) -> ParameterSet:
    """Return parameters of a test, the architecture last, marked slow where it is."""
    marks = () if architecture in FAST else pytest.mark.slow
    return pytest.param(*values, architecture, marks=marks)


def on(architectures: Iterable[str]) -> pytest.MarkDecorator:
    """Return the parameters of a test that runs on these architectures."""
    return pytest.mark.parametrize("architecture", [with_marks(one) for one in architectures])


#: The parameters of a test that runs on every architecture.
on_all = on(ARCHITECTURES)
