"""The instructions that go with a chosen hardening: how its files go into Darknet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from softbeam.kernels.checks import CHECKS
from softbeam.kernels.hardened import base_of, compares, techniques_of
from softbeam.kernels.signatures import KERNELS, signature
from softbeam.network.hardening.folder.arguments import entry_of
from softbeam.network.hardening.folder.darknet import host_of
from softbeam.network.hardening.lean import needed
from softbeam.network.plan import Plan


def readme(before: Plan, after: Plan, rules: str, said: str) -> str:
    """Return the instructions, as Markdown.

    Parameters
    ----------
    before, after : Plan
        The plans without and with the hardening.
    rules : str
        Its rules.
    said : str
        What it removes and costs, in sentences.
    """
    parts = [
        f"# {before.network}, hardened\n",
        f"{said}\n",
        f"The rules: `{rules}`.\n",
        _FILES,
        "## Kernels\n",
        *_kernels(after),
        *_calls(after),
        *_lean(before, after, rules),
        *_checks(after),
        *_report(after),
        _AGAIN,
    ]
    return "\n".join(parts)


_FILES = """## Files

- `cuda/*.cu`: a source for each hardened kernel, whose first parameters are those of Darknet's
  kernel, in its order, with those that a technique needs behind them. Compile them with nvcc beside
  Darknet's own; they include `cuda/hardened/`.
- `hardening.h`: declarations of the kernels, and the arguments of each launch.
- `launches.csv`: the same arguments as a table for a person.
- `limits.json`: the least and the greatest number of each launch, where anything is clamped.
- `hardening.toml`: a campaign file: `softbeam campaign hardening.toml` strikes the hardened
  network.
"""

_AGAIN = """## Check it

The hardened network answers bit for bit as before on every image within the limits. Run it on the
calibration images, and on yours, and compare the answers with Darknet's before you trust it. A
value outside the limits is clamped also where no fault is: more calibration images make that rarer.
"""


def _kernels(after: Plan) -> Iterator[str]:
    """Yield the table of kernels and the host functions that launch them."""
    launches = Counter(one.kernel for one in after.launches if techniques_of(one.kernel))
    yield (
        "Kernels have softbeam's names; Darknet's can have `_gpu` or `_layer` in theirs. "
        "Parameters and their order are Darknet's.\n"
    )
    yield "| kernel | hardened | launches | launched in Darknet's `src/` by |"
    yield "|---|---|---|---|"
    for kernel, number in sorted(launches.items()):
        base = base_of(kernel)
        host = host_of(base)
        where = "softbeam alone"
        if host is not None:
            where = f"`{host[0]}`, `{host[1]}`"
        yield f"| `{KERNELS[base].symbol}` | `{entry_of(kernel)}` | {number:,} | {where} |"
    yield ""


def _calls(after: Plan) -> Iterator[str]:
    """Yield how a host function changes, with the first variant as an example."""
    variants = sorted({one.kernel for one in after.launches if techniques_of(one.kernel)})
    if not variants:
        return
    kernel = variants[0]
    own = len(signature(base_of(kernel)).parameters)
    behind = [_as_argument(one.name) for one in signature(kernel).parameters[own:]]
    words = 0
    for place, one in enumerate(behind):
        if one == "words":
            behind[place], words = f"one->words[{words}]", words + 1
    name = "SOFTBEAM_" + kernel.upper().replace("+", "_")
    yield (
        "Each host function needs the number of its layer, and how many launches of this kernel "
        "the layer has made (`turn`, from 0). Give both to it, or keep them in a global that "
        "`forward_network_gpu` sets before each layer. Then:\n"
    )
    yield "```c"
    yield f"const softbeam_launch *one = softbeam_find({name}, layer, turn);"
    yield "if (one) {"
    yield f"    {entry_of(kernel)}<<<grid, block>>>(/* as before */, {', '.join(behind)});"
    yield "} else {"
    yield f"    {KERNELS[base_of(kernel)].symbol}<<<grid, block>>>(/* as before */);"
    yield "}"
    yield "```\n"
    yield "Grid and block stay as they are.\n"


def _as_argument(name: str) -> str:
    return {"ZERO": "0", "REPORT": "report", "LOW": "one->low", "HIGH": "one->high"}.get(
        name, "words"
    )


def _lean(before: Plan, after: Plan, rules: str) -> Iterator[str]:
    """Yield which launches to leave out."""
    if "lean" not in rules.split(", "):
        return
    kept = {launch.index for launch in needed(before)}
    gone = [one for one in before.launches if one.index not in kept]
    yield "## Launches to leave out\n"
    yield (
        "Inference does not need them: what they write is read by training alone, or by nothing. "
        "Leave them out where `net.train` is 0.\n"
    )
    yield "| layer | kernel | what it writes |"
    yield "|---|---|---|"
    for one in gone:
        symbol = KERNELS[one.kernel].symbol if one.kernel in KERNELS else one.kernel
        written = ", ".join(f"`{span.buffer}`" for span in one.writes)
        yield f"| {one.layer} | `{symbol}` | {written} |"
    yield ""


def _checks(after: Plan) -> Iterator[str]:
    """Yield where checks are to be launched."""
    checks = [one for one in after.launches if one.kernel in CHECKS]
    if not checks:
        return
    yield "## Checks of products\n"
    yield (
        "Behind the matrix product of each of these layers, before anything else reads what it "
        "leaves, launch the check. CHECK points to a copy of the sums of the layer's weights, "
        "which are in the files of `checks/`, as they lie in memory.\n"
    )
    yield "| layer | kernel | grid | block | arguments |"
    yield "|---|---|---|---|---|"
    for one in checks:
        names = [parameter.name for parameter in signature(one.kernel).parameters]
        values = ", ".join(
            f"{name}={value.buffer + f'[{value.word}]' if hasattr(value, 'buffer') else value}"
            for name, value in zip(names, one.arguments, strict=True)
        )
        grid, block = ("x".join(map(str, sides)) for sides in (one.grid, one.block))
        yield f"| {one.layer} | `{KERNELS[one.kernel].symbol}` | {grid} | {block} | {values} |"
    yield ""


def _report(after: Plan) -> Iterator[str]:
    """Yield what the report is, where anything reports."""
    reporting = {
        one.kernel
        for one in after.launches
        if compares(techniques_of(one.kernel)) or one.kernel in CHECKS
    }
    if not reporting:
        return
    yield "## The report\n"
    yield (
        "`report` points to two words of device memory, zero before each inference "
        "(`cudaMemset`). Read them with the answer: if the first is not 0, an error was detected "
        "and not corrected; do the inference again. The second counts what was corrected.\n"
    )
