"""Translation of lowered programs to native code, with the 32 lanes of a warp as vectors.

A program's rows are cut into blocks (:mod:`.blocks`), each of which becomes LLVM code twice: for
groups of all 32 lanes, and for any group (:mod:`.function`).  What an operation gives is in
:mod:`.integer` and :mod:`.floating`; loads and stores are in :mod:`.memory`.  Everything that is
not the common case is left to the interpreter (:mod:`softbeam.emulator.core`), which calls
translated code again at the next block.  So divergence, exceptions, barriers and faults have one
meaning.  :mod:`.engine` decides what is translated when.
"""

from softbeam.emulator.translation.engine import (
    translate_now,
    translate_reached,
    translation_of,
    untranslated,
)

__all__ = ["translate_now", "translate_reached", "translation_of", "untranslated"]
