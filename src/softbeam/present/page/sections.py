"""The sections of a page: which figures and tables it has, and what is said between them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from softbeam.analysis.breakdown import (
    OPCODE_GROUPS,
    by_bit,
    by_opcode_group,
    golden_class,
    score_changes,
    usurpers,
)
from softbeam.analysis.counts import Stream
from softbeam.analysis.factors import By, FactorTable, Item, factor_table
from softbeam.analysis.paper.checklist import NETWORK, checklist
from softbeam.analysis.paper.conclusions import Conclusion
from softbeam.analysis.results import Results
from softbeam.faults.modes import PRICED, targets
from softbeam.faults.stratum import WHOLE_NETWORK
from softbeam.present.blocks import Block, Section
from softbeam.present.factor_tables import (
    factors_table,
    layer_names,
    outcome_table,
    parts_table,
    shares_shown,
    split_table,
)
from softbeam.present.figures import captions
from softbeam.present.figures.details import (
    bit_figure,
    heat_map,
    opcode_figure,
    score_figure,
    usurper_figure,
)
from softbeam.present.figures.factors import kernel_figure, layer_figure
from softbeam.present.listing import listing
from softbeam.present.parts import Part, parts_of
from softbeam.present.table import Row, Table, count, share, text
from softbeam.present.words import (
    follows,
    in_layers,
    kernel_order,
    left_out,
    part_of,
    stream_order,
    stream_title,
    unfinished,
)
from softbeam.text import visible

#: What stands in the place of a class where no class is first.
NAMELESS = "no class: all scores NaN"

#: Layers are marked by the kernel that names them.
_LAYER_MARKS = {"maxpool": "max", "avgpool": "avg", "softmax": "soft"}


def _together(mode: str) -> str:
    """Return under which mode's name the places of a mode are kept: the paper's are alike."""
    return "rf" if mode in PRICED else mode


class Scope:
    """What of a campaign a page shows: its streams, layers and kernels, in order."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.counts = results.counts
        self.streams = sorted(self.counts.streams(), key=stream_order)
        pairs = {(one.mode, Item(one.layer, one.kernel)) for one in results.sizes}
        pairs |= {(record.mode, Item(record.layer, record.kernel)) for record in results.records}
        self._cells: dict[str, set[Item]] = {}
        for mode, item in pairs:
            self._cells.setdefault(_together(mode), set()).add(item)
        layers = {item.layer for _, item in pairs} - {None, WHOLE_NETWORK}
        self.layers: Mapping[int, str] = {
            layer: self._layer_label(layer)
            for layer in sorted(layer for layer in layers if layer is not None)
        }
        self.parts: tuple[Part, ...] = parts_of(tuple(self.layers), results.layers)

    def cells_of(self, mode: str) -> list[Item]:
        """Return the kernels in layers, or what stands for them, in which a mode has places."""
        return sorted(self._cells.get(_together(mode), ()), key=lambda key: key.order)

    def names_of(self, mode: str) -> list[str]:
        """Return the kernels, buffers or opcodes in which a mode has places."""
        return sorted({item.kernel or "" for item in self.cells_of(mode)}, key=kernel_order)

    def layers_of(self, mode: str) -> dict[int, str]:
        """Return the layers in which a mode has places, with their labels."""
        own = {item.layer for item in self.cells_of(mode)}
        return {layer: label for layer, label in self.layers.items() if layer in own}

    @property
    def kernels(self) -> list[str]:
        """The kernels that can be struck."""
        modes = {mode for mode in self._cells if part_of(mode) == "kernel"}
        return sorted({name for mode in modes for name in self.names_of(mode)}, key=kernel_order)

    def number(self, usual: int) -> str:
        """Return the number of a figure behind those of layers and kernels, by its usual one."""
        before = len(self.by_layer) + len(self.groups())
        return str(usual + max(0, before - 4))

    def groups(self) -> list[list[Stream]]:
        """Return the streams, those together that have places in the same kernels in layers."""
        groups: dict[str, list[Stream]] = {}
        for stream in self.streams:
            groups.setdefault(_together(stream.mode), []).append(stream)
        return list(groups.values())

    @cached_property
    def by_layer(self) -> dict[Stream, FactorTable]:
        """The factors of layers, by stream."""
        streams = filter(in_layers, self.streams)
        return {one: self._table(one, By.LAYER) for one in streams}

    @cached_property
    def by_kernel(self) -> dict[Stream, FactorTable]:
        """The factors of kernels, by stream."""
        return {one: self._table(one, By.KERNEL) for one in self.streams}

    @cached_property
    def by_cell(self) -> dict[Stream, FactorTable]:
        """The factors of kernels in layers, by stream."""
        streams = filter(in_layers, self.streams)
        return {one: self._table(one, By.LAYER_AND_KERNEL) for one in streams}

    def _table(self, stream: Stream, by: By) -> FactorTable:
        items = {item.by(by) for item in self.cells_of(stream.mode)}
        return factor_table(self.counts, stream, by, items=items)

    def _layer_label(self, layer: int) -> str:
        for kernel, mark in _LAYER_MARKS.items():
            if Item(layer, kernel) in self._cells.get("rf", ()):
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
            *_left_out(scope),
            intro,
            Block(table=outcome_table(scope.counts, scope.streams, details=False)),
            Block(table=details, folded="In detail: kinds of masking, corruption and exception"),
        ),
    )


def _left_out(scope: Scope) -> tuple[Block, ...]:
    """Return what the fault spaces leave out since it is known to change nothing."""
    modes = dict.fromkeys(stream.mode for stream in scope.streams)
    said = [left_out(scope.results.facts.unread, mode) for mode in modes]
    points = tuple(filter(None, said))
    return (Block(points=points),) if points else ()


def layers(scope: Scope) -> Section:
    """Return the figures and tables of layers: the paper's figures 1 to 3."""
    blocks = []
    for place, stream in enumerate(scope.by_layer, start=1):
        caption = captions.LAYERS_OF_MANY if scope.parts else captions.LAYERS
        caption += captions.NEVER_READ if follows(stream.mode) else ""
        blocks.append(
            Block(
                figure=layer_figure(
                    scope.counts,
                    stream,
                    place,
                    scope.layers_of(stream.mode),
                    caption,
                    scope.parts,
                )
            )
        )
        title = f"LVF, {stream_title(stream)}"
        if scope.parts:
            name = f"parts-{stream.mode}-{stream.model}"
            words = f"Parts of the network, {stream_title(stream)}"
            made = parts_table(scope.counts, stream, scope.parts, name, words)
            blocks.append(Block(table=made))
        table = scope.by_layer[stream]
        name = f"lvf-{stream.mode}-{stream.model}"
        made = factors_table(table, shares_shown(table), name, title, by_damage=True)
        blocks.append(Block(table=made))
    if named := layer_names(scope.results.layers, scope.layers):
        blocks.append(Block(table=named, folded="What the layers are"))
    return Section("layers", "Layers", tuple(blocks))


def kernels(scope: Scope) -> Section:
    """Return the figure and tables of kernels: the paper's figure 4."""
    blocks = []
    missing = captions.LEFT_OUT if scope.results.specification.gemm == "library" else ""
    for place, streams in enumerate(scope.groups()):
        mode = streams[0].mode
        part, names = part_of(mode), scope.names_of(mode)
        number = len(scope.by_layer) + 1 + place
        caption = captions.PARTS.format(part=part)
        if part == "kernel":
            caption = captions.KERNELS + missing
        figure = kernel_figure(scope.counts, streams, number, names, caption, part=part)
        blocks.append(Block(figure=figure))
    for stream, table in scope.by_kernel.items():
        part = part_of(stream.mode)
        title = f"{'KVF' if part == 'kernel' else f'Factors of {part}s'}, {stream_title(stream)}"
        name = f"kvf-{stream.mode}-{stream.model}"
        made = factors_table(table, shares_shown(table), name, title, by_damage=True)
        blocks.append(Block(table=made))
    return Section("kernels", "Kernels", tuple(blocks))


def cells(scope: Scope) -> Section:
    """Return the heat maps of kernels in layers."""
    blocks = []
    for place, (stream, table) in enumerate(scope.by_cell.items()):
        number = f"{scope.number(5)}{chr(ord('a') + place)}"
        part = part_of(stream.mode)
        caption = captions.HEAT.format(part=part)
        names = scope.names_of(stream.mode)
        figure = heat_map(table, number, scope.layers, names, caption, scope.parts, part=part)
        blocks.append(Block(figure=figure))
        title = f"{part.capitalize()}s in layers, {stream_title(stream)}"
        name = f"cells-{stream.mode}-{stream.model}"
        shown = factors_table(table, shares_shown(table), name, title, by_damage=True)
        blocks.append(Block(table=shown, folded=title))
    return Section("cells", "Kernels in layers", tuple(blocks))


def bits_and_opcodes(scope: Scope) -> Section:
    """Return where in the bits and in the instructions damage comes from."""
    design = scope.results.design
    records = {stream: scope.results.of(stream) for stream in scope.streams}
    bits = {
        (stream, words): by_bit(records[stream], target, design)
        for stream in scope.streams
        for target, words in targets().items()
    }
    kinds_of = {stream: by_opcode_group(records[stream], design) for stream in scope.streams}
    groups = {stream: kinds for stream, kinds in kinds_of.items() if kinds}
    blocks = []
    if any(bits.values()):
        blocks.append(Block(figure=bit_figure(bits, scope.number(6), captions.BITS)))
    for (stream, target), found in bits.items():
        if found:
            title = f"Bits of the {target}, {stream_title(stream)}"
            rows = [
                (str(one.key), float(one.key), one.n, (one.ended["SDC"], one.ended["DUE"]))
                for one in found
            ]
            name = f"bits-{stream.mode}-{stream.model}-{target.replace(' ', '-')}"
            blocks.append(Block(table=split_table(rows, name, title, "bit"), folded=title))
    if groups:
        blocks.append(Block(figure=opcode_figure(groups, scope.number(7), captions.OPCODES)))
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
    launched = {item.kernel or "" for item in results.launches} or {
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
        blocks.append(Block(figure=score_figure(changes, scope.number(8), captions.SCORES)))
        columns = ("by more than 0.01", "by more than 0.0001")
        rows = [
            (stream_title(stream), place, found.n, (found.beyond(0.01), found.beyond(0.0001)))
            for place, (stream, found) in enumerate(changes.items())
        ]
        title = "SDCs by how far they moved a score"
        blocks.append(Block(table=split_table(rows, "scores", title, "mode", columns)))
    told_apart = scope.results.design.answers in ("", "classes")
    won = usurpers(scope.results.records) if told_apart else ()
    # Several inputs have a golden class each, which the records do not hold.
    golden = golden_class(scope.results.records) if scope.results.design.images == 1 else None
    if won:
        labelled = [
            (visible(NAMELESS if one is None else names.get(one, f"class {one}")), share)
            for one, share in won
        ]
        blocks.append(Block(figure=usurper_figure(labelled, scope.number(9), captions.CLASSES)))
        of = ""
        if golden is not None:
            of = f" in place of {visible(names.get(golden, f'class {golden}'))}"
        title = f"Classes that took over{of}"
        columns_ = (text("class"), count("n"), share("share", "of critical SDCs"))
        rows_ = tuple(Row(name, found.successes, found) for name, found in labelled)
        blocks.append(Block(table=Table("classes", title, columns_, rows_), folded=title))
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


def paper(found: tuple[Conclusion, ...]) -> Section:
    """Return the section of the paper's conclusions, for its network only."""
    intro = Block(
        text="Y. Ibrahim, H. Wang and K. Adam, “Analyzing the Reliability of Convolutional Neural "
        "Networks on GPUs: GoogLeNet as a Case Study”, held against these injections. An error is "
        "an SDC or a DUE; numbers are percent with 95 % intervals. Its conclusions come without "
        "error bars; the criterion under each is softbeam's."
    )
    return Section("paper", "The paper's conclusions", (intro, Block(checklist=found)))
