"""What users read of pydantic's errors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, FiniteFloat, PositiveInt, TypeAdapter, ValidationError

from softbeam.reasons import reason_of


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (PositiveInt, 0, "it must be greater than 0"),
        (Annotated[int, Field(ge=3)], 2, "it must be 3 or more"),
        (Annotated[float, Field(lt=0.5)], 0.5, "it must be less than 0.5"),
        (Annotated[int, Field(le=9)], 10, "it must be 9 or less"),
        (int, "many", "it must be a whole number"),
        (int, 1.5, "it must be a whole number"),
        (float, "much", "it must be a number"),
        (FiniteFloat, float("nan"), "it must be a finite number"),
        (bool, "perhaps", "it must be true or false"),
        (str, 3, "it must be a text"),
        (Path, 3, "it must be a text"),
        (Literal["red", "blue"], "green", "it must be 'red' or 'blue'"),
        (Annotated[list[int], Field(min_length=2)], [1], "it must have at least 2"),
        (tuple[int, ...], 5, "it must be a list"),
        (dict[str, int], 5, "it must be a table"),
    ],
)
def test_a_reason_says_what_is_needed(kind: Any, value: object, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert reason_of(caught.value.errors()[0]) == reason
