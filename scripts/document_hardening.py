"""Write the tables of hardening techniques in docs/hardening.md: published ones, and softbeam's.

python scripts/document_hardening.py            write the published techniques, from their facts
python scripts/document_hardening.py --check    exit with status 1 if these are not current
python scripts/document_hardening.py --beside runs/plain runs/range runs/duplication
                                                write softbeam's own rows, a hardened run each;
                                                --beside again for another network
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
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


def own_head() -> Iterator[str]:
    """Yield the head of the table of hardened networks."""
    kinds = [f"{words} left, %" for words in EVENT_TITLES.values()]
    names = ("network, campaign", "hardened by", "injections", *kinds, "more instructions, %")
    yield f"| {' | '.join(names)} |"
    yield f"|---|---|---:|{'---:|' * len(kinds)}---:|"


def own_rows(plain: Results, runs: Iterable[Results]) -> Iterator[str]:
    """Yield the rows of hardened networks beside the one without hardening.

    Raises
    ------
    ResultsError
        If a run does not compare, or has no injection in a layer.
    """
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
    parser.add_argument(
        "--beside",
        type=Path,
        nargs="+",
        action="append",
        default=[],
        metavar="RUN",
        help="the run without hardening, and those of the same network with it; once a network",
    )
    chosen = parser.parse_args(arguments)
    if any(len(runs) < 2 for runs in chosen.beside):
        parser.error("--beside takes the run without hardening and at least one with it")
    text = FILE.read_text(encoding="utf-8")
    wanted = replaced(text, PUBLISHED_MARK, published_rows())
    try:
        if chosen.beside:
            found = [[Results.load(run) for run in runs] for runs in chosen.beside]
            rows = [own_rows(plain, hardened) for plain, *hardened in found]
            wanted = replaced(wanted, OWN_MARK, [*own_head(), *chain.from_iterable(rows)])
    except SoftbeamError as error:
        print(f"{error}", file=sys.stderr)
        return 2
    if chosen.check:
        return int(wanted != text)
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
