"""Write the tables of columns in docs/results.md from their declarations.

python scripts/document_columns.py            write it
python scripts/document_columns.py --check    exit with status 1 if it is not current
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from softbeam.analysis.columns import COLUMNS
from softbeam.injection.columns import Column
from softbeam.injection.inference import INFERENCE_COLUMNS

FILE = Path(__file__).parent.parent / "docs" / "results.md"

#: By the mark in the document the columns that stand behind it, and the schema of their table.
TABLES = {
    "<!-- Columns: written by scripts/document_columns.py from their declarations; do not edit. "
    "-->": (COLUMNS, 1),
    "<!-- Columns of inferences: written likewise; do not edit. -->": (INFERENCE_COLUMNS, 3),
}
END = "<!-- End of the columns. -->"


def _rows(columns: Iterable[Column], schema: int) -> Iterator[str]:
    yield "| column | type | unit | since schema | meaning |\n|---|---|---|---|---|\n"
    for column in columns:
        kind = f"{column.kind}, optional" if column.optional else column.kind
        meaning = column.meaning.replace("|", "\\|")
        since = max(column.since, schema)
        yield f"| `{column.name}` | {kind} | {column.unit} | {since} | {meaning} |\n"


def document(text: str) -> str:
    """Return a document with the tables of today between their marks."""
    for begin, (columns, schema) in TABLES.items():
        before, rest = text.split(begin)
        _, after = rest.split(END, 1)
        text = f"{before}{begin}\n\n{''.join(_rows(columns, schema))}\n{END}{after}"
    return text


def main() -> int:
    """Write or check the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    current = FILE.read_text(encoding="utf-8")
    wanted = document(current)
    if parser.parse_args().check:
        return int(current != wanted)
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
