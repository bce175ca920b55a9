"""Results of a campaign in a file, and ways to spoil it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from softbeam.campaign.results_file import FILE_NAME
from softbeam.campaign.specification import CampaignSpecification, StreamRequest

SPECIFICATION = CampaignSpecification(
    network="extraction",
    weights_sha256="1" * 64,
    plan_sha256="4" * 64,
    inputs_sha256=("2" * 64,),
    architecture="sm_90",
    kernels_sha256="3" * 64,
    emulator_semantics=1,
    seed=1,
    streams=(StreamRequest(mode="rf", model="single-bit", injections=1000),),
)


def execute(folder: Path, statement: str) -> None:
    """Change what a results file holds behind softbeam's back."""
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.execute(statement)
    connection.commit()
    connection.close()
