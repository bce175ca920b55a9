"""How an injection can end: the outcomes and their details, each said once.

Everybody who counts, prints, draws or exports endings reads their words, order and meaning here.
A detail of an SDC also says by what it is told: the first detail of the answer's kind whose rule
holds is the injection's.  What the rules compare is found by
:mod:`softbeam.injection.classification` and :mod:`softbeam.injection.detection`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from softbeam.text import visible


@dataclass(frozen=True, slots=True)
class OutcomeKind:
    """One of the outcomes; every injection has exactly one.

    Attributes
    ----------
    name : str
        Its word in results and tables; figures take their colours by it
        (:data:`softbeam.present.figures.style.OUTCOME_STYLES`).
    words : str
        What it means, for a reader.
    sassifi : str
        SASSIFI's category of its details, where they have none of their own.
    """

    name: str
    words: str
    sassifi: str


@dataclass(frozen=True, slots=True)
class Detail:
    """What an outcome is divided into; every injection has exactly one.

    Attributes
    ----------
    name : str
        Its word in results and tables.
    outcome : str
        The outcome that it is a part of.
    words : str
        What happened, for a reader: a format of what a replay tells
        (:func:`softbeam.present.page.replay.reason`).
    answers : str
        Whose answers it divides: one of :data:`softbeam.injection.choices.KINDS`; empty: of every
        network; :data:`REPORTED`: of whoever reports it, so that tables show it where it was seen.
    holds : callable or None
        Of an SDC: whether it is this one, from what the answers were found to have in common
        (:class:`softbeam.injection.classification.ClassChanges`,
        :class:`softbeam.injection.detection.BoxChanges`, and so on).
    critical : bool
        Whether the network says that something else is there.
    exception : str
        Of a DUE: the GPU's name of the exception.
    sassifi : str
        SASSIFI's category, where it is not its outcome's.
    """

    name: str
    outcome: str
    words: str
    answers: str = ""
    holds: Callable[[Any], bool] | None = None
    critical: bool = False
    exception: str = ""
    sassifi: str = ""


OUTCOME_KINDS = (
    OutcomeKind("Masked", "the answer is the fault-free one, bit for bit", "Masked: other reasons"),
    OutcomeKind("SDC", "another answer, silently", "SDC: Output file is different"),
    OutcomeKind("DUE", "a crash or a hang, which is noticed", "DUE: Non Zero Exit Status"),
)

#: Details of networks and programs that check themselves.
REPORTED = "reported"

_STOPPED = "The launch ends with the exception {detail}{where}."

_DETAILS = (
    Detail(
        "never read",
        "Masked",
        "{struck} is not read again before the thread ends.",
        sassifi="Masked: Error was never read",
    ),
    Detail(
        "overwritten",
        "Masked",
        "{struck} is written before it is read{use}.",
        sassifi="Masked: Write before read",
    ),
    Detail("dead", "Masked", "{wrong} of {buffers} differ, which nothing reads later."),
    Detail("absorbed", "Masked", "{absorbed}."),
    Detail("corrected", "Masked", "A check of the network corrects the error.", REPORTED),
    Detail(
        "critical",
        "SDC",
        "{winner}.{change}",
        "classes",
        lambda found: bool(found.top1 != found.golden[0]),
        critical=True,
    ),
    Detail(
        "top-5",
        "SDC",
        "The first class is the golden one, the five first are not.{change}",
        "classes",
        lambda found: bool(found.changed_among(5)),
    ),
    Detail(
        "box class",
        "SDC",
        "An object is taken for one of another class.{change}",
        "boxes",
        lambda found: bool(found.relabelled),
        critical=True,
    ),
    Detail(
        "box number",
        "SDC",
        "There are more objects, or fewer.{change}",
        "boxes",
        lambda found: len(found.found) != len(found.golden),
        critical=True,
    ),
    Detail(
        "box position",
        "SDC",
        "An object is somewhere else.{change}",
        "boxes",
        lambda found: bool((found.partners < 0).any()),
        critical=True,
    ),
    Detail(
        "mask overlap",
        "SDC",
        "The mask overlaps the golden one too little.{change}",
        "mask",
        lambda found: bool(found.overlap < found.wanted),
        critical=True,
    ),
    Detail(
        "mask pixels",
        "SDC",
        "Some pixels are of another class.{change}",
        "mask",
        lambda found: bool(found.pixels),
    ),
    Detail(
        "text",
        "SDC",
        "Another text is read.{change}",
        "text",
        lambda found: bool(found.found != found.golden),
        critical=True,
    ),
    Detail(
        "out of tolerance",
        "SDC",
        "A value is farther off than the tolerance.{change}",
        "values",
        lambda found: bool(found.beyond),
        critical=True,
    ),
    Detail("tolerable", "SDC", "Only scores differ.{change}", holds=lambda found: True),
    Detail("illegal address", "DUE", _STOPPED, exception="Illegal Address"),
    Detail("misaligned address", "DUE", _STOPPED, exception="Misaligned Address"),
    Detail("out-of-range address", "DUE", _STOPPED, exception="Out-of-range Address"),
    Detail("invalid address space", "DUE", _STOPPED, exception="Invalid Address Space"),
    Detail("illegal instruction", "DUE", _STOPPED, exception="Illegal Instruction"),
    Detail("invalid pc", "DUE", _STOPPED, exception="Invalid PC"),
    Detail(
        "hang",
        "DUE",
        "A thread executes more than ten times what the longest fault-free one does.",
        sassifi="DUE: Timeout",
    ),
    Detail(
        "detected",
        "DUE",
        "A check of the network, or of the program's host, finds the error.",
        REPORTED,
    ),
)

#: The outcomes' names, in the order of tables.
OUTCOMES = tuple(kind.name for kind in OUTCOME_KINDS)

#: Every detail by name; in the order of tables, and of the rules by which SDCs are divided.
DETAIL: Mapping[str, Detail] = MappingProxyType({detail.name: detail for detail in _DETAILS})


#: The first word of a detail of a user's own that says that something else is there.
_CRITICAL = "critical"

#: Characters of a detail of a user's own.
LONGEST = 40


def details_of(outcome: str, answers: str = "classes", *, reports: bool = False) -> tuple[str, ...]:
    """Return the names of an outcome's details, of a network whose answers are of some kind.

    Those of networks that check themselves are among them where it reports.
    """
    divided = ("", answers, REPORTED) if reports else ("", answers)
    return tuple(
        detail.name
        for detail in _DETAILS
        if detail.outcome == outcome and detail.answers in divided
    )


#: The names of the details of each outcome, of a network that tells classes apart.
DETAILS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {outcome: details_of(outcome) for outcome in OUTCOMES}
)

#: What an SDC of a detector is divided into instead.
DETECTION_DETAILS = details_of("SDC", "boxes")

#: Every detail that an injection can have.
EVERY_DETAIL = frozenset(DETAIL)

#: Details of SDCs that change what the network says is there; the others change only scores.
CRITICAL = frozenset(detail.name for detail in _DETAILS if detail.critical)


def is_critical(detail: str) -> bool:
    """Return whether a detail says that the network sees something else.

    Of a user's own judge these are the details whose first word is "critical".

    Examples
    --------
    >>> is_critical("box class"), is_critical("critical steering"), is_critical("criticality")
    (True, True, False)
    """
    return detail in CRITICAL or detail.split(" ", maxsplit=1)[0].rstrip(":,") == _CRITICAL


def check_detail(outcome: str, detail: str, *, own: bool = False) -> None:
    """Raise unless an injection can end so.

    Parameters
    ----------
    outcome, detail : str
        The words.
    own : bool
        Whether a function of a user's own gave them, which has details of its own.

    Raises
    ------
    ValueError
        Saying why not.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"no injection ends {outcome!r}; outcomes are {', '.join(OUTCOMES)}")
    if detail in DETAIL:
        if DETAIL[detail].outcome != outcome:
            raise ValueError(
                f"the detail {detail!r} is one of {DETAIL[detail].outcome}, not {outcome}"
            )
    elif not own:
        raise ValueError(f"no injection ends {outcome!r}, {detail!r}")
    elif not detail.strip() or len(detail) > LONGEST or visible(detail) != detail:
        raise ValueError(
            f"a detail has 1 to {LONGEST} characters that can be seen, not {detail[:60]!r}"
        )


#: SASSIFI's category of each detail (its manual and scripts, https://github.com/NVlabs/sassifi).
SASSIFI_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        detail.name: detail.sassifi
        or next(kind.sassifi for kind in OUTCOME_KINDS if kind.name == detail.outcome)
        for detail in _DETAILS
    }
)

#: The detail of each of the GPU's exceptions.
OF_EXCEPTION: Mapping[str, Detail] = MappingProxyType(
    {detail.exception: detail for detail in _DETAILS if detail.exception}
)


def detail_of_sdc(answers: str, found: object) -> str:
    """Return the detail of an SDC.

    Parameters
    ----------
    answers : str
        What kind of answer the network gives, one of :data:`softbeam.injection.choices.KINDS`.
    found : object
        What its two answers have in common.
    """
    return next(
        detail.name
        for detail in _DETAILS
        if detail.outcome == "SDC"
        and detail.answers in ("", answers)
        and detail.holds is not None
        and detail.holds(found)
    )


def sassifi_category(outcome: str, detail: str) -> str:
    """Return SASSIFI's category of a detail, also of one of a user's own."""
    if detail in SASSIFI_CATEGORIES:
        return SASSIFI_CATEGORIES[detail]
    return next(kind.sassifi for kind in OUTCOME_KINDS if kind.name == outcome)
