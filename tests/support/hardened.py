"""Hardened plans of small networks, whose limits also act where there is no fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from softbeam.network.hardening.apply import harden
from softbeam.network.hardening.limits import Limits, Pair, find_limits
from softbeam.network.hardening.rules import read_rules
from softbeam.network.plan import Plan


def narrowed(pair: Pair, share: float) -> Pair:
    """Return limits between which a share of the distance is left out on either side."""
    if pair is None or pair[0] != pair[0]:
        return pair
    low, high = pair
    less = np.float32(share) * np.float32(high - low)
    return float(np.float32(low) + less), float(np.float32(high) - less)


def limits_of(
    plan: Plan, weights: dict[str, np.ndarray], image: np.ndarray, share: float = 0.0
) -> Limits:
    """Return the limits of a network on one image, narrowed so that they act without fault."""
    checks = {one.index: 0 for one in plan.launches if one.product is not None}
    found = find_limits(plan, weights, "0" * 64, [("1" * 64, image)], 0.0, checks)
    return replace(found, stored=tuple(narrowed(one, share) for one in found.stored))


def hardened_plan(
    plan: Plan, weights: dict[str, np.ndarray], image: np.ndarray, rules: str, share: float = 0.1
) -> Plan:
    """Return the plan of a hardened network."""
    return harden(plan, read_rules(rules), limits_of(plan, weights, image, share), weights)
