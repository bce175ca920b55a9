"""Write the tables of hardening techniques in docs/hardening.md: published ones, and softbeam's.

python scripts/document_hardening.py            write the published techniques, from their facts
python scripts/document_hardening.py --check    exit with status 1 if these are not current
python scripts/document_hardening.py --beside runs/plain runs/range runs/duplication
                                                write softbeam's own rows, a hardened run each
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from softbeam.analysis.estimation import Estimate
from softbeam.analysis.hardening.chain import Hardened, chain_picture
from softbeam.analysis.hardening.published import PUBLISHED
from softbeam.analysis.results import Results
from softbeam.errors import SoftbeamError
from softbeam.present.advice_tables import range_text
from softbeam.present.digits import part
from softbeam.present.headline import EVENT_TITLES, hardening

FILE = Path(__file__).parent.parent / "docs" / "hardening.md"

PUBLISHED_MARK = "<!-- Published: written by scripts/document_hardening.py; do not edit. -->"
OWN_MARK = "<!-- Own: written by scripts/document_hardening.py --beside; do not edit. -->"
END = "<!-- End of the rows. -->"


def published_rows() -> Iterator[str]:
    """Yield the table of published techniques."""
    yield "| name | technique | removed, % | of which errors | cost, % | of what | what differs |"
    yield "|---|---|---:|---|---:|---|---|"
    for one in PUBLISHED:
        cells = (
            one.name,
            one.technique,
            range_text(one.removed),
            one.errors,
            range_text(one.cost),
            one.costs,
            one.differs,
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def own_rows(plain: Results, runs: Iterable[Results]) -> Iterator[str]:
    """Yield the table of hardened networks beside the one without hardening.

    Raises
    ------
    ResultsError
        If a run does not compare, or has no injection in a layer.
    """
    kinds = [f"{words} left, %" for words in EVENT_TITLES.values()]
    names = ("network, campaign", "hardened by", "injections", *kinds, "more instructions, %")
    yield f"| {' | '.join(names)} |"
    yield f"|---|---|---:|{'---:|' * len(kinds)}---:|"
    for results in runs:
        picture = chain_picture(results, plain)
        if picture is None or picture.hardened is None:
            raise SoftbeamError(
                f"campaign {results.specification.campaign_id[:12]} has no injection in a layer"
            )
        specification = results.specification
        left = [_left(picture.hardened, of) for of in EVENT_TITLES]
        cost = picture.hardened.cost
        cells = (
            f"{specification.network}, {specification.campaign_id[:12]} beside "
            f"{plain.specification.campaign_id[:12]}",
            hardening(picture) or "nothing",
            f"{picture.hardened.injections:,}",
            *left,
            "not known" if cost is None else f"{100 * cost:.2f}",
        )
        yield f"| {' | '.join(cells)} |"


def _left(hardened: Hardened, of: str) -> str:
    found: Estimate = hardened.left[of]
    if not math.isfinite(found.estimate):
        return f"{found.successes:,} seen, none before"
    high = part(found.high) if math.isfinite(found.high) else "∞"
    return f"{part(found.estimate)} [{part(found.low)}, {high}]"


def replaced(text: str, mark: str, rows: Iterable[str]) -> str:
    """Return a document with rows between a mark and the end that follows it."""
    before, rest = text.split(mark)
    _, after = rest.split(END, 1)
    return f"{before}{mark}\n\n{chr(10).join(rows)}\n\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--beside", type=Path, help="the run without hardening")
    parser.add_argument("runs", type=Path, nargs="*", help="runs of the hardened network")
    chosen = parser.parse_args(arguments)
    if bool(chosen.runs) != (chosen.beside is not None):
        parser.error("hardened runs and --beside go together")
    text = FILE.read_text(encoding="utf-8")
    wanted = replaced(text, PUBLISHED_MARK, published_rows())
    try:
        if chosen.beside is not None:
            plain = Results.load(chosen.beside)
            rows = own_rows(plain, [Results.load(run) for run in chosen.runs])
            wanted = replaced(wanted, OWN_MARK, rows)
    except SoftbeamError as error:
        print(f"{error}", file=sys.stderr)
        return 2
    if chosen.check:
        return int(wanted != text)
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
