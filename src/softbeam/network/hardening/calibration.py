"""Where a hardened network's limits come from: calibration images, or limits that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from softbeam.network.hardening.apply import harden, needs_limits, rows_of_checks
from softbeam.network.hardening.checksum import check_weights
from softbeam.network.hardening.limits import Limits, find_limits
from softbeam.network.hardening.rules import read_rules
from softbeam.network.plan import Plan

#: An input as a network gets it, with its hash.
Input = tuple[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What limits are found on.

    Attributes
    ----------
    images : tuple of Path
        Files, and folders of files; the inputs themselves where there is none.
    margin : float
        By what share of their distance limits are wider than what is found.
    limits : Limits or None
        The limits, where they are given.
    found : Limits or None
        Limits that were found before, such as those of a campaign that is gone on with; taken where
        nothing else is said and they are of this network.
    """

    images: tuple[Path, ...] = ()
    margin: float = 0.0
    limits: Limits | None = None
    found: Limits | None = None

    def known(self, plan: Plan, weights_sha256: str) -> Limits | None:
        """Return the limits of a network, None if they are to be found.

        Raises
        ------
        NetworkError
            If those that are given are of another network.
        """
        if self.limits is not None:
            self.limits.check(plan.sha256, weights_sha256)
            return self.limits
        found = self.found
        if found is None or self.images or self.margin:
            return None
        fits = (found.plan_sha256, found.weights_sha256) == (plan.sha256, weights_sha256)
        return found if fits else None


#: Limits are found on the inputs themselves, and are not widened.
UNCALIBRATED = Calibration()


@dataclass(frozen=True, slots=True)
class Hardened:
    """A network's hardened plan.

    Attributes
    ----------
    plan : Plan
        The plan.
    weights : mapping of str to numpy.ndarray
        Contents of all trained buffers, those of the checks too.
    limits : Limits or None
        Its limits, where it is clamped or checked anywhere.
    """

    plan: Plan
    weights: Mapping[str, NDArray[np.float32]]
    limits: Limits | None


def hardened(
    plan: Plan,
    weights: Mapping[str, NDArray[np.float32]],
    weights_sha256: str,
    rules: str,
    inputs: Sequence[Input],
    calibration: Calibration,
) -> Hardened:
    """Harden a network: find its limits where there are none, and make its plan.

    Parameters
    ----------
    plan, weights, weights_sha256
        The network's, not hardened.
    rules : str
        What is hardened and how, see :func:`softbeam.network.hardening.rules.read_rules`.
    inputs : sequence of (str, numpy.ndarray of float32)
        The calibration images as the network gets them, each with its hash.
    calibration : Calibration
        How limits are found, or what they are.

    Raises
    ------
    NetworkError
        If rules or limits do not fit the network.
    """
    read = read_rules(rules)
    limits = None
    if needs_limits(plan, read):
        limits = calibration.known(plan, weights_sha256)
        if limits is None:
            checks = rows_of_checks(plan, read)
            limits = find_limits(plan, weights, weights_sha256, inputs, calibration.margin, checks)
    made = harden(plan, read, limits, weights)
    sums = {name: words.view(np.float32) for name, words in check_weights(made, weights).items()}
    return Hardened(made, {**weights, **sums}, limits)
