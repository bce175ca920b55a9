"""The one way in which softbeam compiles functions: Numba, cached under a hash of the sources.

Numba's own ``cache=True`` looks only at the file of the compiled function and so runs stale code
when a function that it calls, in another file, has changed.  Here the cache folder's name is a
hash over every file of the package that uses :func:`jit`, over all that those files import of the
package, and over the versions that generate the code, so a changed source can never meet an old
cache.  Nothing is compiled at import: Numba compiles at the first call.

Numba unpickles what lies in the cache, so that whoever can write there runs code.  Only a folder
that is this user's own, and that no other user can write, is read from.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import grp
import hashlib
import logging
import os
import pwd
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import config
from numba.core.compiler_lock import global_compiler_lock

from softbeam.linking import LinkedCompiler, OnceCompiler, RememberingCompiler

F = TypeVar("F", bound=Callable[..., Any])

_log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).parent
_DECORATED = tuple(f"\n@{n}\n" for n in ("jit", "entry_point", "by_address", "callee", "inlined"))
_CALLS_JIT = re.compile(r"\bjit\(")
_IMPORT = re.compile(r"^\s*from softbeam\.([\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def _without_scipy() -> None:
    """Load Numba's functions of arrays without SciPy, which takes longer to load than they do.

    Numba looks whether the library of linear algebra is there, which it would call from products
    of matrices; it looks again where there is one.
    """
    from numba.np import linalg

    before, linalg.ensure_blas = linalg.ensure_blas, lambda: None
    try:
        from numba.np import arraymath  # noqa: F401
    finally:
        linalg.ensure_blas = before


_without_scipy()


def cache_home() -> Path:
    """Return the folder below which softbeam keeps everything that it can recompute.

    ``SOFTBEAM_CACHE_DIR`` if set, else ``$XDG_CACHE_HOME/softbeam``, else ``~/.cache/softbeam``;
    where none of these can be written, a folder of the system's temporary directory that is this
    user's own (:func:`own_folder`).
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
        _log.info("the cache folder %s cannot be written", home)
        return own_folder(Path(tempfile.gettempdir()) / f"softbeam-{os.getuid()}")


def own_folder(wanted: Path) -> Path:
    """Return a folder that is this user's own and that nobody else can write.

    Parameters
    ----------
    wanted : Path
        The folder, which is made with mode 0700 if it is not there.

    Returns
    -------
    Path
        `wanted`, if it is a real directory of this user, without write permission for others, in
        folders that no stranger can exchange it in; else a fresh private folder, which is removed
        when this process ends and which processes that it starts use too.
    """
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_own(wanted):
            return wanted
    except OSError:
        pass
    inherited = os.environ.get(_PRIVATE)
    if inherited and is_own(Path(inherited)):
        return Path(inherited)
    private = tempfile.mkdtemp(prefix="softbeam-")
    os.environ[_PRIVATE] = private
    atexit.register(_remove, private, os.getpid())
    _log.warning(
        "%s is not this user's alone: compiled code is kept in %s instead", wanted, private
    )
    return Path(private)


#: Names the fresh private folder to the processes that this one starts.
_PRIVATE = "SOFTBEAM_PRIVATE_CACHE"


def _remove(folder: str, process: int) -> None:
    """Remove the private folder, at the end of the process that made it, not of its forks."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def is_own(folder: Path) -> bool:
    """Return whether a folder is a directory of this user that other users cannot write.

    No link, and below folders that are this user's or root's and that not everybody can write
    without the sticky bit; so nobody else can put another in its place.
    """
    try:
        facts = folder.lstat()
        above = [one.stat() for one in folder.resolve().parents]
    except OSError:
        return False
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        return False
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return False
    return all(
        one.st_uid in (0, os.getuid()) and (one.st_mode & stat.S_ISVTX or not _strangers_write(one))
        for one in above
    )


def _strangers_write(facts: os.stat_result) -> bool:
    """Return whether a directory's mode lets others write; a group of this user alone may."""
    if facts.st_mode & stat.S_IWGRP:
        try:
            group, name = grp.getgrgid(facts.st_gid), pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return True
        if group.gr_name != name or set(group.gr_mem) - {name}:
            return True
    return bool(facts.st_mode & stat.S_IWOTH)


def _uses_jit(text: str) -> bool:
    # Every process asks that of every file: a search for plain strings takes a tenth of the time
    # of one expression for all.
    if any(decorated in text for decorated in _DECORATED):
        return True
    return "jit(" in text and bool(_CALLS_JIT.search(text))


def jitted_sources() -> list[Path]:
    """Return every file of the package that uses :func:`jit`, and all that those files import.

    What they import may hold constants, which Numba freezes into the compiled code.
    """
    texts = {path: path.read_text() for path in sorted(_PACKAGE.rglob("*.py"))}
    wanted = [path for path, text in texts.items() if _uses_jit(text)]
    found: dict[Path, None] = {}
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        found[path] = None
        for module, names in _IMPORT.findall(texts[path]):
            place = _PACKAGE.joinpath(*module.split("."))
            parts = [place / f"{name}.py" for name in re.findall(r"\w+", names)]
            for one in (place.with_suffix(".py"), place / "__init__.py", *parts):
                if one in texts:
                    wanted.append(one)
    return sorted(found)


def sources_hash() -> str:
    """Return a hash over all jitted sources and the versions that turn them into machine code."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {sys.version}".encode())
    for path in jitted_sources():
        digest.update(str(path.relative_to(_PACKAGE)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def compiled_folder() -> Path:
    """Return the folder of this version's compiled code, which only this user can write."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(chosen) if chosen else cache_home() / "compiled"
    with suppress(OSError):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return own_folder(home / f"softbeam-{sources_hash()}")


def is_cold() -> bool:
    """Return whether nothing of this version has been compiled yet, which takes its time once."""
    return not any(compiled_folder().iterdir())


def is_kept(function: Any, signature: Any) -> bool:
    """Return whether the cache has a jitted function, for this processor.

    Parameters
    ----------
    function : callable
        What :func:`jit` or one of its kind returned.
    signature : numba.core.typing.Signature
        As it would be compiled with.
    """
    kept = function._cache
    key = kept._index_key(signature, function.targetctx.codegen())
    return key in kept._cache_file._load_index()


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
    return _cached(function, no_cfunc_wrapper=True, pipeline_class=RememberingCompiler)


def entry_point(function: F) -> F:
    """Compile as :func:`jit` does, without counting references to arrays.

    For functions that make no arrays and keep none.  Numba else counts every array of every tuple
    at every call, one locked instruction each, which took most of a short run.
    """
    return _cached(function, _nrt=False, no_cfunc_wrapper=True, pipeline_class=OnceCompiler)


def by_address(function: F) -> F:
    """Compile as :func:`entry_point` does what is called through its address alone."""
    return _cached(function, _nrt=False, **_NOT_CALLED, pipeline_class=OnceCompiler)


def callee(function: F) -> F:
    """Compile a function that jitted functions alone call, in less time.

    Python cannot call it, and it is kept as part of its callers, not by itself.  It makes no
    arrays and keeps none.
    """
    compiled: F = numba.njit(**_OPTIONS, _nrt=False, **_NOT_CALLED, pipeline_class=LinkedCompiler)(
        function
    )
    return compiled


def inlined(function: F) -> F:
    """Compile as :func:`callee` does what becomes part of each of its callers, whatever its size.

    For what has one caller and many arguments, which are dear to hand over.
    """
    compiled: F = numba.njit(
        **_OPTIONS, _nrt=False, **_NOT_CALLED, forceinline=True, pipeline_class=LinkedCompiler
    )(function)
    return compiled


_OPTIONS = {"error_model": "numpy", "boundscheck": False}
_NOT_CALLED = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _cached(function: F, **options: Any) -> F:
    # Numba asks for the folder of a function when the function is made, and has no other way to
    # name one than this setting.
    before = config.CACHE_DIR
    config.CACHE_DIR = str(compiled_folder())
    try:
        compiled: Any = numba.njit(cache=True, **_OPTIONS, **options)(function)
    finally:
        config.CACHE_DIR = before
    compiled.compile = _one_at_a_time(compiled)
    return cast(F, compiled)


def _one_at_a_time(dispatcher: Any) -> Callable[[Any], Any]:
    """Return a dispatcher's method to compile, done by one process while others wait for it."""
    compile_, function = dispatcher.compile, dispatcher.py_func

    def compile_once(signature: Any) -> Any:
        # Numba's own lock comes first, or two threads could wait for each other.
        with global_compiler_lock, only_maker(f"{function.__module__}.{function.__qualname__}"):
            return compile_(signature)

    return compile_once


@contextmanager
def only_maker(name: str) -> Iterator[None]:
    """Let one process at a time make something that is kept in the cache.

    Workers that start together need the same compiled code: the first one makes it, the others
    wait, and find it in the cache.

    Parameters
    ----------
    name : str
        What is made.
    """
    with ExitStack() as held:
        held.enter_context(without_collections())
        # Where there can be no lock, every process makes its own.
        with suppress(OSError):
            file = held.enter_context((compiled_folder() / f"{name}.lock").open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def without_collections() -> Iterator[None]:
    """Pause Python's collections of garbage: a tenth of the time of compiling, and little found.

    The garbage of compiling all of the emulator is 100 MB.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
