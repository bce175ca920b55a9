"""How Numba is kept from making machine code that nobody runs, and from optimising code twice.

Numba makes machine code of every function that it compiles, optimised with all that the function
calls, and then does the same again for its callers.  What only compiled functions call needs no
machine code of its own: its intermediate code is linked into each caller and optimised there.
And Numba optimises every function a first time so that it can prune the counting of references;
functions that count none need that no more.  Which function is compiled how is in
:mod:`softbeam.jit`.
"""

from __future__ import annotations

import ctypes
from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering, NopythonRewrites
from numba.core.untyped_passes import (
    FindLiterallyCalls,
    InlineClosureLikes,
    LiteralUnroll,
)

#: What runs when Python calls a function without machine code: it adds what Numba gives it, an
#: object of Numba's own and a tuple, which is a TypeError.
_REFUSES = ctypes.cast(ctypes.pythonapi.PyNumber_Add, ctypes.c_void_p).value


class _Linked(JITCodeLibrary):  # type: ignore[misc]
    """Intermediate code of a function that its callers link in."""

    def _optimize_final_module(self) -> None:
        return

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


class _Once(JITCodeLibrary):  # type: ignore[misc]
    """Machine code that is optimised once."""

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


def _new_library(kind: type[JITCodeLibrary], state: Any) -> JITCodeLibrary:
    library = kind(state.targetctx.codegen(), state.func_id.func_qualname)
    library.enable_object_caching()
    return library


@register_pass(mutates_CFG=True, analysis_only=False)
class _LinkedLowering(NativeLowering):  # type: ignore[misc]
    """Lowering of a function that has no machine code."""

    _name = "linked_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = _new_library(_Linked, state)
        flags, state.flags = state.flags, state.flags.copy()
        state.flags.no_compile = True
        super().run_pass(state)
        state.flags = flags
        made = state["cr"]
        # Numba knows a compiled function by an object that Python can call.
        name = made.fndesc.qualname.split(".")[-1]
        known = _dynfunc.make_function(
            made.fndesc.lookup_module(), name, "", _REFUSES, made.env, (state.library,)
        )
        state.targetctx.insert_user_function(known, made.fndesc, [state.library])
        state["cr"] = _LowerResult(made.fndesc, made.call_helper, cfunc=known, env=made.env)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _OnceLowering(NativeLowering):  # type: ignore[misc]
    """Lowering of a function whose machine code is optimised once."""

    _name = "once_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = _new_library(_Once, state)
        return bool(super().run_pass(state))


#: Numba's passes over what the functions compiled here never have:
#: closures and comprehensions, arithmetic on whole arrays, loops over mixed tuples.
_NEEDLESS = frozenset((InlineClosureLikes, FindLiterallyCalls, LiteralUnroll, NopythonRewrites))


class _Compiler(CompilerBase):  # type: ignore[misc]
    """Numba's own passes, less those that find nothing, with another lowering."""

    lowering: type[NativeLowering]

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [
            (self.lowering if one is NativeLowering else one, why)
            for one, why in passes.passes
            if one not in _NEEDLESS
        ]
        passes._finalized = False
        passes.finalize()
        return [passes]


class LinkedCompiler(_Compiler):
    """Compiles functions that only compiled functions call."""

    lowering = _LinkedLowering


class OnceCompiler(_Compiler):
    """Compiles functions that count no references."""

    lowering = _OnceLowering
