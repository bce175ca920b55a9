"""Names that come from files, made fit to be printed."""

from __future__ import annotations

import unicodedata

#: Control characters; those that are not seen or turn the direction of writing; surrogates; ends
#: of lines and paragraphs.
_RAW = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""Return a text without characters that a terminal or page would obey instead of show.

    Examples
    --------
    >>> printable("Åland \x1b[31mred\u202edrow")
    'Åland \\x1b[31mred\\u202edrow'
    """
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _RAW
        else character
        for character in text
    )
