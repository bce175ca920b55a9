"""What is translated, and when: a program that has been found to run long."""

from __future__ import annotations

import logging
import os
import weakref
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from softbeam.compilation import announced
from softbeam.emulator.core import layout as k
from softbeam.emulator.core.translated import BARRIERS, CALLS, CONTEXT, LIVE, REGISTERS
from softbeam.emulator.translation import compiling
from softbeam.emulator.translation.blocks import Blocks, find_blocks
from softbeam.emulator.translation.function import NAMES, FailedRow, access_rows, emit
from softbeam.emulator.translation.liveness import registers_live_at_start
from softbeam.jit import only_maker
from softbeam.sass.instruction import pc_of

if TYPE_CHECKING:
    from softbeam.emulator.lowering import Program

logger = logging.getLogger("softbeam")

#: Rows that the interpreter executes before a program is worth translating: about as long as that
#: takes.  A translation that is on disk already is taken at once.
WORTHWHILE = 200_000

#: Rows of the longest program that is translated; compiling takes one to four milliseconds a row.
MOST_ROWS = 8192

#: The environment's variable that says which engine runs: ``interpreter``; ``translator``, which
#: translates every program before its first run; by default, what is worthwhile.
ENGINE = "SOFTBEAM_ENGINE"


#: Registers of a warp's record; the destination that is none; words of the widest operand; the
#: guard that always holds.
_ALL_REGISTERS, _NOWHERE, _WIDEST, _ALWAYS = 256, 255, 4, 7


def _empty(rows: int, blocks: int, accesses: int, guarded: NDArray[np.int64]) -> k.Translation:
    return k.Translation(
        addresses=np.zeros(2, dtype=np.int64),
        block=np.full(rows, blocks, dtype=np.int32),
        entry=np.zeros(rows, dtype=np.uint8),
        context=np.zeros(CONTEXT, dtype=np.int64),
        segments=np.zeros((accesses, 4), dtype=np.int64),
        counts=np.zeros(blocks + 1, dtype=np.int64),
        skipped=np.zeros(rows, dtype=np.int64),
        guarded=guarded,
        heat=np.zeros(2, dtype=np.int64),
    )


_NONE = _empty(1, 1, 1, np.zeros(0, dtype=np.int64))
_NONE.context[REGISTERS] = _ALL_REGISTERS
_NONE.context[LIVE] = _ALL_REGISTERS
_NONE.context[BARRIERS] = 1

#: Operations that read or write convergence barriers.
_BARRIERS = (
    *(k.BSSY, k.BSYNC, k.BREAK, k.WARPSYNC),
    *(k.BARRIER_TO_REGISTER, k.REGISTER_TO_BARRIER),
)


def _reached(rows: NDArray[np.int64], allocated: int) -> int:
    """Return how many general registers a program can reach: a fault reaches the allocated ones."""
    most = allocated
    for column in (k.A, k.B, k.C):
        registers = rows[rows[:, column] == k.REGISTER, column + 1]
        most = max(most, int(registers.max(initial=0)) + _WIDEST)
    general = rows[(rows[:, k.UNIFORM] == 0) & (rows[:, k.DESTINATION] != _NOWHERE)]
    most = max(most, int(general[:, k.DESTINATION].max(initial=0)) + _WIDEST)
    return min(most, _ALL_REGISTERS)


def untranslated() -> k.Translation:
    """Return what the interpreter is given where there is no translated code."""
    return _NONE


class _Entry:
    """One program, with what has been translated of it."""

    def __init__(self, program: Program) -> None:
        rows, name = program.code.rows, program.function.name
        # The rows themselves are not kept: when they go, this goes.
        self.name, self.length = name, rows.shape[0]
        self.instructions = program.function.instructions
        self.blocks: Blocks | None = None
        self.loaded: list[compiling.Loaded] = []
        self.done = [False, False]
        if rows.shape[0] > MOST_ROWS:
            logger.debug("%s: %d rows are too many to translate", name, rows.shape[0])
            self.done = [True, True]
            self.translation = _empty(1, 1, 1, _NONE.guarded)
            self.translation.context[:] = _NONE.context
            return
        self.blocks = find_blocks(rows)
        self.translation = _empty(
            rows.shape[0],
            len(self.blocks.blocks),
            max(len(access_rows(rows)), 1),
            np.flatnonzero(rows[:, k.GUARD] != _ALWAYS),
        )
        self.translation.context[REGISTERS] = _reached(rows, program.function.registers)
        self.translation.context[LIVE] = registers_live_at_start(program.code)
        self.translation.context[BARRIERS] = bool(np.isin(rows[:, k.OP], _BARRIERS).any())
        self.translation.block[:] = self.blocks.block_of
        for block in self.blocks.blocks:
            self.translation.entry[block.first] = 1
        self.translation.context[CALLS] = bool(self.blocks.called)
        for row, reason in self.blocks.left.items():
            logger.debug("%s: row %d stays with the interpreter: %s", name, row, reason)
        for row, reason in self.blocks.called.items():
            logger.debug("%s: row %d calls the interpreter: %s", name, row, reason)
        for which in range(2):
            code = compiling.kept(compiling.fingerprint(rows, NAMES[which == 0]))
            if code is not None:
                self._load(which, code)

    def _load(self, which: int, code: bytes) -> None:
        loaded = compiling.Loaded(code)
        self.loaded.append(loaded)
        self.translation.addresses[which] = loaded.address(NAMES[which == 0])
        self.done[which] = True

    def translate(self, rows: NDArray[np.int64], which: int) -> None:
        """Translate for full masks (0) or for any (1)."""
        self.done[which] = True
        assert self.blocks is not None
        try:
            code = self._made(rows, which)
        except Exception as error:
            place = ""
            if isinstance(error, FailedRow):
                named = [str(one) for one in self.instructions[error.row : error.row + 1]]
                what = f"'{named[0]}'" if named else "the row"
                place = f" {what} at pc {pc_of(error.row):#x} cannot be translated:"
            logger.warning("%s stays with the interpreter:%s %s", self.name, place, error)
            return
        self._load(which, code)

    def _made(self, rows: NDArray[np.int64], which: int) -> bytes:
        """Return a translation, made now unless another process has made it meanwhile."""
        assert self.blocks is not None
        fingerprint = compiling.fingerprint(rows, NAMES[which == 0])
        with only_maker(fingerprint):
            code = compiling.kept(fingerprint)
            if code is None:
                with announced(f"{self.name} ({self.length} instructions)"):
                    module = compiling.new_module(self.name)
                    emit(module, rows, self.blocks, full=which == 0)
                    code = compiling.object_code(module)
                compiling.keep(fingerprint, code)
        return code

    def unload(self) -> None:
        """Free the machine code; who still has the translation interprets."""
        self.translation.addresses[:] = 0
        self.loaded.clear()

    def ready(self, program: Program, worthwhile: int) -> k.Translation:
        """Return the translation, made now where the program has run long enough."""
        for which in range(2):
            if not self.done[which] and self.translation.heat[which] >= worthwhile:
                self.translate(program.code.rows, which)
        self.translation.segments.fill(0)
        return self.translation


#: Programs whose translations are kept in memory: each takes some of the process' memory maps, of
#: which Linux allows 65,530.
MOST_PROGRAMS = 2000

#: By the identity of their rows, for as long as the rows live, in the order in which they came.
_entries: dict[int, _Entry] = {}


def translation_of(program: Program) -> k.Translation:
    """Return what is translated of a program, for one run.

    A program that has been interpreted long enough is translated now.
    """
    engine = os.environ.get(ENGINE)
    if engine == "interpreter":
        return _NONE
    return _entry(program).ready(program, 0 if engine == "translator" else WORTHWHILE)


def translate_now(program: Program) -> None:
    """Translate a program if it has not been."""
    _translate(program, 0)


def translate_reached(program: Program) -> bool:
    """Translate what a program has been found to run, however short; return whether that is new.

    That is its code for full masks, for any, or both.
    """
    return _translate(program, 1)


def _translate(program: Program, worthwhile: int) -> bool:
    if os.environ.get(ENGINE) == "interpreter":
        return False
    entry = _entry(program)
    before = list(entry.done)
    entry.ready(program, worthwhile)
    return entry.done != before


def _entry(program: Program) -> _Entry:
    rows = program.code.rows
    found = _entries.get(id(rows))
    if found is None:
        while len(_entries) >= MOST_PROGRAMS:
            _entries.pop(next(iter(_entries))).unload()
        found = _entries[id(rows)] = _Entry(program)
        weakref.finalize(rows, _forget, id(rows)).atexit = False
    return found


def _forget(identity: int) -> None:
    """Free what was translated of a program that is gone."""
    entry = _entries.pop(identity, None)
    if entry is not None:
        entry.unload()
