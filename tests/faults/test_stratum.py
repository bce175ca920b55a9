"""A stratum as text and back."""

from __future__ import annotations

import pytest

from softbeam.faults.stratum import Stratum


def test_a_stratum_is_written_and_read() -> None:
    assert Stratum.read(str(Stratum(12, "gemm"))) == (12, "gemm")


@pytest.mark.parametrize("text", ["", "fill", "x/fill", "-2/fill", "-/fill", "3"])
def test_what_names_no_stratum_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no stratum"):
        Stratum.read(text)
