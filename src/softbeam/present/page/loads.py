"""The section of a page about several faults in one inference, and accuracy under faults."""

from __future__ import annotations

from softbeam.analysis.accuracy import SINGLE, columns_of, load_rows, truth_of
from softbeam.analysis.counts import Counts
from softbeam.present.blocks import Block, Section
from softbeam.present.digits import percent
from softbeam.present.figures import captions
from softbeam.present.figures.loads import load_figure
from softbeam.present.load_tables import loads_table
from softbeam.present.page.sections import Scope
from softbeam.present.words import stream_title


def section(scope: Scope) -> Section | None:
    """Return what became of inferences with one fault and with several; None if nobody asked."""
    results = scope.results
    truth = truth_of(results.facts)
    counts = Counts.of(results.records, results.design, **columns_of(truth))
    rows = load_rows(counts, results.inferences, truth)
    if not rows:
        return None
    fault_free = None if truth is None else truth.fault_free
    blocks = [Block(text=_intro(fault_free is not None))]
    if fault_free is not None:
        blocks.append(
            Block(
                text=f"Without a fault {fault_free.successes:,} of {fault_free.n:,} inputs are "
                f"answered right: {percent(fault_free)} %."
            )
        )
    if fault_free is not None or any(row.load != SINGLE for row in rows):
        blocks.append(Block(figure=load_figure(rows, fault_free, "loads", captions.LOADS)))
    for stream in dict.fromkeys(row.stream for row in rows):
        name = f"loads-{stream.mode}-{stream.model}"
        table = loads_table(rows, stream, name, stream_title(stream), fault_free)
        blocks.append(Block(table=table))
    title = "Several faults" if truth is None else "Accuracy and several faults"
    return Section("faults", title, tuple(blocks))


def _intro(labelled: bool) -> str:
    text = (
        "Inferences by the number of faults that each got: one, as all other sections count, and "
        "several, where they were asked for. Critical: the network says that something else is "
        "there."
    )
    if labelled:
        text += (
            " Accuracy: right answers among all inferences, those that end in a DUE being wrong. "
            "Lost: answers that are right without faults and not with them; gained: the reverse."
        )
    return text
