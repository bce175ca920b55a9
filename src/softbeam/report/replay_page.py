"""One injection in words, tables and pictures."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from softbeam.injection.boxes import Box
from softbeam.injection.classification import ranking
from softbeam.injection.replay import Replay, WrongWord
from softbeam.injection.spread import LayerSpread
from softbeam.network.layers import Layer
from softbeam.report.blocks import Block, Section
from softbeam.report.style import INK, Figure, draw
from softbeam.report.table import Cell, Table, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

#: Instructions shown before and after the struck one.
AROUND = 6

#: Wrong words that are shown one by one.
WORDS = 32

#: Objects of a detector that are shown one by one.
OBJECTS = 20

#: Pictures of layers in a row.
IN_A_ROW = 5


def reason(replay: Replay) -> str:
    """Return in a sentence why the injection ended as it did."""
    record, trace = replay.record, replay.trace
    name = "the struck value" if record.register is None else f"R{record.register}"
    use = ""
    if trace.next_use is not None:
        use = f"; the next instruction that names it, at {trace.next_use[0]:#06x}, "
        use += f"{trace.next_use[1]} it"
    wrong = len(replay.words)
    if record.detail == "never read":
        return f"{name} is not read again before the thread ends."
    if record.detail == "overwritten":
        return f"{name} is written before it is read{use}."
    if record.detail == "dead":
        buffers = ", ".join(sorted({word.buffer for word in replay.words}))
        return f"{_count(wrong, 'word')} of {buffers} differ, which nothing reads later."
    if record.detail == "absorbed" and not wrong:
        return f"The warp leaves the golden words all the same{use}."
    if record.detail == "absorbed":
        last = [layer.layer for layer in replay.layers if layer.wrong]
        behind = f"; behind layer {last[-1]} nothing differs any more" if last else ""
        return f"{_count(wrong, 'word')} differ after the launch{behind}: the answer is golden."
    if record.outcome == "SDC":
        return {
            "critical": f"Another class is first: {record.top1}.",
            "top-5": "The first class is the golden one, the five first are not.",
            "box class": "An object is taken for one of another class.",
            "box number": "There are more objects, or fewer.",
            "box position": "An object is somewhere else.",
        }.get(record.detail, "Only scores differ.") + _change(record.largest_change)
    if record.detail == "hang":
        return "A thread executes more than ten times what the longest fault-free one does."
    where = "" if trace.stopped_at is None else f" at pc {trace.stopped_at:#06x}"
    to = "" if trace.address is None else f", accessing address {trace.address:#x}"
    return f"The launch ends with the exception {record.detail}{where}{to}."


def _count(number_: int, what: str) -> str:
    return f"{number_:,} {what}{'s' * (number_ != 1)}"


def _change(largest: float | None) -> str:
    if largest is None or math.isinf(largest):
        return " A score is no number any more."
    return f" The largest change of a score is {largest:.3g}."


def facts(replay: Replay, layers: Sequence[Layer]) -> tuple[tuple[str, str], ...]:
    """Return where the fault struck and what it changed; `layers` are the network's."""
    (struck,) = (layer for layer in layers if layer.index == replay.record.layer)
    record, site = replay.record, replay.site
    value = "" if record.before is None else f", {_hex(record.before)} → {_hex(record.after)}"
    target = {
        "register": f"R{record.register}{value}",
        "destination_index": f"index of the destination R{record.register}: "
        f"R{record.before} → R{record.after}",
        "store_address": f"address of the store, XOR {site.change.value:#x}",
    }[record.target]
    return (
        ("injection", f"{record.mode} {record.model} {record.stratum} {record.index}"),
        ("input", str(record.image)),
        ("launch", f"{record.launch}: {record.kernel} of layer {struck.name}, {record.arch}"),
        ("block", f"{record.block_x}, {record.block_y}, {record.block_z}"),
        (
            "thread",
            f"{record.thread_x}, {record.thread_y}, {record.thread_z} "
            f"(warp {site.thread // 32} of the block, lane {site.thread % 32})",
        ),
        ("pc", f"{record.pc:#06x}, {record.opcode}, time {record.occurrence + 1}"),
        ("struck", target),
        ("outcome", f"{record.outcome}, {record.detail}"),
        ("reason", reason(replay)),
        ("warp instructions executed", f"{record.instructions:,}"),
        ("accesses to unrecorded memory", str(record.unrecorded)),
    )


def _hex(value: int | None) -> str:
    return "" if value is None else f"{value:#010x}"


def code_table(replay: Replay) -> Table:
    """Return the listing around the struck instruction, with its source lines."""
    from softbeam.kernels import program, source, source_lines
    from softbeam.sass import pc_of, row_of

    record = replay.record
    function = program(record.kernel, record.arch).function
    lines, text = source_lines(record.kernel, record.arch), source(record.kernel).splitlines()
    struck, before = row_of(record.pc), 0
    rows = []
    for place in range(max(0, struck - AROUND), min(len(lines), struck + AROUND + 1)):
        line = lines[place]
        shown = f"{line}: {text[line - 1].strip()}" if line and line != before else ""
        before = line
        rows.append(
            (
                Cell(f"{pc_of(place):#06x}"),
                Cell("→" if place == struck else ""),
                Cell(str(function.instructions[place])),
                Cell(shown),
            )
        )
    title = f"Instructions of {record.kernel} around the struck one"
    return Table("code-around", title, ("pc", "struck", "instruction", "CUDA source"), tuple(rows))


def register_table(replay: Replay) -> Table:
    """Return the registers that the instruction uses, or that the fault changed."""
    from softbeam.kernels import program
    from softbeam.sass import row_of

    record = replay.record
    code = program(record.kernel, record.arch).code
    used = code.reads[row_of(record.pc)] | code.writes[row_of(record.pc)]
    rows = []
    for one in replay.trace.registers:
        named = int(used[one.register >> 6]) >> (one.register & 63) & 1
        struck = record.target == "register" and one.register == record.register
        if not (named or struck or one.golden_after != one.faulty_after):
            continue
        wrong = one.golden_after != one.faulty_after
        after = _value(one.faulty_after)
        rows.append(
            (
                number(one.register, f"R{one.register}"),
                Cell(_value(one.before)),
                Cell(_value(one.golden_after)),
                Cell(after if not struck or wrong else f"{after} (struck: {_hex(record.after)})"),
                Cell("wrong" if wrong else ""),
            )
        )
    title = "Registers of the struck thread before and after the instruction"
    columns = ("register", "before", "after, without fault", "after, with the fault", "")
    return Table("registers", title, columns, tuple(rows))


def _value(value: int | None) -> str:
    if value is None:
        return "(ended)"
    return f"{value:#010x} ({_float(value)})"


def _float(bits: int) -> str:
    return f"{struct.unpack('<f', struct.pack('<I', bits))[0]:.6g}"


def words_table(replay: Replay) -> Table:
    """Return the words of memory that the struck launch left wrong, the first of them."""

    def row(word: WrongWord) -> tuple[Cell, ...]:
        return (
            Cell(word.buffer),
            number(word.index),
            Cell(f"{word.address:#x}"),
            Cell("another thread's" if word.lane is None else str(word.lane), word.lane),
            Cell(_value(word.golden)),
            Cell(_value(word.faulty)),
        )

    shown = replay.words[:WORDS]
    more = f", the first {WORDS} of {len(replay.words):,}" if len(replay.words) > WORDS else ""
    lanes = ", ".join(map(str, replay.lanes)) or "none"
    return Table(
        "words",
        f"Words of memory that are wrong after the launch{more}; lanes of the warp whose words "
        f"are wrong: {lanes}",
        ("buffer", "word", "address", "lane", "should be", "is"),
        tuple(map(row, shown)),
    )


def layers_table(replay: Replay, layers: Sequence[Layer]) -> Table:
    """Return how many values differ behind each layer, and by how much."""
    titles = {layer.index: layer.title for layer in layers}
    rows = tuple(
        (
            number(layer.layer, str(layer.layer)),
            Cell(titles[layer.layer]),
            number(layer.wrong),
            number(layer.values),
            number(100 * layer.wrong / layer.values, f"{100 * layer.wrong / layer.values:.3g}"),
            Cell(f"{layer.largest_relative:.3g}", min(layer.largest_relative, 1e300), "number"),
        )
        for layer in replay.layers
    )
    title = "Values that differ behind each layer"
    columns = ("layer", "name", "differ", "of", "%", "largest relative difference")
    return Table("spread", title, columns, rows)


def answer_table(replay: Replay, names: Mapping[int, str]) -> Table:
    """Return the five best classes, or the boxes, without fault and with it, side by side."""
    if replay.objects is not None:
        return _objects_table(replay.objects, names)

    def best(scores: np.ndarray) -> list[str]:
        return [
            f"{scores[index]:.6f}  {names.get(index, f'class {index}')}"
            for index in ranking(scores)[:5].tolist()
        ]

    golden = best(replay.golden)
    faulty = best(replay.faulty) if replay.faulty.size else [""] * len(golden)
    rows = tuple(
        (number(rank), Cell(right), Cell(found))
        for rank, (right, found) in enumerate(zip(golden, faulty, strict=True), start=1)
    )
    return Table("answer", "The five best classes", ("", "without fault", "with the fault"), rows)


def _objects_table(
    objects: Sequence[tuple[Box | None, Box | None]], names: Mapping[int, str]
) -> Table:
    def text(box: Box | None) -> str:
        if box is None:
            return "–"
        return f"{box.score:.6f}  {names.get(box.label, f'class {box.label}')} {box.place}"

    shown, title = list(objects), "Objects, the best first"
    if len(shown) > OBJECTS:
        differ = [pair for pair in objects if pair[0] != pair[1]]
        # Those that are lost, new or of another class before those that moved a little.
        differ.sort(key=lambda pair: bool(pair[0] and pair[1] and pair[0].label == pair[1].label))
        shown = (differ or shown)[:OBJECTS]
        title = f"{len(shown)} of {len(objects):,} objects, of which {len(differ):,} differ"
    title += "; places in parts of the image"
    rows = tuple(
        (number(rank), Cell(text(right)), Cell(text(found)))
        for rank, (right, found) in enumerate(shown, start=1)
    )
    return Table("answer", title, ("", "without fault", "with the fault"), rows)


def tables(replay: Replay, names: Mapping[int, str], layers: Sequence[Layer]) -> list[Table]:
    """Return the tables of an injection, those that have anything to show."""
    found = [code_table(replay), register_table(replay)]
    if replay.words:
        found.append(words_table(replay))
    if replay.layers:
        found.append(layers_table(replay, layers))
    found.append(answer_table(replay, names))
    return found


def sections(
    replay: Replay, names: Mapping[int, str], layers: tuple[Layer, ...]
) -> tuple[Section, ...]:
    """Return the sections of an injection's page."""
    blocks = [Block(facts=facts(replay, layers))]
    blocks.extend(Block(table=table) for table in tables(replay, names, layers))
    parts = [Section("injection", "What happened", tuple(blocks))]
    if replay.layers:
        pictures = spread_figure(replay, {layer.index: layer for layer in layers})
        parts.append(Section("pictures", "How it spread", (Block(figure=pictures),)))
    return tuple(parts)


def spread_figure(replay: Replay, layers: Mapping[int, Layer]) -> Figure:
    """Draw for every layer where in its feature maps values are wrong, and by how much."""
    shown = replay.layers
    rows = -(-len(shown) // IN_A_ROW)

    def paint(canvas: Canvas) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        colours = ScalarMappable(Normalize(-8.0, 2.0), "viridis")
        panels = canvas.subplots(rows, min(IN_A_ROW, len(shown)), squeeze=False)
        for axes in panels.flat[len(shown) :]:
            axes.set_visible(False)
        for axes, one in zip(panels.flat, shown, strict=False):
            axes.imshow(
                picture(one, layers[one.layer]), cmap=colours.cmap, norm=colours.norm,
                interpolation="nearest",
            )  # fmt: skip
            axes.set_title(f"layer {one.layer}: {one.wrong:,}", fontsize=8, fontweight="normal")
            axes.spines[["top", "right"]].set_visible(True)
            axes.set_xticks([])
            axes.set_yticks([])
        bar = canvas.colorbar(colours, ax=panels, shrink=0.6)
        bar.set_label("log10 of the relative difference")
        bar.outline.set_edgecolor(INK)

    record = replay.record
    caption = (
        "For every layer from the struck one on, the place in its feature maps (the largest over "
        "the channels; a vector is folded into a square) where values differ, coloured by the "
        "largest relative difference, and how many differ; what is blank is golden to the last "
        "bit. It shows where the error is, not how much the answer depends on it."
    )
    return draw(
        f"replay-{record.mode}-{record.model}-{record.index}",
        "The error in the feature maps of each layer",
        caption,
        (9.6, 0.6 + 1.9 * rows),
        paint,
    )


def picture(one: LayerSpread, layer: Layer) -> np.ndarray:
    """Return the largest relative difference at each place of a layer's maps, as its log10.

    Parameters
    ----------
    one : LayerSpread
        The layer's output.
    layer : Layer
        Its shape: channels, height, width.

    Returns
    -------
    numpy.ndarray of float64, [height, width]
        NaN where no channel differs; at least -8 where one does, 2 for infinite.
    """
    channels, height, width = layer.output_shape
    golden, faulty = (values.astype(np.float64) for values in (one.golden, one.faulty))
    differs = one.golden.view(np.uint32) != one.faulty.view(np.uint32)
    with np.errstate(all="ignore"):
        relative = np.where(differs, np.abs(faulty - golden) / np.abs(golden), 0.0)
        relative = np.where(differs & ~np.isfinite(relative), 100.0, relative)
        logs = np.where(differs, np.clip(np.log10(relative), -8.0, 2.0), -np.inf)
    if height == width == 1:
        side = math.ceil(math.sqrt(channels))
        folded = np.full(side * side, -np.inf)
        folded[:channels] = logs
        largest = folded.reshape(side, side)
    else:
        largest = logs.reshape(channels, height, width).max(axis=0)
    return np.where(np.isneginf(largest), np.nan, largest)
