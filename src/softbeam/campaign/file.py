"""Campaign files: everything that ``softbeam campaign`` takes, written down in TOML.

The keys are the command's options (:class:`softbeam.campaign.request.Request`); what is left out
has the option's default.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from softbeam.campaign.request import Request
from softbeam.errors import CampaignError
from softbeam.files import read_file
from softbeam.injection.choices import own_function
from softbeam.options import wrong_choices

#: Bytes of a campaign file.
_MOST = 1 << 20


def read_request(path: Path) -> Request:
    """Read a campaign file; paths in it count from its own folder.

    Raises
    ------
    CampaignError
        If it cannot be read or is no valid campaign, naming file, line and field of everything
        that is wrong, a line each.
    """
    try:
        text = read_file(path, _MOST).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CampaignError(f"cannot read the campaign file {path}: {reason}") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(f"{path} is no TOML: {error}") from None
    try:
        request = Request.from_keys(values)
    except ValidationError as error:
        raise CampaignError("\n".join(_wrong(path, text, error))) from None
    folder = path.parent
    network = request.network
    if network.endswith((".cfg", ".onnx")):
        network = str(folder / network)
    return request.model_copy(
        update={
            "network": network,
            "weights": folder / request.weights if request.weights else None,
            "names": folder / request.names if request.names else None,
            "images": tuple(folder / image for image in request.images),
            "calibration": tuple(folder / image for image in request.calibration),
            "limits": folder / request.limits if request.limits else None,
            "labels": folder / request.labels if request.labels else None,
            "judge": request.judge
            and (str(folder / request.judge) if own_function(request.judge) else request.judge),
        }
    )


def _wrong(path: Path, text: str, error: ValidationError) -> list[str]:
    lines = []
    for option, name, _, reason in wrong_choices(Request, error):
        keys = option.keys if option is not None else (name,) if name else ()
        place = next(
            (f", line {line}, {key}" for key in keys if (line := line_of(text, key))),
            f", {keys[0]}" if keys else "",
        )
        lines.append(f"{path}{place}: {reason}")
    return lines


def line_of(text: str, key: str) -> int | None:
    r"""Return the line of a TOML text on which a key is set; None if none is found.

    Examples
    --------
    >>> line_of("network = 'a'\n\nseed = -1", "seed")
    3
    """
    pattern = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return number
    return None
