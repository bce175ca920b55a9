"""Text of others, such as names of classes, layers and files, made fit to be shown.

A name from a file can hold escape sequences that a terminal obeys, and characters that turn the
direction of the text around them, so that a reader sees another name than the one that is there.
Every name from outside passes :func:`visible` before a person sees it, on the command line as on
a page.
"""

from __future__ import annotations

import unicodedata

#: General categories of Unicode whose characters are not shown as they are: controls, formats
#: (among them all that turn the direction of writing), surrogates, private and unassigned ones,
#: and the separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""Return a text whose every character can be seen: others are written as escapes.

    Parameters
    ----------
    text : str
        Text that somebody else wrote.

    Returns
    -------
    str
        The same text with controls, characters of formatting (bidirectional ones are among them)
        and unassigned ones as Python writes them in a string, such as ``\x1b`` and ``\u202e``.
        A text without such characters is returned as it is, so a second call changes nothing.

    Notes
    -----
    The bidirectional characters are those of N. Boucher and R. Anderson, "Trojan Source: invisible
    vulnerabilities", USENIX Security 2023; the categories are Unicode's, section 4.5.

    Examples
    --------
    >>> print(visible("bell\x1b[31m pepper"), visible("grey\u202efox"), visible("Île flottante"))
    bell\x1b[31m pepper grey\u202efox Île flottante
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode("ascii")
        if unicodedata.category(one) in _UNSEEN
        else one
        for one in text
    )
