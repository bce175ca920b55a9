"""Rules: which techniques harden which kernels in which layers, as a user writes them.

A rule is ``KERNEL[@LAYERS]=TECHNIQUE[+TECHNIQUE]`` or ``lean``; rules stand with commas.  What is
written is checked here as far as it can be without a network; :func:`chosen` checks the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from softbeam.errors import NetworkError
from softbeam.kernels.hardened import IN_KERNEL, base_of, compares, variant
from softbeam.kernels.signatures import KERNELS, LIBRARY
from softbeam.network.plan import Launch, Plan

#: The technique that checks a product by sums, in a launch of its own.
CHECKSUM = "checksum"

#: As it is written with the rows of a product that are summed together, such as ``checksum64``.
_OF_ROWS = re.compile(rf"{CHECKSUM}([1-9]\d{{0,5}})")

#: The technique that leaves out launches that inference does not need.
LEAN = "lean"

#: Every technique, in the order in which rules tell them.
TECHNIQUES = (*IN_KERNEL, CHECKSUM)

#: What stands for every kernel that has the technique, and for every matrix product.
EVERY, PRODUCTS = "*", ("gemm", "sgemm")

_RUN = r"\d+(?:\s*-\s*\d+)?"
_RULE = re.compile(
    rf"\s*(?:(?P<lean>lean)|(?P<kernel>\*|[a-z]\w*)\s*(?:@\s*(?P<layers>{_RUN}(?:\s*,\s*{_RUN})*))?"
    r"\s*=\s*(?P<techniques>[a-z]+\d*(?:\s*\+\s*[a-z]+\d*)*))\s*(?:,|$)"
)

#: More layers than a run can stand for: no network has so many.
_MOST_LAYERS = 100_000


@dataclass(frozen=True, slots=True)
class Rule:
    """How a kernel is hardened.

    Attributes
    ----------
    kernel : str
        A kernel's short name; ``*`` for all that have the techniques, ``gemm`` for all matrix
        products; empty for the rule ``lean``, which is about the whole network.
    layers : tuple of int or None
        In which layers, sorted; None for all.
    techniques : tuple of str
        Some of :data:`TECHNIQUES`, in that order, ``checksum`` also with a number of rows; for
        ``lean`` that alone.
    """

    kernel: str
    layers: tuple[int, ...] | None
    techniques: tuple[str, ...]

    @property
    def is_lean(self) -> bool:
        """Whether it says that launches are left out."""
        return self.techniques == (LEAN,)

    def __str__(self) -> str:
        """Write it as a user does, in one way only."""
        if self.is_lean:
            return LEAN
        where = "" if self.layers is None else f"@{_runs(self.layers)}"
        return f"{self.kernel}{where}={'+'.join(self.techniques)}"

    def is_about(self, launch: Launch) -> bool:
        """Return whether a launch's kernel and layer are those that the rule names."""
        if self.is_lean or (self.layers is not None and launch.layer not in self.layers):
            return False
        if self.kernel in PRODUCTS:
            return launch.product is not None
        return self.kernel in (EVERY, base_of(launch.kernel))


def _runs(numbers: Sequence[int]) -> str:
    """Return sorted numbers with runs, such as 0,5-7."""
    found = []
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *others = [number for _, number in run]
        found.append(f"{first}-{others[-1]}" if others else str(first))
    return ",".join(found)


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read rules as a user writes them.

    Returns
    -------
    tuple of Rule
        Sorted, each once: the same however they are ordered.

    Raises
    ------
    NetworkError
        Naming the rule that is wrong.

    Examples
    --------
    >>> rules = read_rules("normalize@0-2,5 = duplication, lean, maxpool=bounds+range")
    >>> rules_text(rules)
    'lean, maxpool=range+bounds, normalize@0-2,5=duplication'
    """
    found: set[Rule] = set()
    place = 0
    while place < len(text) or not found:
        match = _RULE.match(text, place)
        if match is None:
            wrong = re.split(r",(?=[^,]*=)", text[place:].strip())[0].strip() or text
            raise NetworkError(
                f"{wrong!r} is no rule; write KERNEL=TECHNIQUE, such as maxpool=range, "
                "normalize@0-7=duplication or gemm=checksum, or lean"
            )
        found.add(_rule_of(match))
        place = match.end()
    return tuple(sorted(found, key=str))


def rules_text(rules: Iterable[Rule]) -> str:
    """Write rules as :func:`read_rules` reads them."""
    return ", ".join(map(str, rules))


def rows_of_check(techniques: Iterable[str]) -> int | None:
    """Return how many rows of a product a check sums together: 0 for all, None without a check.

    Examples
    --------
    >>> rows_of_check(["bounds", "checksum64"]), rows_of_check(["checksum"]), rows_of_check([])
    (64, 0, None)
    """
    for one in techniques:
        if one == CHECKSUM:
            return 0
        if found := _OF_ROWS.fullmatch(one):
            return int(found[1])
    return None


def inside(techniques: Iterable[str]) -> tuple[str, ...]:
    """Return those of some techniques that are compiled into a kernel."""
    return tuple(one for one in techniques if one in IN_KERNEL)


def reports(text: str | None) -> bool:
    """Return whether a network that is hardened by some rules reports what its checks find.

    Examples
    --------
    >>> reports("lean, maxpool=range"), reports("gemm=checksum"), reports(None)
    (False, True, False)
    """
    return text is not None and any(is_reporting(rule.techniques) for rule in read_rules(text))


def is_reporting(techniques: Sequence[str]) -> bool:
    """Return whether any of a launch's techniques reports what it finds."""
    return compares(techniques) or rows_of_check(techniques) is not None


def checked_rules(text: str) -> str:
    """Return rules as they are always written.

    Raises
    ------
    ValueError
        If they are none.
    """
    try:
        return rules_text(read_rules(text))
    except NetworkError as error:
        raise ValueError(str(error)) from None


def _rule_of(match: re.Match[str]) -> Rule:
    if match["lean"]:
        return Rule("", None, (LEAN,))
    kernel, written = match["kernel"], match[0].strip().rstrip(",").strip()
    techniques = [one.strip() for one in match["techniques"].split("+")]
    for one in techniques:
        if one not in TECHNIQUES and not _OF_ROWS.fullmatch(one):
            raise NetworkError(
                f"{written}: there is no technique {one!r}; there are {', '.join(TECHNIQUES)}, "
                "and lean, which stands alone"
            )
        if techniques.count(one) > 1:
            raise NetworkError(f"{written}: {one} is named twice; name it once")
    checks = [one for one in techniques if rows_of_check([one]) is not None]
    if len(checks) > 1:
        raise NetworkError(
            f"{written}: {' and '.join(checks)} exclude each other; name one of them"
        )
    if {"duplication", "triplication"} <= set(techniques):
        raise NetworkError(
            f"{written}: duplication and triplication exclude each other; name one of them"
        )
    if kernel not in (EVERY, *PRODUCTS, *KERNELS, *LIBRARY):
        raise NetworkError(
            f"{written}: there is no kernel {kernel!r}; softbeam plan and profile tell a network's"
        )
    kernel = "gemm" if kernel in PRODUCTS else kernel
    layers = None if match["layers"] is None else _layers(match["layers"], written)
    ordered = tuple(one for one in IN_KERNEL if one in techniques)
    return Rule(kernel, layers, (*ordered, *checks))


def _layers(text: str, written: str) -> tuple[int, ...]:
    numbers: set[int] = set()
    for run in text.split(","):
        first, _, last = (part.strip() for part in run.partition("-"))
        start, end = int(first), int(last or first)
        if not 0 <= end - start < _MOST_LAYERS:
            raise NetworkError(
                f"{written}: {run.strip()} is no run of layers; write the smaller number first, "
                "as in 5-7"
            )
        numbers.update(range(start, end + 1))
    return tuple(sorted(numbers))


def chosen(plan: Plan, rules: Iterable[Rule]) -> Mapping[int, tuple[str, ...]]:
    """Return the techniques of each launch that is hardened, by its number.

    Raises
    ------
    NetworkError
        If a rule names a layer or kernel that the network does not launch, a technique that a
        kernel does not have, or two rules say different things of one launch.
    """
    found: dict[int, Rule] = {}
    for rule in rules:
        if rule.is_lean:
            continue
        _check_layers(plan, rule)
        about = [launch for launch in plan.launches if rule.is_about(launch)]
        if rule.kernel == EVERY:
            about = [launch for launch in about if has(launch, rule.techniques)]
        if not about:
            there = [one for one in plan.launches if not rule.layers or one.layer in rule.layers]
            kernels = sorted({base_of(launch.kernel) for launch in there})
            raise NetworkError(
                f"{rule}: {plan.network} launches no such kernel there; it launches "
                f"{', '.join(kernels) or 'nothing'}"
            )
        for launch in about:
            if not has(launch, rule.techniques):
                raise NetworkError(_lacks(rule, launch))
            other = found.setdefault(launch.index, rule)
            if other.techniques != rule.techniques:
                raise NetworkError(
                    f"{other} and {rule} say different things of {launch.kernel} in layer "
                    f"{launch.layer}; leave one of them out"
                )
    return {number: rule.techniques for number, rule in sorted(found.items())}


def _check_layers(plan: Plan, rule: Rule) -> None:
    there = {layer.index for layer in plan.layers}
    missing = sorted(set(rule.layers or ()) - there)
    if missing:
        raise NetworkError(
            f"{rule}: {plan.network} has no layer {missing[0]}; its layers are "
            f"{min(there)} to {max(there)}"
        )


def has(launch: Launch, techniques: Iterable[str]) -> bool:
    """Return whether a launch's kernel has all of some techniques, together."""
    techniques = tuple(techniques)
    if rows_of_check(techniques) is not None and launch.product is None:
        return False
    own = inside(techniques)
    return not own or variant(base_of(launch.kernel), own) is not None


def _lacks(rule: Rule, launch: Launch) -> str:
    name = base_of(launch.kernel)
    own = sorted(one.partition("+")[2] for one in KERNELS if one.startswith(f"{name}+"))
    if launch.product is not None:
        own.append(CHECKSUM)
    wanted = "+".join(rule.techniques)
    if name in LIBRARY:
        return (
            f"{rule}: {name} of layer {launch.layer} is a library's, whose code cannot be "
            f"hardened by {wanted}; give --gemm struck, or checksum"
        )
    return (
        f"{rule}: {name} in layer {launch.layer} has no {wanted}; it has "
        f"{', '.join(own) if own else 'no technique'}"
    )
