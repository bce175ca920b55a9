"""How a change travels through one launch: for each kernel a rule that computes what can differ.

Every rule rests on one argument: an output word depends on known input words; where none of these
is changed it is golden.  A rule computes all words that read a changed one, from changed and
golden values, with the arithmetic of the kernel's twin; so it equals the whole launch bit for bit.
Each rule states its argument.  Rules stand in modules named as the families of their kernels, and
what a family declares of a kernel (:class:`~softbeam.kernels.behaviour.Pointwise`,
:class:`~softbeam.kernels.behaviour.Channelwise`) gives a rule without further words.  Every other
launch, and any change that a rule does not cover, is computed as a whole.  A hardened kernel's rule
is made of its base's (:mod:`softbeam.injection.regions.hardened`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from softbeam.injection.regions.channels import channelwise_rule, scale_channels_rule
from softbeam.injection.regions.checks import check_convolution_rule, check_product_rule
from softbeam.injection.regions.elementwise import broadcast_rule
from softbeam.injection.regions.hardened import hardened_rule
from softbeam.injection.regions.joining import multilayer_rule, shortcut_rule, upsample_rule
from softbeam.injection.regions.pointwise import copy_rule, pointwise_rule
from softbeam.injection.regions.products import product_rule
from softbeam.injection.regions.step import NotCoveredError, RegionRule, Result, Step, whole_launch
from softbeam.injection.regions.windows import (
    avgpool_rule,
    im2col_ext_rule,
    im2col_rule,
    maxpool_rule,
    pool_window_rule,
)
from softbeam.injection.regions.words import move_rule, reduce_rule, softmax_rule
from softbeam.kernels.behaviour import Behaviour, Channelwise
from softbeam.kernels.families import BEHAVIOURS
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.kernels.products import TILES
from softbeam.kernels.signatures import KERNELS, LIBRARY

__all__ = [
    "RULES",
    "NotCoveredError",
    "RegionRule",
    "Result",
    "Step",
    "declared_rule",
    "whole_launch",
]


def declared_rule(behaviour: Behaviour) -> RegionRule | None:
    """Return the rule that follows from what a family says of its kernel; None if none does."""
    change = behaviour.change
    if isinstance(change, Channelwise):
        return partial(channelwise_rule, kernel=change)
    if change is not None and change.reads:
        return partial(pointwise_rule, kernel=change)
    return None


_DECLARED = {name: declared_rule(behaviour) for name, behaviour in BEHAVIOURS.items()}

#: The rule of each kernel that has one: what its family declares, and what is written out here.
_OWN: Mapping[str, RegionRule] = {
    **{name: rule for name, rule in _DECLARED.items() if rule is not None},
    # A copy leaves the very change, whatever its form.
    "copy": copy_rule,
    "shortcut": shortcut_rule,
    "shortcut_multilayer": multilayer_rule,
    "scale_channels": scale_channels_rule,
    "upsample": upsample_rule,
    "broadcast": broadcast_rule,
    "move": move_rule,
    "reduce": reduce_rule,
    "softmax": softmax_rule,
    "im2col": im2col_rule,
    "im2col_ext": im2col_ext_rule,
    **dict.fromkeys((*LIBRARY, *TILES), product_rule),
    "check_product": check_product_rule,
    "check_convolution": check_convolution_rule,
    "maxpool": maxpool_rule,
    "pool_window": pool_window_rule,
    "avgpool": avgpool_rule,
}

#: The same, and that of each hardened kernel.
RULES: Mapping[str, RegionRule] = {
    **_OWN,
    **{
        name: hardened_rule(name, _OWN.get(base_of(name)))
        for name in KERNELS
        if techniques_of(name)
    },
}
