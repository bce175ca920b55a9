"""The files of a chosen hardening, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from softbeam.kernels import source_files
from softbeam.kernels.checks import CHECKS
from softbeam.kernels.hardened import base_of, techniques_of
from softbeam.kernels.products import TILES
from softbeam.kernels.signatures import KERNELS
from softbeam.network.hardening.folder.arguments import entry_of, header, launches_csv
from softbeam.network.hardening.folder.readme import readme
from softbeam.network.hardening.limits import Limits
from softbeam.network.plan import Plan

#: The campaign file, the limits that it names, and the folder of the sources.
TOML, LIMITS, SOURCES = "hardening.toml", "limits.json", "cuda"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A hardening that was chosen.

    Attributes
    ----------
    rules : str
        The rules, as ``--harden`` takes them.
    before, after : Plan
        The plans without and with it.
    limits : Limits or None
        The limits, where any kernel is clamped.
    sums : mapping of str to numpy.ndarray
        By buffer what the checks know of the weights, as it lies in memory.
    """

    rules: str
    before: Plan
    after: Plan
    limits: Limits | None
    sums: Mapping[str, NDArray[np.float32]]


def contents(chosen: Chosen, request: Mapping[str, Any], said: str) -> dict[str, bytes]:
    """Return every file, by its path in the folder.

    Parameters
    ----------
    chosen : Chosen
        What was chosen.
    request : mapping of str to object
        The keys of a campaign file that strikes the network as it was struck, without ``harden``
        and ``limits``.
    said : str
        What the choice removes and costs, in sentences, for the instructions.
    """
    files = {
        TOML: _campaign_file(chosen, request),
        "launches.csv": launches_csv(chosen.after),
        "hardening.h": header(chosen.after),
        "README.md": readme(chosen.before, chosen.after, chosen.rules, said),
    }
    if chosen.limits is not None:
        files[LIMITS] = chosen.limits.to_json() + "\n"
    texts = {name: text.encode() for name, text in (files | sources(chosen.after)).items()}
    return texts | {f"checks/{name}": words.tobytes() for name, words in chosen.sums.items()}


def _campaign_file(chosen: Chosen, request: Mapping[str, Any]) -> str:
    """Return what ``softbeam campaign hardening.toml`` strikes the hardened network by."""
    limits = {} if chosen.limits is None else {"limits": LIMITS}
    return tomli_w.dumps({**request, "harden": chosen.rules, **limits}, multiline_strings=True)


def sources(plan: Plan) -> dict[str, str]:
    """Return the CUDA sources of a plan's variants and checks, with all that they include."""
    kernels = {launch.kernel for launch in plan.launches}
    files: dict[str, str] = {}
    for kernel in sorted(kernels):
        if techniques_of(kernel):
            found = source_files(kernel)
            files[f"{SOURCES}/{kernel.replace('+', '_')}.cu"] = _variant(kernel, next(iter(found)))
        elif kernel in CHECKS:
            found = source_files(kernel)
        else:
            continue
        files |= {f"{SOURCES}/{name}": text for name, text in found.items()}
    return files


def _variant(kernel: str, source: str) -> str:
    """Return the source that makes one variant of a hardened one, under a name of its own.

    The source of products holds all tiles.  Those that are not wanted get names of this file, so
    that several such files can be linked.
    """
    base, own = base_of(kernel), entry_of(kernel)
    symbol = KERNELS[base].symbol
    defines = [one.upper() for one in techniques_of(kernel)]
    if base in TILES:
        others = (one for one in TILES if one != base)
        defines += [f"{KERNELS[one].symbol} {own}__{one}" for one in others]
    lines = "\n".join(f"#define {one}" for one in [*defines, f"{symbol} {own}"])
    return (
        f"// {base}, hardened by {' and '.join(techniques_of(kernel))}: Darknet's parameters of "
        f'{symbol} first.\n{lines}\n#include "{source}"\n'
    )
