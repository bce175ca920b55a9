"""What a campaign is: everything that can move a result, and how many injections are wanted.

A specification only states facts; what they mean is known to the packages that compute with them.
It is stored with the results, so that a campaign can be continued, checked and repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from softbeam.campaign.choices import CampaignChoices, Name, Target
from softbeam.errors import CampaignError
from softbeam.faults.load import Load, check_load
from softbeam.faults.models import MODELS
from softbeam.faults.modes import MODES, check_model, check_semantics
from softbeam.network.choices import Gemm
from softbeam.reasons import reason_of

#: Version of what the words in the results mean.  It enters the id; the version of the file's
#: tables, softbeam.campaign.results.schema.SCHEMA, does not: a column more is the same campaign.
RESULTS_SCHEMA = 1

if TYPE_CHECKING:
    Mode = str
    Model = str
else:
    Mode = Literal[tuple(MODES)]
    Model = Literal[tuple(MODELS)]

Sampling = Literal["uniform", "stratified"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class StreamRequest(_Fact):
    """How many injections of one mode and one bit-flip model are wanted.

    Attributes
    ----------
    mode : str
        One of :data:`softbeam.faults.modes.MODES`.
    model : str
        One of :data:`softbeam.faults.models.MODELS`, which the mode takes.
    injections : int
        How many.  Uniform sampling makes the indexes 0 to `injections` - 1; stratified sampling
        divides them among the strata.
    """

    mode: Mode
    model: Model
    injections: int = Field(ge=0)

    @model_validator(mode="after")
    def _address_modes_flip_bits(self) -> StreamRequest:
        try:
            check_model(self.mode, self.model)
        except CampaignError as error:
            raise ValueError(str(error)) from None
        return self


class LoadRequest(_Fact):
    """How many inferences with several faults are wanted.

    Attributes
    ----------
    mode, model : str
        What each of the faults is.
    load : str
        How many, as of :class:`softbeam.faults.load.Load`.
    inferences : int
        How many inferences, of indexes from 0.
    """

    mode: Mode
    model: Model
    load: str
    inferences: int = Field(ge=0)

    @model_validator(mode="after")
    def _can_be_drawn(self) -> LoadRequest:
        try:
            check_model(self.mode, self.model)
            check_load(self.mode, self.model, Load.read(self.load))
        except CampaignError as error:
            raise ValueError(str(error)) from None
        return self


#: What fields are that a hash or an unusual name does not explain.
_IN_WORDS = {
    "plan_sha256": "buffers and launches",
    "weights_sha256": "weights",
    "kernels_sha256": "machine code",
    "inputs_sha256": "inputs",
    "emulator_semantics": "the emulator's rules",
    "campaign_semantics": "the rules of drawing, propagation and classification",
    "boxes": "how a detector's boxes are compared",
    "judge": "what the answers are",
    "judge_sha256": "the file of the judge",
    "mask": "when two masks are one",
    "text": "how scores become a text",
    "values": "how far a value may be off",
}


class Difference(NamedTuple):
    """The first field in which two specifications differ, and its values in the two."""

    field: str
    first: Any
    second: Any

    @property
    def named(self) -> str:
        """The field, and in words what it is."""
        words = _IN_WORDS.get(self.field)
        return f"{self.field} ({words})" if words else self.field

    @property
    def values(self) -> tuple[str, str]:
        """The two values for a person to read: hashes by their first digits, long lists cut."""
        first, second = _shown(self.first), _shown(self.second)
        return (first, second) if first != second else (repr(self.first), repr(self.second))


def _shown(value: Any) -> str:
    if value is None:
        return "not given"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        shown = [_shown(one) for one in value]
        more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        return ", ".join(shown[:3]) + more if shown else "none"
    if isinstance(value, str):
        return f"{value[:12]}…" if len(value) == 64 else repr(value)
    return str(value)


class CampaignSpecification(CampaignChoices):
    """A campaign, complete enough to repeat every injection of it.

    Each (mode, model) is a stream of its own: an injection is known by (mode, model, index) and
    drawn from these and :attr:`campaign_id` alone.  What other streams are wanted, and how many
    injections, moves no result; so neither enters the id, and asking for more continues the same
    campaign.

    What a user chooses of it are :class:`softbeam.campaign.choices.CampaignChoices`; the rest is
    what the workload is and what is wanted.

    Attributes
    ----------
    network : str
        Name of the network.
    plan_sha256, weights_sha256, kernels_sha256 : str
        Hashes of the plan of buffers and launches, of the weights, and of the machine code.
    inputs_sha256 : tuple of str
        Hashes of the inputs; injection `index` gets input `index` modulo their number.
    emulator_semantics : int
        Version of what the emulator does, raised whenever a launch could end differently.
    campaign_semantics : int
        Version of what is done besides: native twins, drawing, propagation, classification.
    sampling : {"uniform", "stratified"}
        Whether sites are drawn from all of the scope, or from each kernel of each layer apart.
    results_schema : int
        Version of what the words in the results mean.
    streams : tuple of StreamRequest
        What is wanted, sorted, each (mode, model) once.
    target : Target or None
        Precision that is wanted besides.
    judge_sha256 : str or None
        Hash of the file of a judge of a user's own.
    loads : tuple of LoadRequest
        Inferences with several faults that are wanted, sorted, each (mode, model, load) once.
    """

    model_config = ConfigDict(strict=True)

    #: Campaigns of before there was a choice left products out, and keep their ids.
    gemm: Gemm = "library"
    network: Name
    plan_sha256: Sha256
    weights_sha256: Sha256
    inputs_sha256: Annotated[tuple[Sha256, ...], Field(min_length=1)]
    kernels_sha256: Sha256
    emulator_semantics: int = Field(ge=1)
    campaign_semantics: int = Field(default=1, ge=1)
    sampling: Sampling = "uniform"
    results_schema: int = Field(default=RESULTS_SCHEMA, ge=1)
    streams: tuple[StreamRequest, ...]
    target: Target | None = None
    judge_sha256: Sha256 | None = None
    loads: tuple[LoadRequest, ...] = ()

    @field_validator("streams")
    @classmethod
    def _each_stream_once(cls, streams: tuple[StreamRequest, ...]) -> tuple[StreamRequest, ...]:
        names = [(stream.mode, stream.model) for stream in streams]
        if len(set(names)) < len(names):
            raise ValueError("each mode and model can be asked for once")
        return tuple(sorted(streams, key=lambda stream: (stream.mode, stream.model)))

    @field_validator("loads")
    @classmethod
    def _each_load_once(cls, loads: tuple[LoadRequest, ...]) -> tuple[LoadRequest, ...]:
        names = [_load_key(one) for one in loads]
        if len(set(names)) < len(names):
            raise ValueError("each mode, model and number of faults can be asked for once")
        return tuple(sorted(loads, key=_load_key))

    @model_validator(mode="after")
    def _semantics_have_the_modes(self) -> CampaignSpecification:
        modes = [one.mode for one in self.streams] + [one.mode for one in self.loads]
        for mode in modes:
            try:
                check_semantics(self.fault_semantics, mode)
            except CampaignError as error:
                raise ValueError(str(error)) from None
        return self

    @property
    def campaign_id(self) -> str:
        """SHA-256, in hexadecimal, over everything that can move a result."""
        text = json.dumps(_identity(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def to_json(self) -> str:
        """Return the specification as JSON; :meth:`from_json` reads it back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> CampaignSpecification:
        """Read a specification.

        Parameters
        ----------
        text : str or bytes
            JSON, as :meth:`to_json` writes it.

        Returns
        -------
        CampaignSpecification
            An equal specification.

        Raises
        ------
        CampaignError
            If the text is no JSON, lacks a field, or has one that is unknown or invalid.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "as a whole"
            raise CampaignError(
                f"the campaign's specification is invalid, {place}: {reason_of(first)}"
            ) from error


def first_difference(
    first: CampaignSpecification, second: CampaignSpecification
) -> Difference | None:
    """Return the first field that makes two campaigns different ones.

    Parameters
    ----------
    first, second : CampaignSpecification
        Two specifications.

    Returns
    -------
    Difference or None
        None if they are the same campaign, whatever they ask for of it.
    """
    ours, theirs = _identity(first), _identity(second)
    for name in ours | theirs:
        if ours.get(name) != theirs.get(name):
            return Difference(name, ours.get(name), theirs.get(name))
    return None


def merged(stored: CampaignSpecification, asked: CampaignSpecification) -> CampaignSpecification:
    """Return the specification of a campaign of which more is asked for.

    Parameters
    ----------
    stored, asked : CampaignSpecification
        Two requests of the same campaign.

    Returns
    -------
    CampaignSpecification
        The same campaign with the streams of both, each as long as the longer request, and the
        target that was asked for last.

    Raises
    ------
    ValueError
        If they are different campaigns.
    """
    if stored.campaign_id != asked.campaign_id:
        raise ValueError(f"different campaigns: {first_difference(stored, asked)}")
    longest: dict[tuple[Mode, Model], int] = {}
    for stream in (*stored.streams, *asked.streams):
        name = (stream.mode, stream.model)
        longest[name] = max(longest.get(name, 0), stream.injections)
    streams = tuple(
        StreamRequest(mode=mode, model=model, injections=injections)
        for (mode, model), injections in sorted(longest.items())
    )
    target = stored.target if asked.target is None else asked.target
    loads: dict[tuple[Any, ...], LoadRequest] = {}
    for load in (*stored.loads, *asked.loads):
        key = _load_key(load)
        loads[key] = max(load, loads.get(key, load), key=lambda one: one.inferences)
    several = tuple(loads[key] for key in sorted(loads))
    return stored.model_copy(update={"streams": streams, "target": target, "loads": several})


def _load_key(load: LoadRequest) -> tuple[Any, ...]:
    return load.mode, load.model, Load.read(load.load).order


#: The fields that an id has always had.  A later choice enters it only where it is not what it
#: was before there was a choice, so that campaigns keep their ids and their draws.
_ALWAYS = frozenset(
    {
        "network",
        "plan_sha256",
        "weights_sha256",
        "inputs_sha256",
        "architecture",
        "kernels_sha256",
        "emulator_semantics",
        "fault_semantics",
        "kernels",
        "layers",
        "groups",
        "sampling",
        "im2col",
        "seed",
        "results_schema",
        "boxes.threshold",
        "boxes.overlap",
    }
)


def _identity(specification: CampaignSpecification) -> dict[str, Any]:
    """Return the fields that can move a result, in the order in which differences are told."""
    # The network first: where that is another one, nothing else need be said.
    moving = _moving(specification, "", without={"streams", "target", "loads"})
    return {"network": specification.network, **moving}


def _moving(facts: BaseModel, within: str, without: Set[str] = frozenset()) -> dict[str, Any]:
    dumped = facts.model_dump(mode="json")
    found = {}
    for name in type(facts).model_fields:
        value = getattr(facts, name)
        usual = value == type(facts).model_fields[name].default
        if name in without or (within + name not in _ALWAYS and usual):
            continue
        inner = isinstance(value, BaseModel)
        found[name] = _moving(value, f"{within}{name}.") if inner else dumped[name]
    return found
