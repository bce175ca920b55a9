"""Specifications of campaigns that end when shares are known well enough, for tests."""

from __future__ import annotations

from softbeam.campaign.choices import Target
from softbeam.campaign.specification import CampaignSpecification, StreamRequest


def specification(
    target: Target | None, stratified: bool, images: int = 1
) -> CampaignSpecification:
    """Return a campaign of register-file faults with a target, or none."""
    return CampaignSpecification(
        network="tiny",
        weights_sha256="1" * 64,
        plan_sha256="4" * 64,
        inputs_sha256=tuple(f"{image:064x}" for image in range(images)),
        architecture="sm_90",
        kernels_sha256="3" * 64,
        emulator_semantics=1,
        seed=1,
        sampling="stratified" if stratified else "uniform",
        streams=(StreamRequest(mode="rf", model="single-bit", injections=0),),
        target=target,
    )
