"""How Numba is kept from making machine code that nobody runs, and from doing things twice.

Numba makes machine code of every function that it compiles, optimised with all that the function
calls, and then does the same again for its callers.  What only compiled functions call needs no
machine code of its own: its intermediate code is linked into each caller and optimised there.
And Numba optimises every function a first time so that it can prune the counting of references;
functions that count none need that no more.  Most of the time of compiling is not LLVM's but
Numba's own, in Python, and a good part of that it spends on finding again what it has found, which
is remembered here.  Which function is compiled how is in
:mod:`softbeam.jit`.
"""

from __future__ import annotations

import ctypes
from functools import partial
from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering, NopythonRewrites
from numba.core.types import Function, Type
from numba.core.typing.context import BaseContext
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


_FLAGS_HASH = hash(Flags())


class _Flags(Flags):  # type: ignore[misc]
    """Numba's options of a compilation, compared fast.

    Numba looks whatever it calls up under the options, too, and lists all of them, by way of a
    property each, for every comparison.
    """

    __slots__ = ()

    def __hash__(self) -> int:
        # Numba's own is made of the names of the options alone.
        return _FLAGS_HASH

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Flags) and self._values == other._values:
            return True
        return bool(super().__eq__(other))


#: By the options of a compilation, what is known of builtin functions by then.
_remembering: dict[tuple[int, str], BaseContext] = {}


def _remembering_context(context: BaseContext, flags: Flags) -> BaseContext:
    """Return a typing context that is another one, but finds a builtin function's type once.

    Numba tries all that a function's name may mean, most of it in vain, for each addition of two
    integers again.
    """
    key = (id(context), repr(flags))
    if key not in _remembering:
        known: dict[Any, Any] = {}

        class Remembering(type(context)):  # type: ignore[misc]
            """Shares all that the other context has, and is the same to whoever looks it up."""

            def __hash__(self) -> int:
                return hash(context)

            def __eq__(self, other: object) -> bool:
                return other is self or other is context

            def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
                kind = func if isinstance(func, Type) else self._lookup_global(func)
                if type(kind) is not Function:
                    return super().resolve_function_type(func, args, kws)
                call = (kind, tuple(args), tuple(kws.items()))
                if call not in known:
                    found = super().resolve_function_type(func, args, kws)
                    # Another time it may be found, or found to be more precise.
                    if found is None or not all(one.is_precise() for one in args):
                        return found
                    known[call] = found
                return known[call]

        remembering = object.__new__(Remembering)
        remembering.__dict__ = context.__dict__
        _remembering[key] = remembering
    return _remembering[key]


def _install_known(context: Any) -> None:
    """Take what is new in the registries that a target context knows."""
    for registry in list(context._registries):
        context.install_registry(registry)


#: Numba's passes over what the functions compiled here never have:
#: closures and comprehensions, arithmetic on whole arrays, loops over mixed tuples.
_NEEDLESS = frozenset((InlineClosureLikes, FindLiterallyCalls, LiteralUnroll, NopythonRewrites))


class RememberingCompiler(CompilerBase):  # type: ignore[misc]
    """Numba's own passes, told faster what they ask for again and again."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        state = self.state
        state.flags = _Flags(state.flags)
        state.typingctx = _remembering_context(state.typingctx, state.flags)
        # The constructor has loaded all registries, and Numba would do so a thousand times.
        state.targetctx.load_additional_registries = partial(_install_known, state.targetctx)

    def define_pipelines(self) -> list[Any]:
        """Return Numba's passes."""
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _Compiler(RememberingCompiler):
    """Numba's own passes, less those that find nothing, with another lowering."""

    lowering: type[NativeLowering]

    def define_pipelines(self) -> list[Any]:
        (passes,) = super().define_pipelines()
        passes.passes = [
            (self.lowering if one is NativeLowering else one, why)
            for one, why in passes.passes
            if one not in _NEEDLESS
        ]
        passes._finalized = False
        passes.finalize()
        # After each pass Numba finds out anew where variables live, which only lowering asks for,
        # and lowering does so itself: the machine code is the same, word for word.
        passes._ENFORCING = False
        return [passes]


class LinkedCompiler(_Compiler):
    """Compiles functions that only compiled functions call."""

    lowering = _LinkedLowering


class OnceCompiler(_Compiler):
    """Compiles functions that count no references."""

    lowering = _OnceLowering
