"""The plan of a hardened network: kernels replaced by their variants, checks added, launches left.

Nothing else changes: layers, buffers and their addresses stay; what is new lies where no buffer is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from softbeam.errors import InternalError, NetworkError
from softbeam.kernels.hardened import base_of, compares, variant
from softbeam.kernels.signatures import arguments, signature
from softbeam.network import layout
from softbeam.network.hardening.checksum import TOLERANCE, append_checks
from softbeam.network.hardening.lean import needed
from softbeam.network.hardening.limits import Limits
from softbeam.network.hardening.rules import Rule, chosen, inside, is_reporting, rows_of_check
from softbeam.network.plan import REPORT, REPORT_WORDS, Buffer, Launch, Plan, Pointer

if TYPE_CHECKING:
    from softbeam.network.hardening.checksum import Weights

#: Words of a buffer, at most, whose places a kernel with bounds can tell (``hardened/sgemm.cu``).
MOST_BOUNDED = 1 << 30


def needs_limits(plan: Plan, rules: Iterable[Rule]) -> bool:
    """Return whether any launch is to be clamped, or checked within a tolerance."""
    return any(
        "range" in own or rows_of_check(own) is not None for own in chosen(plan, rules).values()
    )


def rows_of_checks(plan: Plan, rules: Iterable[Rule]) -> dict[int, int]:
    """Return which products are checked, by number of the launch: rows of a sum, 0 for all."""
    rows = ((number, rows_of_check(own)) for number, own in chosen(plan, rules).items())
    return {number: found for number, found in rows if found is not None}


def harden(
    plan: Plan,
    rules: Iterable[Rule],
    limits: Limits | None = None,
    weights: Weights | None = None,
) -> Plan:
    """Return the plan of a hardened network.

    Parameters
    ----------
    plan : Plan
        The network's plan, not hardened.
    rules : iterable of Rule
        What is hardened and how.
    limits : Limits, optional
        What its launches store; needed where ``range`` is among the techniques.
    weights : mapping of str to numpy.ndarray of float32, optional
        The network's weights, by buffer; needed where ``checksum`` is among them.

    Returns
    -------
    Plan
        With the same layers, buffers and answers.  Launches have new numbers.  With
        ``duplication``, ``triplication`` or ``checksum`` there is one more buffer, the report.

    Raises
    ------
    NetworkError
        If a rule does not fit the network.
    """
    rules = tuple(rules)
    techniques = chosen(plan, rules)
    kept = needed(plan) if any(rule.is_lean for rule in rules) else plan.launches
    launches: list[Launch] = []
    more: dict[str, int] = {}
    for launch in kept:
        own = techniques.get(launch.index, ())
        within, rows = inside(own), rows_of_check(own)
        made = _hardened(plan, launch, within, limits) if within else launch
        launches.append(replace(made, index=len(launches)))
        if rows is not None:
            if weights is None:
                raise InternalError("a product is to be checked, and its weights are not given")
            tolerance = TOLERANCE if limits is None else limits.tolerance(launch, rows)
            product, laid = launches[-1], _im2col_of(launches)
            more |= append_checks(launches, product, laid, weights, rows, tolerance)
    buffers: Mapping[str, Buffer] = plan.buffers
    reports = any(map(is_reporting, techniques.values()))
    if reports:
        buffers = layout.place_behind(plan.buffers, {**more, REPORT: REPORT_WORDS})
    return replace(
        plan,
        buffers=buffers,
        launches=tuple(launches),
        zero_pages=layout.zero_pages(buffers.values()) if reports else plan.zero_pages,
        report=REPORT if reports else "",
    )


def _hardened(
    plan: Plan, launch: Launch, techniques: tuple[str, ...], limits: Limits | None
) -> Launch:
    """Return a launch of the variant of a kernel, with what the variant's parameters need."""
    kernel = variant(base_of(launch.kernel), techniques)
    assert kernel is not None
    base = signature(launch.kernel)
    values: dict[str, Any] = {
        parameter.name: value
        for parameter, value in zip(base.parameters, launch.arguments, strict=True)
    }
    if compares(techniques):
        values |= {"ZERO": 0, "REPORT": Pointer(REPORT)}
    if "range" in techniques:
        if limits is None:
            raise NetworkError(
                f"{launch.kernel} in layer {launch.layer} is to be clamped, and its limits are not "
                "given; give --calibration"
            )
        values["LOW"], values["HIGH"] = limits.of(launch)
    if "bounds" in techniques:
        for parameter in base.parameters:
            if parameter.kind == "pointer":
                values[f"WORDS_{parameter.name}"] = _words_behind(plan, values[parameter.name])
    return replace(launch, kernel=kernel, arguments=arguments(kernel, **values))


def _words_behind(plan: Plan, pointer: Pointer | None) -> int:
    """Return how many words of a buffer there are from a pointer on; none behind no pointer."""
    if pointer is None:
        return 0
    words = plan.buffers[pointer.buffer].words - pointer.word
    if words > MOST_BOUNDED:
        raise NetworkError(
            f"{pointer.buffer} has {words:,} words, more than the {MOST_BOUNDED:,} that a kernel "
            "with bounds can tell apart; leave bounds out there"
        )
    return words


def _im2col_of(launches: list[Launch]) -> Launch | None:
    """Return the launch of im2col that made B of the product behind all others, if one did."""
    product = launches[-1].product
    assert product is not None
    for launch in reversed(launches[:-1]):
        if launch.layer != launches[-1].layer:
            return None
        if any(span.buffer == product.b.buffer for span in launch.writes):
            return launch if base_of(launch.kernel) in ("im2col", "im2col_ext") else None
    return None
