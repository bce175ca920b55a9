from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.text import visible

#: Unicode's bidirectional controls (Unicode Standard Annex 9, table 4), and what else has been
#: used to hide text.
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = "\u200b\u200c\u200d\ufeff\u00ad\u2028\u2029"


@pytest.mark.parametrize("one", [*BIDIRECTIONAL, *INVISIBLE, "\x00", "\x1b", "\x7f", "\x9b", "\n"])
def test_characters_that_deceive_are_written_out(one: str) -> None:
    shown = visible(f"a{one}b")
    assert one not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b")


@pytest.mark.parametrize(
    "name", ["espresso", "Île flottante", "日本猫", "naïve café", "blocks.3.1"]
)
def test_names_that_can_be_seen_stay(name: str) -> None:
    assert visible(name) == name


@given(st.text())
def test_nothing_unseen_is_left_and_twice_is_once(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"} for one in shown)
    assert visible(shown) == shown
    shown.encode()
