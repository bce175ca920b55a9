"""Separately compiled parts of the interpreter, called through their addresses.

Numba links the machine code of every function into each of its callers and optimises it there
again, so the cost of compiling grows with the depth of the calls.  The arithmetic of integers and
of floats, half of all code, is therefore compiled once each and reached through its address, which
the interpreter finds in an array.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from softbeam.emulator.core.compute import floating_entry, integer_entry
from softbeam.emulator.core.signatures import FLOATING, INTEGER

__all__ = ["entry_addresses"]


def entry_addresses() -> NDArray[np.int64]:
    """Compile (or load) the parts and return their addresses, integer arithmetic first."""
    addresses = []
    for function, signature in ((integer_entry, INTEGER), (floating_entry, FLOATING)):
        function.compile(signature)
        compiled = function.overloads[signature.args]
        addresses.append(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))
    return np.array(addresses, dtype=np.int64)
