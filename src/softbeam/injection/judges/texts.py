"""Answers that are characters, one column of scores after the other, as CTC is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from softbeam.injection.choices import TextRule
from softbeam.injection.judges.base import Bits, MeaningJudge, first_of, tensors
from softbeam.injection.outcomes import detail_of_sdc
from softbeam.network.plan import Plan

Text = tuple[int, ...]

#: Characters of a text that are told.
_SHOWN = 40


def greedy_text(scores: ArrayLike, blank: int = TextRule().blank) -> Text:
    """Return the characters that scores mean, by greedy decoding of CTC.

    The best class of every step, a NaN ranking last; of neighbours that are alike one; then
    without blanks (A. Graves et al., "Connectionist temporal classification", ICML 2006, section
    3.2: best path decoding).  Where all classes of a step are NaN it is read as -1.

    Parameters
    ----------
    scores : array of float32, [..., steps, classes]
        Of one line.
    blank : int
        The class that stands for no character; counted from the last if negative.

    Examples
    --------
    >>> greedy_text(np.eye(4)[[0, 2, 2, 0, 2, 3]])
    (2, 2, 3)
    """
    given = np.asarray(scores, dtype=np.float32)
    classes = given.shape[-1]
    best = first_of(given.reshape(-1, classes), 1)
    kept = best[np.insert(best[1:] != best[:-1], 0, True)]
    return tuple(kept[kept != blank % classes].tolist())


class TextChanges(NamedTuple):
    """Two texts, for the rules that tell details apart."""

    golden: Text
    found: Text


class TextJudge(MeaningJudge[Text]):
    """The rule of readers.  Text: another text is read.  Tolerable: only scores differ.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    rule : TextRule
        How scores become a text.
    """

    kind = "text"

    def __init__(self, plan: Plan, rule: TextRule) -> None:
        super().__init__(plan)
        self.rule = rule

    def meaning(self, answer: Bits) -> Text:
        """Return the text as classes."""
        (scores,) = tensors(self.plan, answer).values()
        return greedy_text(scores, self.rule.blank)

    def detail(self, wanted: Text, found: Text) -> str:
        """Return what an SDC is."""
        return detail_of_sdc(self.kind, TextChanges(wanted, found))

    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return the text, by the names of its classes where they have any."""
        text = self.meaning(answer)
        shown = text[:_SHOWN]
        if names:
            read = "".join(names.get(one, f"[{one}]") for one in shown)
        else:
            read = " ".join(map(str, shown))
        more = f" … ({len(text)} characters)" if len(text) > _SHOWN else ""
        return f"the text {read!r}{more}" if text else "no text"
