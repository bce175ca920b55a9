"""What a campaign struck, read again from the files that it was given."""

from __future__ import annotations

from softbeam.campaign.results.facts import Facts
from softbeam.campaign.setup import specify_again
from softbeam.campaign.specification import CampaignSpecification, first_difference
from softbeam.errors import CampaignError
from softbeam.network.catalogue import NETWORKS
from softbeam.network.choices import InputChoices
from softbeam.network.hardening.calibration import Calibration
from softbeam.network.workload import Workload
from softbeam.program.workload import load_any


def workload_again(
    specification: CampaignSpecification, facts: Facts, network: str | None, files: InputChoices
) -> Workload:
    """Read what a campaign struck and check that it is the same.

    Parameters
    ----------
    specification : CampaignSpecification
        The campaign.
    facts : Facts
        What is known of what it struck.
    network : str or None
        The network's file, if it is the user's own.
    files : InputChoices
        The files that the campaign was given.

    Raises
    ------
    CampaignError
        If anything differs, naming it.
    """
    own = facts.network_file is not None or specification.network not in NETWORKS
    if network is None and own:
        raise CampaignError(
            f"the campaign is of {specification.network!r}, a network of your own; give its file "
            "with --network"
        )
    workload = load_any(
        network or specification.network,
        weights=files.weights,
        images=files.images,
        preprocessing=files.preprocessing,
        choices=specification,
        calibration=Calibration(limits=facts.known_limits),
    )
    difference = first_difference(specification, specify_again(specification, workload))
    if difference is not None:
        struck, here = difference.values
        raise CampaignError(
            f"this is not what the campaign struck: its {difference.named} is "
            f"{struck}, here it is {here}; give the --network, "
            "--weights, --image and preprocessing that the campaign was given"
        )
    return workload
