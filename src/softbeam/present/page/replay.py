"""One injection in words, tables and pictures."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from softbeam.faults.models import Change
from softbeam.faults.modes import target_of
from softbeam.faults.site import FaultSite, MemorySite, UnitSite
from softbeam.injection.boxes import Box
from softbeam.injection.classification import ranking
from softbeam.injection.outcomes import DETAIL
from softbeam.injection.replay import Replay, WrongWord
from softbeam.injection.spread import LayerSpread
from softbeam.injection.tracing import Trace
from softbeam.network.layers import Layer
from softbeam.present.blocks import Block, Section
from softbeam.present.figures.style import INK, Figure, draw
from softbeam.present.table import Row, Table, label, large, number, text
from softbeam.text import visible

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


def class_title(number_: int, names: Mapping[int, str]) -> str:
    """Return a class's name where it has one, else its number."""
    return visible(names.get(number_, f"class {number_}"))


def reason(replay: Replay, names: Mapping[int, str]) -> str:
    """Return in a sentence why the injection ended as it did; `names` are those of classes."""
    record, trace = replay.record, replay.trace
    use = where = ""
    if trace is not None and trace.next_use is not None:
        use = f"; the next instruction that names it, at {trace.next_use[0]:#06x}, "
        use += f"{trace.next_use[1]} it"
    if trace is not None and trace.stopped_at is not None:
        where = f" at pc {trace.stopped_at:#06x}"
    if trace is not None and trace.address is not None:
        where += f", accessing address {trace.address:#x}"
    of_classes = record.detail in DETAIL and DETAIL[record.detail].answers == "classes"
    if record.detail not in DETAIL or (of_classes and replay.told):
        # A detail of a user's own judge is in the user's words.
        return f"The judge says: {visible(record.detail)}.{_change(record.largest_change)}"
    if replay.stopped is not None:
        where = f" in launch {replay.stopped}"
    return DETAIL[record.detail].words.format(
        struck=f"R{record.register}" if record.target == "register" else "the struck value",
        use=use,
        wrong=_count(len(replay.words), "word"),
        buffers=", ".join(sorted({word.buffer for word in replay.words})),
        absorbed=_absorbed(replay, use),
        winner="No class is first: all scores are NaN"
        if record.top1 is None
        else f"Another class is first: {class_title(record.top1, names)}",
        change="" if record.outcome != "SDC" else _change(record.largest_change),
        detail=record.detail,
        where=where,
    )


def _absorbed(replay: Replay, use: str) -> str:
    if not replay.words and replay.trace is None:
        return "No word differs" if not replay.record.changed_words else "The answer is golden"
    if not replay.words:
        return f"The warp leaves the golden words all the same{use}"
    last = [layer.layer for layer in replay.layers if layer.wrong]
    behind = f"; behind layer {last[-1]} nothing differs any more" if last else ""
    return (
        f"{_count(len(replay.words), 'word')} differ after the launch{behind}: the answer is golden"
    )


def _count(number_: int, what: str) -> str:
    return f"{number_:,} {what}{'s' * (number_ != 1)}"


def _change(largest: float | None) -> str:
    if largest is None or not math.isfinite(largest):
        return " A score is no finite number any more."
    return f" The largest change of a score is {largest:.3g}."


def facts(
    replay: Replay, layers: Sequence[Layer], names: Mapping[int, str]
) -> tuple[tuple[str, str], ...]:
    """Return where the fault struck and what it changed.

    Parameters
    ----------
    replay : Replay
        The injection.
    layers : sequence of Layer
        The network's.
    names : mapping of int to str
        Names of classes.
    """
    record = replay.record
    value = "" if record.before is None else f", {_hex(record.before)} → {_hex(record.after)}"
    struck_value = target_of(record.mode, record.target).words.format(
        register=record.register,
        value=value,
        before=record.before,
        after=record.after,
        flip=replay.site.change.value,
        word=record.word,
        buffer=record.buffer,
        opcode=record.opcode,
        lane=record.lane,
        sm=record.multiprocessor,
    )
    return (
        ("injection", f"{record.mode} {record.model} {record.stratum} {record.index}"),
        ("input", str(record.image)),
        *_places(replay, layers),
        ("struck", struck_value),
        ("outcome", f"{record.outcome}, {record.detail}"),
        ("reason", reason(replay, names)),
        ("warp instructions executed", f"{record.instructions:,}"),
        ("accesses to unrecorded memory", str(record.unrecorded)),
    )


def _places(replay: Replay, layers: Sequence[Layer]) -> tuple[tuple[str, str], ...]:
    """Return where the fault struck: launch and thread, launch and buffer, or multiprocessor."""
    record, site = replay.record, replay.site
    names = {layer.index: visible(layer.name) for layer in layers}
    if isinstance(site, UnitSite):
        blocks = f"block b of a launch is on multiprocessor b modulo {site.multiprocessors}"
        return (
            ("multiprocessor", f"{site.multiprocessor} of {site.multiprocessors} ({blocks})"),
            ("change", _forced(site.change)),
        )
    if isinstance(site, MemorySite):
        return (
            ("before launch", f"{record.launch}, {record.arch}"),
            ("buffer", f"{site.buffer}, of layer {names[record.layer]}"),
        )
    return (
        (
            "launch",
            f"{record.launch}: {record.kernel} of layer {names[record.layer]}, {record.arch}",
        ),
        ("block", f"{record.block_x}, {record.block_y}, {record.block_z}"),
        (
            "thread",
            f"{record.thread_x}, {record.thread_y}, {record.thread_z} "
            f"(warp {site.thread // 32} of the block, lane {site.thread % 32})",
        ),
        ("pc", f"{site.pc:#06x}, {record.opcode}, time {site.occurrence + 1}"),
    )


def _forced(change: Change) -> str:
    if not change.replaces:
        return f"XOR {change.value:#x}"
    if change.mask is None:
        return f"always {change.value:#010x}"
    return f"bit {change.bit} always {int(change.value > 0)}"


def _hex(value: int | None) -> str:
    return "" if value is None else f"{value:#010x}"


def code_table(replay: Replay, site: FaultSite) -> Table:
    """Return the listing around the struck instruction, with its source lines."""
    from softbeam.kernels import source, source_lines
    from softbeam.sass import pc_of, row_of

    record, code = replay.record, replay.code
    assert code is not None
    function = code.function
    lines: Sequence[int] = [0] * len(function.instructions)
    sources: list[str] = []
    if replay.native:
        lines = source_lines(record.kernel, record.arch)
        sources = source(record.kernel).splitlines()
    struck, before = row_of(site.pc), 0
    rows = []
    for place in range(max(0, struck - AROUND), min(len(lines), struck + AROUND + 1)):
        line = lines[place]
        shown = f"{line}: {sources[line - 1].strip()}" if line and line != before else ""
        before = line
        rows.append(
            Row(
                f"{pc_of(place):#06x}",
                "→" if place == struck else "",
                str(function.instructions[place]),
                shown,
            )
        )
    title = f"Instructions of {record.kernel} around the struck one"
    columns = tuple(map(text, ("pc", "struck", "instruction", "CUDA source")))
    return Table("code-around", title, columns, tuple(rows))


def register_table(replay: Replay, site: FaultSite, trace: Trace) -> Table:
    """Return the registers that the instruction uses, or that the fault changed."""
    from softbeam.sass import row_of

    record = replay.record
    assert replay.code is not None
    code = replay.code.code
    used = code.reads[row_of(site.pc)] | code.writes[row_of(site.pc)]
    rows = []
    for one in trace.registers:
        named = int(used[one.register >> 6]) >> (one.register & 63) & 1
        struck = record.target == "register" and one.register == record.register
        if not (named or struck or one.golden_after != one.faulty_after):
            continue
        wrong = one.golden_after != one.faulty_after
        after = _value(one.faulty_after)
        rows.append(
            Row(
                one.register,
                _value(one.before),
                _value(one.golden_after),
                after if not struck or wrong else f"{after} (struck: {_hex(record.after)})",
                "wrong" if wrong else "",
            )
        )
    title = "Registers of the struck thread before and after the instruction"
    columns = (
        number("register", None, lambda register: f"R{register}"),
        *map(text, ("before", "after, without fault", "after, with the fault", "")),
    )
    return Table("registers", title, columns, tuple(rows))


def _value(value: int | None) -> str:
    if value is None:
        return "(ended)"
    return f"{value:#010x} ({_float(value)})"


def _float(bits: int) -> str:
    return f"{struct.unpack('<f', struct.pack('<I', bits))[0]:.6g}"


def words_table(replay: Replay) -> Table:
    """Return the words of memory that the struck launch left wrong, the first of them."""

    def row(word: WrongWord) -> Row:
        return Row(
            word.buffer,
            word.index,
            f"{word.address:#x}",
            _whose(replay, word),
            _value(word.golden),
            _value(word.faulty),
        )

    shown = replay.words[:WORDS]
    more = f", the first {WORDS} of {len(replay.words):,}" if len(replay.words) > WORDS else ""
    lanes = ", ".join(map(str, replay.lanes)) or "none"
    return Table(
        "words",
        f"Words of memory that are wrong after the launch{more}; lanes of the warp whose words "
        f"are wrong: {lanes}",
        (
            text("buffer"),
            large("word"),
            text("address"),
            text("lane"),
            text("should be"),
            text("is"),
        ),
        tuple(map(row, shown)),
    )


def _whose(replay: Replay, word: WrongWord) -> str | int:
    if replay.trace is None:
        return "none"
    if not replay.native:
        return "-"
    return "another thread's" if word.lane is None else word.lane


def layers_table(replay: Replay, layers: Sequence[Layer]) -> Table:
    """Return how many values differ behind each layer, and by how much."""
    titles = {layer.index: layer.title for layer in layers}
    rows = tuple(
        Row(
            layer.layer,
            titles[layer.layer],
            layer.wrong,
            layer.values,
            100 * layer.wrong / layer.values,
            layer.largest_relative,
        )
        for layer in replay.layers
    )
    title = "Values that differ behind each layer"
    columns = (
        label("layer"),
        text("name"),
        large("differ"),
        large("of"),
        number("%", None, lambda share: f"{share:.3g}"),
        number("largest relative difference", None, lambda largest: f"{largest:.3g}"),
    )
    return Table("spread", title, columns, rows)


def answer_table(replay: Replay, names: Mapping[int, str]) -> Table:
    """Return the five best classes, or the boxes, without fault and with it, side by side."""
    if replay.objects is not None:
        return _objects_table(replay.objects, names)
    if replay.told:
        golden_told, faulty_told = (*map(visible, replay.told), "")[:2]
        return Table("answer", "The answer", _SIDE_BY_SIDE, (Row("", golden_told, faulty_told),))

    def best(scores: np.ndarray) -> list[str]:
        return [
            f"{scores[index]:.6f}  {class_title(index, names)}"
            for index in ranking(scores)[:5].tolist()
        ]

    golden = best(replay.golden)
    faulty = best(replay.faulty) if replay.faulty.size else [""] * len(golden)
    rows = tuple(
        Row(rank, right, found)
        for rank, (right, found) in enumerate(zip(golden, faulty, strict=True), start=1)
    )
    return Table("answer", "The five best classes", _SIDE_BY_SIDE, rows)


_SIDE_BY_SIDE = (label("rank", ""), text("without fault"), text("with the fault"))


def _objects_table(
    objects: Sequence[tuple[Box | None, Box | None]], names: Mapping[int, str]
) -> Table:
    def told(box: Box | None) -> str:
        if box is None:
            return "–"
        return f"{box.score:.6f}  {class_title(box.label, names)} {box.place}"

    shown, title = list(objects), "Objects, the best first"
    if len(shown) > OBJECTS:
        differ = [pair for pair in objects if pair[0] != pair[1]]
        # Those that are lost, new or of another class before those that moved a little.
        differ.sort(key=lambda pair: bool(pair[0] and pair[1] and pair[0].label == pair[1].label))
        shown = (differ or shown)[:OBJECTS]
        title = f"{len(shown)} of {len(objects):,} objects, of which {len(differ):,} differ"
    title += "; places in parts of the image"
    rows = tuple(
        Row(rank, told(right), told(found)) for rank, (right, found) in enumerate(shown, start=1)
    )
    return Table("answer", title, _SIDE_BY_SIDE, rows)


def tables(replay: Replay, names: Mapping[int, str], layers: Sequence[Layer]) -> list[Table]:
    """Return the tables of an injection, those that have anything to show."""
    found = []
    if isinstance(replay.site, FaultSite) and replay.trace is not None:
        found.append(code_table(replay, replay.site))
        found.append(register_table(replay, replay.site, replay.trace))
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
    blocks = [Block(facts=facts(replay, layers, names))]
    blocks.extend(Block(table=table) for table in tables(replay, names, layers))
    parts = [Section("injection", "What happened", tuple(blocks))]
    if replay.layers and all(layer.has_map for layer in layers):
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
