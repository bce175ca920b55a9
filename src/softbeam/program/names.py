"""What programs, buffers and stages may be called: what fits a file's name and a table's cell."""

from __future__ import annotations

import re

from softbeam.errors import ProgramError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]{0,99}")


def is_name(text: str) -> bool:
    """Return whether a program or buffer may be called so.

    Examples
    --------
    >>> is_name("conv1.weights"), is_name("../x"), is_name("")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def check_name(what: str, name: str) -> str:
    """Return a name.

    Raises
    ------
    ProgramError
        If nothing may be called so.
    """
    if not isinstance(name, str) or not is_name(name):
        raise ProgramError(
            f"{what} cannot be called {name!r}: letters, digits and _ . + - make a name, up to 100"
        )
    return name
