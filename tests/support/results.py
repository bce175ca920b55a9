"""Results of a campaign in a file, and ways to spoil it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from softbeam.campaign.results.database import Connection
from softbeam.campaign.results.file import FILE_NAME, seal
from softbeam.campaign.results.schema import SMALL_TABLES
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
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as connection:
        connection.execute(statement)


def reseal(folder: Path) -> None:
    """Make the digests fit what a results file holds now, as a forger would."""
    with closing(
        sqlite3.connect(folder / FILE_NAME, isolation_level=None, factory=Connection)
    ) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        # What stands in the place of a table may never end.
        connection.bound(folder / FILE_NAME)
        for table in (*SMALL_TABLES, "injections", "inferences"):
            seal(connection, table)
