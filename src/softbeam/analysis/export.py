"""Injections as CSV, Parquet and pandas.

pandas and PyArrow are extras: each is asked for at use, and its absence is an error that says what
to install.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbeam.analysis.columns import COLUMNS, in_order
from softbeam.errors import ResultsError
from softbeam.files import whole_file
from softbeam.injection.columns import Column
from softbeam.injection.record import InjectionRecord

if TYPE_CHECKING:
    from pandas import DataFrame

    from softbeam.campaign.specification import CampaignSpecification

#: Rows of a Parquet file's row group.
ROWS = 65_536

#: pandas' types, those that know absence where a column can be empty.
_FRAME_TYPES = {
    ("int64", False): "int64",
    ("int64", True): "Int64",
    ("uint64", True): "UInt64",
    ("float64", True): "Float64",
    ("bool", False): "bool",
    ("string", False): "string",
    ("string", True): "string",
}


def required(module: str, extra: str) -> Any:
    """Import a library that an extra brings.

    Raises
    ------
    ResultsError
        If it is not installed, with the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ResultsError(
            f"this needs {module.partition('.')[0]}, which is not installed: "
            f"pip install 'softbeam[{extra}]'"
        ) from None


def text_of(column: Column, value: Any) -> str:
    """Return a value as CSV holds it: absent values empty, booleans 0 and 1, floats exact.

    Examples
    --------
    >>> [text_of(COLUMNS[0], value) for value in (None, True, 0.1, float("inf"), "fill")]
    ['', '1', '0.1', 'inf', 'fill']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def write_csv(
    records: Iterable[InjectionRecord], specification: CampaignSpecification, path: Path
) -> None:
    """Write injections as CSV: UTF-8, a line of names, commas, line feeds."""
    with whole_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(column.name for column in COLUMNS)
        for record in in_order(records):
            writer.writerow(text_of(column, column.value(record)) for column in COLUMNS)
        text.flush()
        text.detach()


def write_parquet(
    records: Iterable[InjectionRecord], specification: CampaignSpecification, path: Path
) -> None:
    """Write injections as Parquet, the campaign's specification in the file's metadata.

    Raises
    ------
    ResultsError
        If PyArrow is not installed.
    """
    arrow = required("pyarrow", "parquet")
    parquet = required("pyarrow.parquet", "parquet")
    types = {
        "int64": arrow.int64(),
        "uint64": arrow.uint64(),
        "float64": arrow.float64(),
        "bool": arrow.bool_(),
        "string": arrow.string(),
    }
    schema = arrow.schema(
        [arrow.field(one.name, types[one.kind], nullable=one.optional) for one in COLUMNS],
        metadata={
            "softbeam.campaign_id": specification.campaign_id,
            "softbeam.specification": specification.to_json(),
        },
    )
    ordered = in_order(records)
    with whole_file(path) as file, parquet.ParquetWriter(file, schema) as writer:
        for start in range(0, len(ordered), ROWS):
            part = ordered[start : start + ROWS]
            columns = {one.name: [one.value(record) for record in part] for one in COLUMNS}
            writer.write_table(arrow.table(columns, schema=schema))


#: Writers by the name of their format.
FORMATS: dict[str, Callable[[Iterable[InjectionRecord], CampaignSpecification, Path], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
}


def frame(records: Iterable[InjectionRecord]) -> DataFrame:
    """Return injections as a DataFrame with the columns of an exported table.

    Raises
    ------
    ResultsError
        If pandas is not installed.
    """
    pandas = required("pandas", "data")
    ordered = in_order(records)
    columns = {
        column.name: pandas.array(
            [column.value(record) for record in ordered],
            dtype=_FRAME_TYPES[column.kind, column.optional],
        )
        for column in COLUMNS
    }
    return pandas.DataFrame(columns)
