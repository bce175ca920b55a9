"""A made-up campaign into a hardened network, made from one into the network as it is."""

from __future__ import annotations

from dataclasses import replace

from softbeam.analysis.results import Results
from softbeam.campaign.results.facts import Facts, KernelFacts, LayerFacts
from softbeam.faults.space import FaultSpaceSize


def hardened_twin(plain: Results, *, growth: int = 2, keep: int = 4) -> Results:
    """Return the results of a network whose critical SDCs are nearly all masked.

    Parameters
    ----------
    plain : Results
        The campaign without hardening.
    growth : int
        How many times as many places each kernel has.
    keep : int
        Of so many critical SDCs in a row one is left.
    """
    records, seen = [], 0
    for record in plain.records:
        seen += record.detail == "critical"
        masked = record.detail == "critical" and seen % keep
        changes = {"outcome": "Masked", "detail": "absorbed", "top1": None} if masked else {}
        records.append(replace(record, **changes))
    sizes = tuple(
        FaultSpaceSize(one.image, one.mode, one.layer, one.kernel, growth * one.size)
        for one in plain.sizes
    )
    layers = tuple(
        LayerFacts(
            number=number,
            name=plain.layers.get(number, ""),
            kernels=tuple(
                KernelFacts(name=f"{kernel}+range", launches=1)
                for kernel in sorted({one.kernel for one in plain.sizes if one.layer == number})
            ),
        )
        for number in sorted({one.layer for one in plain.sizes})
    )
    return replace(plain, records=tuple(records), sizes=sizes, facts=Facts(layers=layers))
