"""Write the table of columns in docs/results.md from their declarations.

python scripts/document_columns.py            write it
python scripts/document_columns.py --check    exit with status 1 if it is not current
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from softbeam.analysis.columns import COLUMNS

FILE = Path(__file__).parent.parent / "docs" / "results.md"

BEGIN = (
    "<!-- Columns: written by scripts/document_columns.py from their declarations; do not edit. -->"
)
END = "<!-- End of the columns. -->"


def _rows() -> Iterator[str]:
    yield "| column | type | unit | since schema | meaning |\n|---|---|---|---|---|\n"
    for column in COLUMNS:
        kind = f"{column.kind}, optional" if column.optional else column.kind
        meaning = column.meaning.replace("|", "\\|")
        yield f"| `{column.name}` | {kind} | {column.unit} | {column.since} | {meaning} |\n"


def document(text: str) -> str:
    """Return a document with the table of today between its two marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{''.join(_rows())}\n{END}{after}"


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
