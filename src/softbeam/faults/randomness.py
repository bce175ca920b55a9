"""Random numbers that depend on nothing but their names: exact, and the same everywhere."""

from __future__ import annotations

import hashlib


class Draws:
    """Uniform draws named by a campaign, a stream and an index.

    Each draw is SHA-256 of its full name, so that no draw depends on which others were made, in
    which order or on which machine.

    Parameters
    ----------
    *names : object
        What identifies the injection.
    """

    def __init__(self, *names: object) -> None:
        self._name = "/".join(str(name) for name in names)

    def below(self, limit: int, name: str) -> int:
        """Return an integer uniform over 0 … limit - 1, by rejection, without bias.

        Examples
        --------
        >>> Draws("campaign", 0).below(10, "register") == Draws("campaign", 0).below(10, "register")
        True
        """
        if limit < 1:
            raise ValueError(f"nothing to draw from: {limit}")
        fair = (1 << 256) - (1 << 256) % limit
        attempt = 0
        while True:
            digest = hashlib.sha256(f"{self._name}/{name}/{attempt}".encode()).digest()
            number = int.from_bytes(digest, "big")
            if number < fair:
                return number % limit
            attempt += 1
