"""The one way in which softbeam compiles functions: Numba, cached under a hash of the sources.

Numba's own ``cache=True`` looks only at the file of the compiled function and so runs stale code
when a function that it calls, in another file, has changed.  Here the cache folder's name is a
hash over every jitted source of the package and over the versions that generate the code, so a
changed source can never meet an old cache.  Functions may be jitted wherever they belong.  Nothing
is compiled at import: Numba compiles at the first call.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numba import config

F = TypeVar("F", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent
_IMPORTS = re.compile(r"^from (softbeam[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def cache_home() -> Path:
    """Return the folder below which softbeam keeps everything that it can recompute.

    ``SOFTBEAM_CACHE_DIR`` if set, else ``$XDG_CACHE_HOME/softbeam``, else ``~/.cache/softbeam``;
    a folder of the system's temporary directory where none of these can be written.
    """
    chosen = os.environ.get("SOFTBEAM_CACHE_DIR")
    if chosen is None:
        base = os.environ.get("XDG_CACHE_HOME")
        chosen = str(Path(base) if base else Path.home() / ".cache") + "/softbeam"
    home = Path(chosen)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        fallback = Path(tempfile.gettempdir()) / f"softbeam-{os.getuid()}"
        fallback.mkdir(exist_ok=True)
        return fallback


def jitted_sources(package: Path = _PACKAGE) -> list[Path]:
    """Return the modules that the machine code of jitted functions depends on.

    Those that compile functions, and all that they import at their top, for a function's constants
    and callees may stand there.
    """
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    waiting = [path for path, text in sources.items() if "\nfrom softbeam.jit import " in text]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            for module, names in _IMPORTS.findall(sources[path]):
                place = package.parent.joinpath(*module.split("."))
                imported = [place / f"{name}.py" for name in re.findall(r"\w+", names)]
                waiting.extend({place.with_suffix(".py"), *imported} & sources.keys())
    return sorted(found)


def sources_hash() -> str:
    """Return a hash over all jitted sources and the versions that turn them into machine code."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {sys.version}".encode())
    for path in jitted_sources():
        digest.update(str(path.relative_to(_PACKAGE)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _compiled_folder() -> str:
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(chosen) if chosen else cache_home() / "compiled"
    return str(home / f"softbeam-{sources_hash()}")


_FOLDER = _compiled_folder()


def is_cold() -> bool:
    """Return whether nothing of this version has been compiled yet, which takes its time once."""
    return not Path(_FOLDER).exists()


def jit(function: F) -> F:
    """Compile a function with Numba at its first call, without fast-math, and cache the result.

    Parameters
    ----------
    function : callable
        A function that Numba can compile in nopython mode.

    Returns
    -------
    callable
        The compiled function.  Integer division follows C (no check for zero), as everywhere in
        softbeam's jitted code; floating-point code is never reassociated or contracted.
    """
    before = config.CACHE_DIR
    config.CACHE_DIR = _FOLDER
    try:
        compiled: F = numba.njit(cache=True, error_model="numpy", boundscheck=False)(function)
    finally:
        config.CACHE_DIR = before
    return compiled
