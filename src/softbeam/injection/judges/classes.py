"""Answers that are scores of classes: the highest wins."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from softbeam.injection.classification import Outcome, from_output, ranking
from softbeam.injection.judges.base import Bits, Judge


class ClassJudge(Judge):
    """The rule of a classifier; see :func:`softbeam.injection.classification.from_output`."""

    kind = "classes"

    def __call__(self, golden: Bits, output: Bits) -> Outcome:
        """Return the outcome of an answer."""
        return from_output(golden, output)

    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return the first class and its score."""
        scores = answer.view(np.float32)
        first = int(ranking(scores)[0])
        return f"{names.get(first, f'class {first}')}, score {scores[first]:.4g}"
