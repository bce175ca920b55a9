"""Campaign files: everything that ``softbeam campaign`` takes, written down in TOML.

The fields are the command's options; what is left out has the option's default.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from softbeam.campaign.specification import (
    BoxRule,
    Cells,
    Mode,
    Model,
    Name,
    Sampling,
    Semantics,
    StreamRequest,
    Target,
)
from softbeam.errors import CampaignError
from softbeam.faults.models import PAPER, PAPER_INJECTIONS, check_semantics
from softbeam.files import read_file
from softbeam.network.decoding import Exif
from softbeam.network.planner import Im2col

#: Bytes of a campaign file.
_MOST = 1 << 20

#: Fields of a request that are options by another name, which can be given several times.
OPTIONS = {"modes": "mode", "models": "model", "images": "image"}


class Request(BaseModel):
    """What a user asks for: one campaign, before any file that it names is read.

    Attributes
    ----------
    network : str
        A network's name or the path of its file.
    weights : Path, optional
        Darknet ``.weights``.
    names : Path, optional
        Names of the classes, one a line.
    images : tuple of Path
        Inputs: files, and folders of files.
    exif : str
        Whether pictures are turned, see :data:`softbeam.network.decoding.Exif`.
    modes, models : tuple of str
        Each mode with each model; ``paper`` instead of both.
    paper : bool
        The paper's three modes and models.
    injections : int, optional
        Of each mode and model; without it 1,000, or as many as `margin` needs.
    margin, confidence, per
        Wanted precision, see :class:`softbeam.campaign.specification.Target`.
    stratified : bool
        Draw from each kernel of each layer apart.
    box_threshold, box_overlap : float, optional
        See :class:`softbeam.campaign.specification.BoxRule`.
    semantics, layers, kernels, groups, im2col, arch, seed
        See :class:`softbeam.campaign.specification.CampaignSpecification`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Name
    weights: Path | None = None
    names: Path | None = None
    images: tuple[Path, ...] = ()
    modes: tuple[Mode, ...] = ()
    models: tuple[Model, ...] = ("single-bit",)
    paper: bool = False
    injections: int | None = Field(default=None, ge=1)
    margin: float | None = Field(default=None, gt=0, lt=0.5)
    confidence: float = Field(default=0.95, gt=0, lt=1)
    per: Cells = "all"
    stratified: bool = False
    box_threshold: float | None = Field(default=None, gt=0, lt=1)
    box_overlap: float | None = Field(default=None, gt=0, le=1)
    semantics: Semantics = "hardware"
    layers: tuple[int, ...] | None = None
    kernels: tuple[Name, ...] | None = None
    groups: tuple[Name, ...] | None = None
    exif: Exif = "apply"
    im2col: Im2col = "always"
    arch: Name = "sm_90"
    seed: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _has_modes_that_fit(self) -> Request:
        if self.paper and (self.modes or "models" in self.model_fields_set):
            raise ValueError("paper names its own modes and models; leave modes and models out")
        if not (self.paper or self.modes):
            raise ValueError("give modes (rf, iov, ioa) or paper")
        if self.margin is not None and self.injections is not None:
            raise ValueError("give injections or margin, not both")
        if self.margin is None and self.model_fields_set & {"confidence", "per"}:
            raise ValueError("confidence and per are given, but they are about margin; give it too")
        try:
            for stream in self.streams:
                check_semantics(self.semantics, stream.mode)
        except ValidationError as error:
            raise ValueError(_reason(error.errors()[0])) from None
        except CampaignError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def streams(self) -> tuple[StreamRequest, ...]:
        """The modes and models, each with how many injections are wanted at least."""
        wanted: list[tuple[str, str]] = list(PAPER) if self.paper else []
        wanted += [(mode, model) for mode in self.modes for model in self.models]
        injections = 0 if self.margin is not None else self.injections or PAPER_INJECTIONS
        return tuple(
            StreamRequest.model_validate({"mode": mode, "model": model, "injections": injections})
            for mode, model in dict.fromkeys(wanted)
        )

    @property
    def target(self) -> Target | None:
        """The wanted precision."""
        if self.margin is None:
            return None
        return Target(margin=self.margin, confidence=self.confidence, per=self.per)

    @property
    def boxes(self) -> BoxRule | None:
        """How a detector's answers are judged, where it is said."""
        given = {"threshold": self.box_threshold, "overlap": self.box_overlap}
        known = {name: value for name, value in given.items() if value is not None}
        return BoxRule(**known) if known else None

    @property
    def sampling(self) -> Sampling:
        """Stratified if asked for, or if the precision is wanted in single cells."""
        apart = self.margin is not None and self.per != "all"
        return "stratified" if self.stratified or apart else "uniform"


def checked_request(values: dict[str, Any]) -> Request:
    """Return a request from the command line's options.

    Raises
    ------
    CampaignError
        Naming the option that is wrong.
    """
    try:
        return Request.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise CampaignError(_reason(first)) from None
        field = str(first["loc"][0])
        option = OPTIONS.get(field, field).replace("_", "-")
        raise CampaignError(
            f"--{option} {first['input']!r} is not possible: {_reason(first)}"
        ) from None


def read_request(path: Path) -> Request:
    """Read a campaign file; paths in it count from its own folder.

    Raises
    ------
    CampaignError
        If it cannot be read or is no valid campaign, naming file, line and field.
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
        request = Request.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        place = f", line {line_of(text, field)}, {field}" if field in values else ""
        missing = f", {field}" if field and field not in values else ""
        raise CampaignError(f"{path}{place}{missing}: {_reason(first)}") from None
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
        }
    )


def line_of(text: str, field: str) -> int:
    r"""Return the line of a TOML text on which a field is set; 1 if none is found.

    Examples
    --------
    >>> line_of("network = 'a'\n\nseed = -1", "seed")
    3
    """
    pattern = re.compile(rf"\s*\"?{re.escape(field)}\"?\s*=")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return number
    return 1


def _reason(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(error["loc"][0]), Request.model_fields, n=1)
        return "there is no such field" + (f"; did you mean {near[0]}?" if near else "")
    return str(error["msg"]).removeprefix("Value error, ")
