"""The file in which measured effects are kept beside a campaign's results, as JSON.

Effects that were measured in another way, of another campaign or with other machine code are not
used; they are measured again.  Those of other limits are set aside, and taken again with these.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from softbeam.campaign.effects.facts import (
    EFFECTS_SEMANTICS,
    Damaging,
    Effects,
    Ended,
    Exposure,
    Remedy,
    Sample,
    Struck,
)
from softbeam.errors import ResultsError
from softbeam.faults.stratum import Stratum
from softbeam.files import read_file, whole_file
from softbeam.injection.outcomes import OUTCOMES
from softbeam.network.hardening.rules import TECHNIQUES

#: Its name in a campaign's folder.
EFFECTS = "effects.json"

#: Bytes that are read of one; that of a campaign of 30,000 injections has about ten millions.
MOST_BYTES = 1 << 28


def to_json(effects: Effects) -> str:
    """Return effects as JSON; equal effects have equal texts."""
    document = {
        "semantics": EFFECTS_SEMANTICS,
        "campaign": effects.campaign,
        "limits": effects.limits,
        "kernels": effects.kernels,
        "techniques": sorted("+".join(one) for one in effects.techniques),
        "unneeded": sorted(effects.unneeded),
        "dropped": _counted(effects.dropped),
        "sizes": _counted(effects.sizes),
        "struck": _counted(effects.struck),
        "replayed": [_listed(one) for one in sorted(effects.replayed)],
        "checked": [_listed(one) for one in sorted(effects.checked)],
        "damaging": [
            [
                *_listed(one.struck),
                one.launch,
                *one.ended,
                {str(remedy): list(end) for remedy, end in sorted(one.with_remedy.items())},
            ]
            for one in effects.damaging
        ],
    }
    lines = (f"{json.dumps(name)}: {_lines(value)}" for name, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def from_json(text: str) -> Effects | None:
    """Return the effects of a text; None if they were measured in another way.

    Raises
    ------
    ValueError
        If it is no text that :func:`to_json` wrote.
    """
    try:
        document = json.loads(text)
        if document["semantics"] != EFFECTS_SEMANTICS:
            return None
        return Effects(
            campaign=str(document["campaign"]),
            limits=str(document["limits"]),
            kernels=str(document["kernels"]),
            techniques=frozenset(_technique(one) for one in document["techniques"]),
            unneeded=frozenset(map(_whole, document["unneeded"])),
            dropped=dict(_exposure(row) for row in document["dropped"]),
            sizes=dict(_exposure(row) for row in document["sizes"]),
            struck=dict(_sample(row) for row in document["struck"]),
            replayed=frozenset(_struck(row) for row in document["replayed"]),
            checked=frozenset(_struck(row) for row in document["checked"]),
            damaging=tuple(_damaging(row) for row in document["damaging"]),
        )
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def read_effects(folder: Path) -> Effects | None:
    """Return the effects that are kept in a campaign's folder; None if there are none to use.

    Raises
    ------
    ResultsError
        If the file is there and cannot be read.
    """
    path = folder / EFFECTS
    if not path.exists():
        return None
    try:
        return from_json(read_file(path, MOST_BYTES).decode("ascii"))
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"the measured effects {path} cannot be read ({error}); remove the file to measure "
            "them again"
        ) from error


def write_effects(folder: Path, effects: Effects) -> Path:
    """Keep effects in a campaign's folder and return their file."""
    path = folder / EFFECTS
    with whole_file(path) as file:
        file.write(to_json(effects).encode("ascii"))
    return path


def set_aside(folder: Path, limits: str) -> None:
    """Have the effects that were measured with some limits in their place, if there are any.

    Those of other limits get a name that tells these, so that measuring does not replace them.

    Parameters
    ----------
    folder : Path
        A campaign's folder, to which nobody else writes meanwhile.
    limits : str
        The limits' hash.

    Raises
    ------
    ResultsError
        If what is there cannot be read.
    """
    path, own = folder / EFFECTS, _aside(folder, limits)
    known = read_effects(folder)
    if known is not None and known.limits == limits:
        return
    if known is not None:
        path.replace(_aside(folder, known.limits))
    if own.exists():
        own.replace(path)


def _aside(folder: Path, limits: str) -> Path:
    """Return the file of effects that were measured with other limits than those in their place."""
    return folder / f"effects-{limits[:12]}.json"


def _lines(value: Any) -> str:
    """Return JSON, a row of a list on each line."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[" + ",\n ".join(json.dumps(row) for row in value) + "]"


def _counted(numbers: Any) -> list[list[Any]]:
    return [
        [key.place.layer, key.place.kernel, "+".join(key.technique), *key[2:], number]
        for key, number in sorted(numbers.items())
    ]


def _key(row: list[Any]) -> tuple[Stratum, tuple[str, ...], str]:
    layer, kernel, technique, mode = row[:4]
    place = Stratum(_whole(layer), str(kernel))
    return place, _technique(technique) if technique else (), str(mode)


def _technique(text: str) -> tuple[str, ...]:
    technique = tuple(text.split("+"))
    if not set(technique) <= set(TECHNIQUES):
        raise ValueError(f"{text!r} is no technique")
    return technique


def _whole(value: Any) -> int:
    """Return a number that counts something, or names a layer, a launch or an injection."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _ended(end: list[Any]) -> Ended:
    outcome, detail = end
    if outcome not in OUTCOMES:
        raise ValueError(f"{outcome!r} is no outcome")
    return Ended(outcome, str(detail))


def _exposure(row: list[Any]) -> tuple[Exposure, int]:
    image, size = row[4:]
    return Exposure(*_key(row), _whole(image)), _whole(size)


def _sample(row: list[Any]) -> tuple[Sample, int]:
    model, number = row[4:]
    return Sample(*_key(row), str(model)), _whole(number)


def _listed(struck: Struck) -> list[Any]:
    return [
        struck.place.layer,
        struck.place.kernel,
        "+".join(struck.technique),
        struck.mode,
        struck.model,
        struck.stratum,
        struck.index,
    ]


def _struck(row: list[Any]) -> Struck:
    model, stratum, index = row[4:7]
    return Struck(*_key(row), str(model), str(stratum), _whole(index))


def _damaging(row: list[Any]) -> Damaging:
    launch, outcome, detail, remedies = row[7:]
    return Damaging(
        _struck(row),
        _whole(launch),
        _ended([outcome, detail]),
        {Remedy.read(text): _ended(end) for text, end in remedies.items()},
    )
