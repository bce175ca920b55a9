"""The sections of a page: which figures and tables it has, and what is said between them."""

from __future__ import annotations

from collections.abc import Mapping

from softbeam.analysis.breakdown import (
    OPCODE_GROUPS,
    by_bit,
    by_opcode_group,
    golden_class,
    score_changes,
    usurpers,
)
from softbeam.analysis.checklist import NETWORK, checklist
from softbeam.analysis.conclusions import Conclusion
from softbeam.analysis.factors import By, Key, factor_table
from softbeam.analysis.results import Results
from softbeam.report import captions
from softbeam.report.blocks import Block, Section
from softbeam.report.detail_figures import (
    bit_figure,
    heat_map,
    opcode_figure,
    score_figure,
    usurper_figure,
)
from softbeam.report.factor_figures import kernel_figure, layer_figure
from softbeam.report.listing import listing
from softbeam.report.table import Cell, Table, factors_table, number, outcome_table, split_table
from softbeam.report.words import (
    kernel_order,
    layer_legend,
    percent,
    stream_order,
    stream_title,
    unfinished,
)

#: Targets of faults in words.
TARGETS = {
    "register": "register",
    "destination_index": "register index",
    "store_address": "store address",
}

#: What stands in the place of a class where no class is first.
NAMELESS = "no class: all scores NaN"

#: Layers are marked by the kernel that names them.
_LAYER_MARKS = {"maxpool": "max", "avgpool": "avg", "softmax": "soft"}


class Scope:
    """What of a campaign a page shows: its streams, layers and kernels, in order."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.counts = results.counts
        self.streams = sorted(self.counts.streams(), key=stream_order)
        cells = {Key(one.layer, one.kernel) for one in results.sizes}
        cells |= {Key(record.layer, record.kernel) for record in results.records}
        self.cells = sorted(cells, key=lambda key: key.order)
        self.kernels = sorted({key.kernel or "" for key in cells}, key=kernel_order)
        self.layers: Mapping[int, str] = {
            layer: self._layer_label(layer)
            for layer in sorted({key.layer for key in cells if key.layer is not None})
        }

    def _layer_label(self, layer: int) -> str:
        for kernel, mark in _LAYER_MARKS.items():
            if Key(layer, kernel) in self.cells:
                return f"{layer}\n{mark}"
        return str(layer)


def summary(scope: Scope) -> Section:
    """Return how the injections ended."""
    lacking = unfinished(scope.counts)
    intro = Block(
        text="Shares are in percent with 95 % intervals; 0.0 [0.0, 0.4] means that it was not "
        "seen and could still be as frequent as 0.4 %. Factors are probabilities that a fault "
        "that has struck does damage, not rates of faults. Tables sort by a click on a title."
    )
    details = outcome_table(scope.counts, scope.streams, details=True)
    return Section(
        "outcomes",
        "How the injections ended",
        (
            *((Block(text=lacking),) if lacking else ()),
            intro,
            Block(table=outcome_table(scope.counts, scope.streams, details=False)),
            Block(table=details, folded="In detail: kinds of masking, corruption and exception"),
        ),
    )


def layers(scope: Scope) -> Section:
    """Return the figures and tables of layers: the paper's figures 1 to 3."""
    blocks = []
    keys = [Key(layer=layer) for layer in scope.layers]
    for place, stream in enumerate(scope.streams, start=1):
        caption = captions.LAYERS + (captions.NEVER_READ if stream.mode == "rf" else "")
        blocks.append(
            Block(figure=layer_figure(scope.counts, stream, place, scope.layers, caption))
        )
        title = f"LVF, {stream_title(stream)}"
        table = factors_table(
            scope.counts, stream, By.LAYER, keys, f"lvf-{stream.mode}-{stream.model}", title
        )
        blocks.append(Block(table=table, folded=title))
    if legend := layer_legend(scope.results.layers, scope.layers):
        blocks.append(Block(text=legend))
    return Section("layers", "Layers", tuple(blocks))


def kernels(scope: Scope) -> Section:
    """Return the figure and tables of kernels: the paper's figure 4."""
    figure = kernel_figure(
        scope.counts, scope.streams, len(scope.streams) + 1, scope.kernels, captions.KERNELS
    )
    blocks = [Block(figure=figure)]
    keys = [Key(kernel=kernel) for kernel in scope.kernels]
    for stream in scope.streams:
        title = f"KVF, {stream_title(stream)}"
        table = factors_table(
            scope.counts, stream, By.KERNEL, keys, f"kvf-{stream.mode}-{stream.model}", title
        )
        blocks.append(Block(table=table, folded=title))
    return Section("kernels", "Kernels", tuple(blocks))


def cells(scope: Scope) -> Section:
    """Return the heat maps of kernels in layers."""
    blocks = []
    for place, stream in enumerate(scope.streams):
        table = factor_table(scope.counts, stream, By.LAYER_AND_KERNEL)
        number_ = f"5{chr(ord('a') + place)}"
        blocks.append(
            Block(figure=heat_map(table, number_, scope.layers, scope.kernels, captions.HEAT))
        )
        title = f"Kernels in layers, {stream_title(stream)}"
        name = f"cells-{stream.mode}-{stream.model}"
        shown = factors_table(scope.counts, stream, By.LAYER_AND_KERNEL, scope.cells, name, title)
        blocks.append(Block(table=shown, folded=title))
    return Section("cells", "Kernels in layers", tuple(blocks))


def bits_and_opcodes(scope: Scope) -> Section:
    """Return where in the bits and in the instructions damage comes from."""
    design = scope.results.design
    records = {stream: scope.results.of(stream) for stream in scope.streams}
    bits = {
        (stream, words): by_bit(records[stream], target, design)
        for stream in scope.streams
        for target, words in TARGETS.items()
    }
    groups = {stream: by_opcode_group(records[stream], design) for stream in scope.streams}
    blocks = []
    if any(bits.values()):
        blocks.append(Block(figure=bit_figure(bits, "6", captions.BITS)))
    for (stream, target), found in bits.items():
        if found:
            title = f"Bits of the {target}, {stream_title(stream)}"
            rows = [
                (str(one.key), float(one.key), one.n, (one.ended["SDC"], one.ended["DUE"]))
                for one in found
            ]
            name = f"bits-{stream.mode}-{stream.model}-{target.replace(' ', '-')}"
            blocks.append(Block(table=split_table(rows, name, title, "bit"), folded=title))
    blocks.append(Block(figure=opcode_figure(groups, "7", captions.OPCODES)))
    for stream, kinds in groups.items():
        title = f"Kinds of instructions, {stream_title(stream)}"
        lines = [
            (OPCODE_GROUPS[one.key], float(place), one.n, (one.ended["SDC"], one.ended["DUE"]))
            for place, one in enumerate(kinds)
        ]
        name = f"opcodes-{stream.mode}-{stream.model}"
        blocks.append(Block(table=split_table(lines, name, title, "kind"), folded=title))
    return Section("bits", "Bits and instructions", tuple(blocks))


def listings(scope: Scope) -> Section:
    """Return the machine code of every kernel, coloured by SDC share."""
    if not is_shipped(scope.results):
        text = (
            "The machine code that was struck is not known to be the one that this softbeam "
            "ships, so it is not listed."
        )
        return Section("code", "Machine code", (Block(text=text),))
    architecture = scope.results.specification.architecture
    blocks = [
        Block(
            text="Each instruction of each kernel, for each mode the number of injections that "
            "struck it and the share of them that ended as SDC, in percent with its interval: the "
            "stronger the colour, the more. Point at a share for the DUEs. An instruction "
            "without a number was never struck."
        )
    ]
    for kernel in scope.kernels:
        found = listing(
            scope.results.records, kernel, architecture, scope.streams, scope.results.design
        )
        title = f"{kernel}: {len(found.lines)} instructions, {found.n:,} injections"
        blocks.append(Block(listing=found, folded=title))
    return Section("code", "Machine code", tuple(blocks))


def is_shipped(results: Results) -> bool:
    """Return whether the machine code that was struck is what this softbeam ships.

    A specification holds one hash over the code of the network's kernels; an older file of a
    network of the user's own tells only those in which the campaign has places.
    """
    from softbeam.kernels import ARCHITECTURES, KERNELS, machine_code_sha256

    specification = results.specification
    if specification.architecture not in ARCHITECTURES:
        return False
    launched = {key.kernel or "" for key in results.launches} or {
        one.kernel for one in results.sizes
    }
    kernels = sorted(launched & KERNELS.keys())
    found = machine_code_sha256(kernels, specification.architecture)
    return found == specification.kernels_sha256


def scores(scope: Scope) -> Section:
    """Return how far scores moved, and the classes that took over."""
    names = dict(enumerate(scope.results.classes))
    changes = {stream: score_changes(scope.results.of(stream)) for stream in scope.streams}
    blocks = []
    if any(found.n for found in changes.values()):
        blocks.append(Block(figure=score_figure(changes, "8", captions.SCORES)))
        rows = []
        for stream, found in changes.items():
            shares = (found.beyond(0.01), found.beyond(0.0001))
            rows.append((stream_title(stream), 0.0, found.n, shares))
        blocks.append(
            Block(
                table=Table(
                    "scores",
                    "SDCs by how far they moved a score",
                    ("mode", "SDCs, n", "by more than 0.01, %", "by more than 0.0001, %"),
                    tuple(
                        (
                            Cell(text),
                            number(n),
                            *(Cell(percent(s), s.estimate if s.n else None, "number") for s in two),
                        )
                        for text, _, n, two in rows
                    ),
                )
            )
        )
    won = usurpers(scope.results.records)
    # Several inputs have a golden class each, which the records do not hold.
    golden = golden_class(scope.results.records) if scope.results.design.images == 1 else None
    if won:
        labelled = [
            (NAMELESS if one is None else names.get(one, f"class {one}"), share)
            for one, share in won
        ]
        blocks.append(Block(figure=usurper_figure(labelled, "9", captions.CLASSES)))
        of = "" if golden is None else f" in place of {names.get(golden, f'class {golden}')}"
        title = f"Classes that took over{of}"
        rows_ = tuple(
            (Cell(name), number(share.successes), Cell(percent(share), share.estimate, "number"))
            for name, share in labelled
        )
        table = Table("classes", title, ("class", "n", "of critical SDCs, %"), rows_)
        blocks.append(Block(table=table, folded=title))
    if not blocks:
        blocks.append(Block(text="No injection ended as SDC."))
    return Section("scores", "What became of the answer", tuple(blocks))


def conclusions(scope: Scope) -> tuple[Conclusion, ...]:
    """Return the paper's conclusions held against a campaign; none if it is of something else."""
    specification = scope.results.specification
    scoped = (specification.kernels, specification.layers, specification.groups)
    if specification.network != NETWORK or any(one is not None for one in scoped):
        return ()
    return checklist(scope.counts)


def paper(scope: Scope) -> Section:
    """Return the section of the paper's conclusions."""
    found = conclusions(scope)
    if not found:
        text = (
            "The paper's conclusions are about the whole of Darknet's Extraction; this campaign "
            "struck something else, so they are not held against it."
        )
        return Section("paper", "The paper's conclusions", (Block(text=text),))
    intro = Block(
        text="Y. Ibrahim, H. Wang and K. Adam, “Analyzing the Reliability of Convolutional Neural "
        "Networks on GPUs: GoogLeNet as a Case Study”, held against these injections. An error is "
        "an SDC or a DUE; numbers are percent with 95 % intervals. Its conclusions come without "
        "error bars; the criterion under each is softbeam's."
    )
    return Section("paper", "The paper's conclusions", (intro, Block(checklist=found)))
