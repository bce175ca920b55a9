"""What a campaign struck, read again from the files that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softbeam.network.choices import InputChoices

if TYPE_CHECKING:
    from softbeam.analysis.results import Results
    from softbeam.network.workload import Workload


def workload_again(results: Results, network: str | None, files: InputChoices) -> Workload:
    """Read what a campaign struck and check that it is the same.

    Parameters
    ----------
    results : Results
        The campaign's results.
    network : str or None
        The network's file, if it is the user's own.
    files : InputChoices
        The files that the campaign was given.

    Raises
    ------
    CampaignError
        If anything differs, naming it.
    """
    from softbeam.campaign.setup import specify_again
    from softbeam.campaign.specification import first_difference
    from softbeam.errors import CampaignError
    from softbeam.network.catalogue import NETWORKS
    from softbeam.network.hardening.calibration import Calibration
    from softbeam.program.workload import load_any

    stored = results.specification
    own = results.facts.network_file is not None or stored.network not in NETWORKS
    if network is None and own:
        raise CampaignError(
            f"the campaign is of {stored.network!r}, a network of your own; give its file with "
            "--network"
        )
    workload = load_any(
        network or stored.network,
        weights=files.weights,
        images=files.images,
        preprocessing=files.preprocessing,
        choices=stored,
        calibration=Calibration(limits=results.facts.known_limits),
    )
    difference = first_difference(stored, specify_again(stored, workload))
    if difference is not None:
        struck, here = difference.values
        raise CampaignError(
            f"this is not what the campaign struck: its {difference.named} is "
            f"{struck}, here it is {here}; give the --network, "
            "--weights, --image and preprocessing that the campaign was given"
        )
    return workload
