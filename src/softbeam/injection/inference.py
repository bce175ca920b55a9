"""One inference with several faults: how many struck, and what came of them together.

Each field of :class:`InferenceRecord` is a column of the results and is described here and nowhere
else.  An inference has no layer: its faults lie in several.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from softbeam.faults.modes import MODES
from softbeam.injection.columns import columns_of, one_of, stored
from softbeam.injection.outcomes import OUTCOMES


def _said(meaning: str, unit: str = "") -> Any:
    # What is measured is given at once: a record is made from its fields.
    return stored(meaning, lambda one: one, unit=unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRecord:
    """One row of a results file: an inference with several faults and its outcome."""

    index: int = field(metadata=_said("number of the inference within its mode, model and load"))
    mode: str = field(metadata=_said(one_of(MODES)))
    model: str = field(metadata=_said("bit-flip model of all of its faults"))
    load: str = field(
        metadata=_said(
            "how many faults an inference gets: a number, or the probability with which each bit "
            "of the fault space flips, such as `1e-09`"
        )
    )
    image: int = field(metadata=_said("number of the input, from 0"))
    faults: int = field(metadata=_said("faults that were drawn", "faults"))
    struck: int = field(
        metadata=_said(
            "faults that struck: fewer where one ended the inference, or led a thread away from "
            "the place of a later one",
            "faults",
        )
    )
    outcome: str = field(metadata=_said(one_of(OUTCOMES)))
    detail: str = field(
        metadata=_said("as of an injection; of a Masked inference `absorbed`, or `corrected`")
    )
    not_finite: bool = field(
        metadata=_said("whether the answer of an SDC holds a NaN or an infinity")
    )
    top1: int | None = field(metadata=_said("first class with the faults, of an SDC that has one"))
    largest_change: float | None = field(
        metadata=_said(
            "largest absolute change of a score, of an SDC; can be infinite", "of a score"
        )
    )


#: The columns of the table of inferences, in the order of the record's fields.
INFERENCE_COLUMNS = columns_of(InferenceRecord)
