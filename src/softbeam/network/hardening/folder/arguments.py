"""The arguments that hardened launches have behind Darknet's, as a table and as a C header.

Where a host function of Darknet's launches a kernel, it does not know its layer's number; it is
looked up by that number, the kernel, and how many launches of the kernel the layer made before.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from softbeam.kernels.checks import CHECKS
from softbeam.kernels.hardened import base_of, entry, techniques_of
from softbeam.kernels.signatures import KERNELS, Parameter, signature
from softbeam.network.plan import Plan, Pointer


@dataclass(frozen=True, slots=True)
class Trailing:
    """What a hardened launch needs beside what Darknet gives it.

    Attributes
    ----------
    launch, layer : int
        Its number in the hardened plan, and Darknet's number of its layer.
    kernel : str
        The variant's short name.
    turn : int
        How many launches of the same kernel the layer made before.
    values : tuple of (Parameter, object)
        The parameters behind the base's, and their values.
    """

    launch: int
    layer: int
    kernel: str
    turn: int
    values: tuple[tuple[Parameter, object], ...]

    @property
    def words(self) -> tuple[int, ...]:
        """What ``bounds`` needs: for each pointer the words from it on."""
        return tuple(int(str(value)) for one, value in self.values if one.name.startswith("WORDS_"))

    @property
    def limits(self) -> tuple[float, float] | None:
        """What ``range`` needs; None of other variants."""
        named = {one.name: value for one, value in self.values}
        if "LOW" not in named:
            return None
        return float(str(named["LOW"])), float(str(named["HIGH"]))


def trailing(plan: Plan) -> tuple[Trailing, ...]:
    """Return the arguments behind Darknet's of every launch of a variant, in order."""
    turns: Counter[tuple[int, str]] = Counter()
    found = []
    for launch in plan.launches:
        base = base_of(launch.kernel)
        turn = turns[launch.layer, base]
        turns[launch.layer, base] += 1
        if not techniques_of(launch.kernel):
            continue
        parameters = signature(launch.kernel).parameters
        behind = len(signature(base).parameters)
        values = tuple(zip(parameters[behind:], launch.arguments[behind:], strict=True))
        found.append(Trailing(launch.index, launch.layer, launch.kernel, turn, values))
    return tuple(found)


def entry_of(kernel: str) -> str:
    """Return the name that a variant has in the written sources, unlike that of any other.

    Shipped variants of products keep their base's name: each lies in a cubin of its own.

    Examples
    --------
    >>> entry_of("maxpool+range"), entry_of("sgemm_32x32+duplication+range")
    ('forward_maxpool_kernel__range', 'sgemm_32x32_kernel__duplication_range')
    """
    return entry(KERNELS[base_of(kernel)].symbol, techniques_of(kernel))


def launches_csv(plan: Plan) -> str:
    """Return a table of the launches of variants: arguments as C writes them."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["launch", "layer", "turn", "kernel", "entry", "arguments"])
    for one in trailing(plan):
        arguments = ", ".join(f"{of.name}={_in_c(value)}" for of, value in one.values)
        rows.writerow(
            [one.launch, one.layer, one.turn, one.kernel, entry_of(one.kernel), arguments]
        )
    return text.getvalue()


def _in_c(value: object) -> str:
    """Return an argument as C writes it; a float so that no bit is lost."""
    if isinstance(value, Pointer):
        return "report"
    return c_float(value) if isinstance(value, float) else str(value)


def c_float(value: float) -> str:
    """Return a float32 as a literal of C that is that number, bit for bit.

    Examples
    --------
    >>> c_float(-0.0), c_float(1.5), c_float(float("inf"))
    ('-0x0.0p+0f', '0x1.8000000000000p+0f', 'INFINITY')
    """
    if math.isinf(value):
        return "INFINITY" if value > 0.0 else "-INFINITY"
    return f"{float(value).hex()}f"


def header(plan: Plan) -> str:
    """Return the C header: declarations of the entries, and the table of their arguments."""
    rows = trailing(plan)
    variants = sorted({one.kernel for one in rows})
    most = max((len(one.words) for one in rows), default=0) or 1
    lines = [
        "// What the hardened kernels need beside Darknet's arguments; see README.md.",
        "#pragma once",
        "#include <math.h>",
        "#include <stddef.h>",
        "",
        *_declarations(variants),
        "typedef enum {",
        *(f"    {_name(kernel)}," for kernel in variants),
        "    SOFTBEAM_VARIANTS",
        "} softbeam_variant;",
        "",
        "// layer: Darknet's number; turn: launches of the kernel that the layer made before;",
        "// words: for each pointer, in order, the words from it on.",
        "typedef struct {",
        "    int layer, turn;",
        "    softbeam_variant variant;",
        "    float low, high;",
        f"    int words[{most}];",
        "} softbeam_launch;",
        "",
        "static const softbeam_launch softbeam_launches[] = {",
        *map(_row, rows),
        "};",
        "",
        "// The arguments of a launch; NULL: it is not hardened, and Darknet's kernel is launched.",
        "static inline const softbeam_launch *softbeam_find(softbeam_variant variant, int layer,",
        "                                                   int turn)",
        "{",
        "    size_t count = sizeof softbeam_launches / sizeof *softbeam_launches;",
        "    for (size_t i = 0; i < count; ++i) {",
        "        const softbeam_launch *one = softbeam_launches + i;",
        "        if (one->variant == variant && one->layer == layer && one->turn == turn)",
        "            return one;",
        "    }",
        "    return NULL;",
        "}",
        "",
    ]
    return "\n".join(lines)


def _name(kernel: str) -> str:
    return "SOFTBEAM_" + kernel.upper().replace("+", "_")


def _row(one: Trailing) -> str:
    low, high = one.limits or (0.0, 0.0)
    words = ", ".join(map(str, one.words or (0,)))
    return (
        f"    {{{one.layer}, {one.turn}, {_name(one.kernel)}, {c_float(low)}, {c_float(high)}, "
        f"{{{words}}}}},"
    )


_C_TYPES = {"int32": "int", "int64": "size_t", "float32": "float"}


def _declarations(variants: Iterable[str]) -> Iterator[str]:
    """Yield the declarations of the entries, Darknet's parameters first."""
    yield "#ifdef __CUDACC__"
    for kernel in variants:
        yield from _declaration(kernel)
    yield "#endif"
    yield ""


def _declaration(kernel: str) -> Iterator[str]:
    own = len(signature(base_of(kernel)).parameters)
    parts = []
    for place, one in enumerate(signature(kernel).parameters):
        kind = _C_TYPES.get(one.kind) or ("float *" if one.element == "float32" else "int *")
        if place >= own and one.kind == "pointer":
            kind = "unsigned *"
        parts.append(f"{kind}{'' if kind.endswith('*') else ' '}{one.name}")
    line = f'extern "C" __global__ void {entry_of(kernel)}('
    for number, part in enumerate(parts):
        behind = ");" if number == len(parts) - 1 else ","
        if len(line) + len(part) > 96:
            yield line.rstrip()
            line = "    "
        line += f"{part}{behind} "
    yield line.rstrip()


def checks(plan: Plan) -> tuple[str, ...]:
    """Return the kernels of the launches that check products, sorted."""
    return tuple(sorted({one.kernel for one in plan.launches if one.kernel in CHECKS}))
