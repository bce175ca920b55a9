"""What a user asks for: one campaign, before any file that it names is read.

The fields are the options of ``softbeam campaign`` and the keys of campaign files; how they are
read from a file is in :mod:`softbeam.campaign.file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from softbeam.campaign.choices import CampaignChoices, Name, Target
from softbeam.campaign.specification import LoadRequest, Mode, Model, Sampling, StreamRequest
from softbeam.errors import CampaignError
from softbeam.faults.load import MOST, RATE_MODEL, Load
from softbeam.faults.models import MODELS, MOST_BITS, WARP, bits_model
from softbeam.faults.modes import MODES, PAPER, PAPER_INJECTIONS, check_semantics, in_words
from softbeam.network.catalogue import check_network
from softbeam.network.choices import LabelChoices, WorkloadRequest
from softbeam.options import IN_ANY_CASE, WITH_COMMAS, WITH_RUNS, option, options_of
from softbeam.program.folder import is_program
from softbeam.reasons import reason_of

_PAPERS = ", ".join(f"{mode.upper()} {model}" for mode, model in PAPER)


class Request(CampaignChoices, LabelChoices, WorkloadRequest):
    """A campaign as a user describes it.

    Attributes
    ----------
    modes, models : tuple of str
        Each mode with each model; ``paper`` instead of both.
    bits : tuple of int
        Numbers of adjacent bits to flip: further models, or instead of the default one.
    paper : bool
        The paper's three modes and models; `gemm` is ``library`` unless it is given.
    injections : int, optional
        Of each mode and model; without it 1,000, or as many as the target needs.
    target : Target or None
        Wanted precision.
    faults, rates : tuple
        Numbers of faults in one inference, and bit-error rates, that are wanted besides.
    inferences : int, optional
        Inferences of each of these.
    stratified : bool
        Draw from each kernel of each layer apart.
    """

    network: Name = option(
        argument=True,
        metavar="NETWORK|FILE.toml",
        help="extraction, googlenet, the path of a .cfg or .onnx file, or a campaign file that "
        "holds the options.",
    )
    modes: Annotated[tuple[Mode, ...], IN_ANY_CASE] = option(
        (),
        flag="--mode",
        help=f"What is struck: {in_words(MODES)}. Several with commas, or several times.",
    )
    models: Annotated[tuple[Model, ...], IN_ANY_CASE] = option(
        ("single-bit",),
        flag="--model",
        metavar="MODEL",
        help=f"What a fault makes of the value: {in_words(MODELS)}; with {WARP} behind it, in all "
        "threads of the warp that execute with the struck one. Several: each with each mode.",
    )
    bits: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_BITS)], ...], WITH_RUNS] = option(
        (),
        metavar="N",
        help=f"Flip N adjacent bits: the bit-flip model N-bit, of up to {MOST_BITS} bits (1 and 2 "
        "are single-bit and double-bit). Several with commas, or several times; with --model as "
        "well as those.",
    )
    paper: bool = option(
        False,
        help=f"The paper's modes and models, {_PAPERS}, and its scope: matrix products are left "
        "out unless --gemm struck is given.",
    )
    injections: int | None = option(
        None, ge=1, help=f"Injections of each mode and model; default: {PAPER_INJECTIONS}."
    )
    faults: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST)], ...], WITH_RUNS] = option(
        (),
        metavar="1-4,8",
        help="Besides, inferences with so many faults each, drawn from all of the scope: outcomes, "
        "and accuracy where images have labels.",
    )
    rates: Annotated[
        tuple[Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)], ...], WITH_COMMAS
    ] = option(
        (),
        flag="--bit-error-rate",
        key="bit_error_rate",
        metavar="1e-9",
        help="Besides, inferences in which each bit of the fault space flips with this "
        "probability, of model single-bit.",
    )
    inferences: int | None = option(
        None,
        ge=1,
        help="Inferences of each number of faults and rate; default: as many as injections.",
    )
    target: Target | None = None
    stratified: bool = option(
        False, help="Draw from each kernel of each layer apart, rare ones more often."
    )

    @model_validator(mode="before")
    @classmethod
    def _precision_has_a_margin(cls, values: Any) -> Any:
        target = values.get("target") if isinstance(values, Mapping) else None
        if isinstance(target, Mapping) and "margin" not in target:
            raise ValueError("confidence and per are given, but they are about margin; give it too")
        return values

    @model_validator(mode="before")
    @classmethod
    def _the_paper_leaves_products_out(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and values.get("paper") is True:
            return {"gemm": "library", **values}
        return values

    @model_validator(mode="after")
    def _has_modes_that_fit(self) -> Request:
        if self.paper and (self.modes or self.bits or "models" in self.model_fields_set):
            raise ValueError("paper names its own modes and models; leave modes and models out")
        if self.multiprocessors is not None and all(
            MODES[mode].space != "units" for mode in self.modes
        ):
            raise ValueError("multiprocessors is about faults that stay; give mode permanent too")
        if not (self.paper or self.modes):
            raise ValueError(f"give modes ({', '.join(MODES)}) or paper")
        if self.target is not None and self.injections is not None:
            raise ValueError("give injections or margin, not both")
        if self.inferences is not None and not (self.faults or self.rates):
            raise ValueError("inferences are given, but neither faults nor bit_error_rate")
        if self.rates and all(model != RATE_MODEL for _, model in self._wanted):
            raise ValueError(f"bit_error_rate is of model {RATE_MODEL}; give that model")
        try:
            _ = self.loads
            for stream in self.streams:
                check_semantics(self.fault_semantics, stream.mode)
        except ValidationError as error:
            raise ValueError(reason_of(error.errors()[0])) from None
        except CampaignError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def streams(self) -> tuple[StreamRequest, ...]:
        """The modes and models, each with how many injections are wanted at least."""
        injections = 0 if self.target is not None else self.injections or PAPER_INJECTIONS
        return tuple(
            StreamRequest(mode=mode, model=model, injections=injections)
            for mode, model in self._wanted
        )

    @property
    def loads(self) -> tuple[LoadRequest, ...]:
        """The inferences with several faults; one fault is what the streams have."""
        number = self.inferences or self.injections or PAPER_INJECTIONS
        return tuple(
            LoadRequest(mode=mode, model=model, load=str(load), inferences=number)
            for mode, model in self._wanted
            for load in (
                *(Load(faults=one) for one in sorted(set(self.faults)) if one > 1),
                *(Load(rate=one) for one in sorted(set(self.rates)) if model == RATE_MODEL),
            )
        )

    @property
    def _wanted(self) -> tuple[tuple[str, str], ...]:
        """The modes and models, each pair once."""
        wanted: list[tuple[str, str]] = list(PAPER) if self.paper else []
        flips = tuple(map(bits_model, self.bits))
        models = (*self.models, *flips) if "models" in self.model_fields_set or not flips else flips
        wanted += [(mode, model) for mode in self.modes for model in models]
        return tuple(dict.fromkeys(wanted))

    @property
    def sampling(self) -> Sampling:
        """Stratified if asked for, or if the precision is wanted in single cells."""
        apart = self.target is not None and self.target.per != "all"
        return "stratified" if self.stratified or apart else "uniform"

    @classmethod
    def from_options(cls, given: Mapping[str, Any]) -> Request:
        """Return what options ask for, or the campaign file that stands in the network's place.

        Raises
        ------
        CampaignError
            Naming the options, or the file, lines and fields, that are wrong.
        """
        from softbeam.campaign.file import read_request

        network = str(given["network"])
        if not network.endswith(".toml"):
            # Before anything else: what is given for a network that there is not says little.
            if not is_program(network):
                check_network(network)
            return super().from_options(given)
        others = sorted(set(given) - {"network"})
        flags = {one.keys[0]: one.flags[0] for one in options_of(cls)}
        if others:
            raise CampaignError(
                f"{flags[others[0]]} is given beside the campaign file {network}; "
                "write it into the file"
            )
        return read_request(Path(network))
