"""Limits: the least and the greatest number that each launch stores without fault.

Of products that are checked also how far the sums of a check may be apart.

They are found on calibration images, in the network as it is before it is hardened, launch by
launch: a buffer that several launches write has limits for each.  What is kept beside them says of
which network they are, so that those of another are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softbeam.errors import NetworkError
from softbeam.files import read_file
from softbeam.memory import require_memory
from softbeam.network.golden import GoldenRun, pool_words
from softbeam.network.hardening.rounding import Rounding
from softbeam.network.plan import Launch, Plan
from softbeam.network.stored import stored_words

#: Version of what is written to files.
FORMAT = 1

#: Bytes of a file of limits: some dozen for each of the most launches that are planned.
_MOST = 16 << 20

#: The least and the greatest number of a launch; None of one that stores no float.
Pair = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What the fault-free launches of a network store.

    Attributes
    ----------
    network : str
        The network's name, for messages.
    plan_sha256, weights_sha256 : str
        Of which plan, not hardened, and with which weights.
    inputs_sha256 : tuple of str
        The calibration images as the network got them, sorted, each once.
    stored : tuple of (float, float) or None
        By number of the launch in that plan the least and the greatest number that it stores; both
        NaN where a NaN was stored, None where no float is.
    margin : float
        By what share of their distance limits are wider than these.
    tolerances : tuple of (int, int, float)
        Of products that are checked: the number of the launch, how many rows a check sums (0 for
        all), and the λ within which all sums of the calibration images agree; see
        :mod:`softbeam.network.hardening.tolerance`.
    """

    network: str
    plan_sha256: str
    weights_sha256: str
    inputs_sha256: tuple[str, ...]
    stored: tuple[Pair, ...]
    margin: float = 0.0
    tolerances: tuple[tuple[int, int, float], ...] = ()

    def tolerance(self, launch: Launch, rows: int) -> float:
        """Return the λ of the check of a product of the unhardened plan.

        Raises
        ------
        NetworkError
            If there is none.
        """
        for number, summed, found in self.tolerances:
            if (number, summed) == (launch.index, rows):
                return found
        raise NetworkError(
            f"the limits hold no tolerance of a checksum of {rows or 'all'} rows of the product in "
            f"layer {launch.layer}; find them again with --calibration"
        )

    def of(self, launch: Launch) -> tuple[float, float]:
        """Return the limits of a launch of the unhardened plan: float32 numbers, widened.

        A zero is -0 as the lower and +0 as the upper limit, so that both zeros lie within also for
        machine code that orders them by their signs.

        Raises
        ------
        NetworkError
            If there are none.
        """
        pair = self.stored[launch.index]
        if pair is None:
            raise NetworkError(
                f"{launch.kernel} in layer {launch.layer} stores no float, so that it has no "
                "limits; leave range out for it"
            )
        if isnan(pair[0]):
            raise NetworkError(
                f"{launch.kernel} in layer {launch.layer} stores a NaN on the calibration images, "
                "which limits would change; leave range out for it, or give other images"
            )
        return widened(pair, self.margin)

    def joined(self, other: Limits) -> Limits:
        """Return the limits of the calibration images of both.

        Raises
        ------
        NetworkError
            If they are of different networks, or have different margins.
        """
        self.check(other.plan_sha256, other.weights_sha256)
        if self.margin != other.margin:
            raise NetworkError(
                f"limits with a margin of {self.margin:g} and of {other.margin:g} cannot be "
                "joined; find both with the same margin"
            )
        return Limits(
            self.network,
            self.plan_sha256,
            self.weights_sha256,
            tuple(sorted({*self.inputs_sha256, *other.inputs_sha256})),
            tuple(_joined(one, two) for one, two in zip(self.stored, other.stored, strict=True)),
            self.margin,
            _largest((*self.tolerances, *other.tolerances)),
        )

    def check(self, plan_sha256: str, weights_sha256: str) -> None:
        """Refuse limits of another network.

        Raises
        ------
        NetworkError
            Saying what differs.
        """
        if self.plan_sha256 != plan_sha256:
            raise NetworkError(
                f"the limits are of {self.network} with other buffers or launches; find them again "
                "with --calibration, for this network and the same --im2col and --gemm"
            )
        if self.weights_sha256 != weights_sha256:
            raise NetworkError(
                f"the limits are of {self.network} with other weights; find them again with "
                "--calibration"
            )

    def to_json(self) -> str:
        """Write them as JSON; :meth:`from_json` reads it back, bit for bit."""
        document = {
            "format": FORMAT,
            "network": self.network,
            "plan_sha256": self.plan_sha256,
            "weights_sha256": self.weights_sha256,
            "inputs_sha256": list(self.inputs_sha256),
            "margin": self.margin,
            "stored": [
                None if one is None else [_said(value) for value in one] for one in self.stored
            ],
            "tolerances": [list(one) for one in self.tolerances],
        }
        return json.dumps(document, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes, origin: str = "the limits") -> Limits:
        """Read limits.

        Parameters
        ----------
        text : str or bytes
            As :meth:`to_json` writes them.
        origin : str
            Where they come from, for messages.

        Raises
        ------
        NetworkError
            If they cannot be read.
        """
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise NetworkError(
                    f"{origin}: limits of format {document['format']!r}, which this softbeam does "
                    f"not read (it reads {FORMAT}); find them again with --calibration"
                )
            found = cls(
                network=_text(document["network"]),
                plan_sha256=_text(document["plan_sha256"]),
                weights_sha256=_text(document["weights_sha256"]),
                inputs_sha256=tuple(map(_text, document["inputs_sha256"])),
                stored=tuple(map(_pair, document["stored"])),
                margin=float(document["margin"]),
                tolerances=tuple(map(_tolerance, document["tolerances"])),
            )
            if not (isfinite(found.margin) and found.margin >= 0 and found.inputs_sha256):
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NetworkError(
                f"{origin}: no limits that softbeam wrote; find them with --calibration"
            ) from None
        return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _said(value: float) -> float | str:
    """Return a number as JSON has it: no infinity and no NaN."""
    return value if isfinite(value) else repr(value)


def _pair(value: Any) -> Pair:
    if value is None:
        return None
    low, high = map(float, value)
    if low > high or isnan(low) != isnan(high):
        raise ValueError
    return low, high


def _tolerance(value: Any) -> tuple[int, int, float]:
    number, rows, found = value
    if not (isinstance(number, int) and isinstance(rows, int) and isfinite(found)):
        raise ValueError
    return number, rows, float(found)


def _largest(tolerances: Iterable[tuple[int, int, float]]) -> tuple[tuple[int, int, float], ...]:
    """Return the largest of the tolerances of each check."""
    found: dict[tuple[int, int], float] = {}
    for number, rows, one in tolerances:
        found[number, rows] = max(one, found.get((number, rows), one))
    return tuple((*key, one) for key, one in sorted(found.items()))


def _joined(one: Pair, two: Pair) -> Pair:
    if one is None or two is None:
        return one or two
    if isnan(one[0]) or isnan(two[0]):
        return float("nan"), float("nan")
    return min(one[0], two[0]), max(one[1], two[1])


def widened(pair: tuple[float, float], margin: float) -> tuple[float, float]:
    """Return limits wider by a share of their distance to either side, as float32 numbers.

    Examples
    --------
    >>> widened((0.0, 8.0), 0.25), widened((0.0, 0.0), 0.25)
    ((-2.0, 10.0), (-0.0, 0.0))
    """
    low, high = pair
    if margin and isfinite(low) and isfinite(high):
        more = margin * (high - low)
        largest = float(np.finfo(np.float32).max)
        low, high = max(low - more, -largest), min(high + more, largest)
    # Rounding is monotone and the ends are float32 numbers: none comes to lie inside.
    low, high = float(np.float32(low)), float(np.float32(high))
    return (low or -0.0), (high or 0.0)


def extremes(golden: GoldenRun) -> tuple[Pair, ...]:
    """Return the least and the greatest number that each launch of a fault-free run stores."""
    return tuple(_of_launch(golden, launch) for launch in golden.plan.launches)


def _of_launch(golden: GoldenRun, launch: Launch) -> Pair:
    found: Pair = None
    for one in stored_words(launch):
        if not one.words:
            continue
        words = one.of(golden.view(one.pointer, launch.index + 1).view(np.float32))
        found = _joined(found, (float(words.min()), float(words.max())))
    return found


def find_limits(
    plan: Plan,
    weights: Mapping[str, NDArray[np.float32]],
    weights_sha256: str,
    inputs: Sequence[tuple[str, NDArray[np.float32]]],
    margin: float = 0.0,
    checks: Mapping[int, int] = MappingProxyType({}),
) -> Limits:
    """Run a network on calibration images, without fault, and return its limits.

    Parameters
    ----------
    plan : Plan
        The network's plan, not hardened.
    weights : mapping of str to numpy.ndarray of float32
        By buffer.
    weights_sha256 : str
        Their hash.
    inputs : sequence of (str, numpy.ndarray of float32)
        The images as the network gets them, each with its hash.
    margin : float
        By what share of their distance limits are wider than what is found.
    checks : mapping of int to int
        By the number of a product's launch that is checked how many rows are summed, 0 for all.

    Raises
    ------
    NetworkError
        If there is no image.
    TooLargeError
        If there is no memory for a golden run.
    """
    if not inputs:
        raise NetworkError("there is no calibration image; give at least one with --calibration")
    size = pool_words(plan)
    require_memory(4 * size, f"the golden run of {plan.network}", "give a smaller network or input")
    words = np.zeros(size, dtype=np.uint32)
    found: tuple[Pair, ...] = (None,) * len(plan.launches)
    rounding = [
        Rounding.of(plan.launches[number], rows, weights) for number, rows in checks.items()
    ]
    tolerances: tuple[tuple[int, int, float], ...] = ()
    for _, image in inputs:
        words[:] = 0
        golden = GoldenRun(plan, words)
        golden.compute(weights, image)
        found = tuple(map(_joined, found, extremes(golden)))
        seen = ((one.launch.index, one.rows, one.largest(golden)) for one in rounding)
        tolerances = _largest((*tolerances, *seen))
    hashes = tuple(sorted({digest for digest, _ in inputs}))
    return Limits(plan.network, plan.sha256, weights_sha256, hashes, found, margin, tolerances)


def read_limits(path: Path) -> Limits:
    """Read limits from a file.

    Raises
    ------
    NetworkError
        If it cannot be read, or holds none.
    """
    try:
        return Limits.from_json(read_file(path, _MOST), str(path))
    except OSError as error:
        raise NetworkError(f"cannot read the limits {path}: {error.strerror}") from None
