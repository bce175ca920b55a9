"""What a user can choose of how a network becomes launches: machine code, and Darknet's variants.

Each field is an option of every command that runs a network and a fact of every campaign.  Whoever
plans or runs a network is given these choices as a whole, so that a further one is declared here
and used where it matters, with nothing between.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from softbeam.kernels import ARCHITECTURES, GPUS
from softbeam.network.decoding import Exif
from softbeam.network.hardening.rules import TECHNIQUES, checked_rules
from softbeam.network.preprocessing import (
    Preprocessing,
    Preset,
    checked_resize,
    preprocessing,
)
from softbeam.options import WITH_COMMAS, Choices, option
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    from softbeam.network.hardening.calibration import Calibration

    Architecture = str
else:
    Architecture = Literal[ARCHITECTURES]

Im2col = Literal["always", "except-1x1"]
Gemm = Literal["struck", "library"]

_Numbers = Annotated[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], WITH_COMMAS]
_Positive = Annotated[tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...], WITH_COMMAS]


def checked_numbers(text: str) -> str:
    """Return a name and numbers that a user writes for an input.

    Examples
    --------
    >>> checked_numbers("scale_factor=1,0.5")
    'scale_factor=1,0.5'
    """
    name, _, numbers = text.rpartition("=")
    try:
        found = [float(one) for one in numbers.split(",")]
    except ValueError:
        found = []
    if not name or not all(isfinite(one) for one in found) or not found:
        raise ValueError(f"{text!r} is no name and numbers, such as scale_factor=1,1")
    return text


class WorkloadChoices(Choices):
    """How a network is run.

    Attributes
    ----------
    architecture : str
        Whose machine code runs, one of :data:`softbeam.kernels.ARCHITECTURES`.
    im2col : {"always", "except-1x1"}
        Whether 1x1 convolutions with stride 1 launch im2col, as Darknet did until May 2018 and in
        the paper, or are matrix products alone, as since, and as in AlexeyAB's dialect anyway.
    gemm : {"struck", "library"}
        Whether matrix products are launches of softbeam's own SGEMM, which can be struck, or those
        of a library, as in the paper, whose machine code is not known and which are left out.
    input_shape : tuple of int
        The sides of an ONNX model's input, where the model leaves them open; empty if it does not.
    output : str, optional
        The names of an ONNX model's answers, with commas, where not all of its outputs are meant.
    constants : tuple of str
        What inputs of an ONNX model beside its image hold, such as ``scale_factor=1,1``.
    harden : str, optional
        Which kernels are hardened how, see :func:`softbeam.network.hardening.rules.read_rules`.
        With which limits is told by the hash of the plan.
    """

    architecture: Architecture = option(
        DEFAULT_ARCHITECTURE,
        flag="--arch",
        also=("arch",),
        help="Machine code: " + ", ".join(f"{name} ({gpu})" for name, gpu in GPUS.items()) + ".",
    )
    im2col: Im2col = option(
        "always",
        help="For 1x1 convolutions, too: always, as Darknet until May 2018 and in the paper, or "
        "except-1x1, as since.",
    )
    gemm: Gemm = option(
        "struck",
        help="Matrix products: struck like other launches, in an SGEMM with shared memory and "
        "tiles, or left out as a library's, as in the paper.",
    )
    input_shape: Annotated[tuple[PositiveInt, ...], WITH_COMMAS] = option(
        (),
        metavar="N,C,H,W",
        help="Sides of an ONNX model's input that the model leaves open, such as 1,3,320,320; "
        "default: the model's.",
    )
    output: str | None = option(
        None,
        metavar="NAME,…",
        help="Of an ONNX model's outputs those that are its answer, or any tensors of it; default: "
        "all.",
    )
    constants: tuple[Annotated[str, AfterValidator(checked_numbers)], ...] = option(
        (),
        flag="--input",
        metavar="NAME=NUMBERS",
        help="What another input of an ONNX model than its image holds, such as scale_factor=1,1, "
        "or one number for all of it; can be given several times.",
    )
    harden: Annotated[str, AfterValidator(checked_rules)] | None = option(
        None,
        metavar="RULES",
        help="Harden kernels: KERNEL[@LAYERS]=TECHNIQUE[+TECHNIQUE] with commas, such as "
        "maxpool=range,gemm=checksum. Techniques: " + ", ".join(TECHNIQUES) + "; lean, alone, "
        "leaves out what only training needs. KERNEL can be * (all that have it) or gemm.",
    )


class InputChoices(Choices):
    """The files that a network is run with, before any of them is read.

    An image is a file; an input is what the network gets from it.  What a campaign's inputs were
    made of is told by their hashes.

    Attributes
    ----------
    weights : Path, optional
        Darknet ``.weights``.
    images : tuple of Path
        Files, and folders of files.
    preprocess : {"none", "imagenet", "darknet"}
        What is done to pictures, see :data:`softbeam.network.preprocessing.Preset`.
    exif, resize, mean, std, scale, bgr
        What is done otherwise, see :class:`softbeam.network.preprocessing.Preprocessing`.
    """

    weights: Path | None = option(
        None, help="Darknet .weights; default: those that come with softbeam."
    )
    images: tuple[Path, ...] = option(
        (),
        flag="--image",
        other_flags=("--images",),
        metavar="FILE|FOLDER",
        help="An image, or a folder of them, or one with a folder for each class; can be given "
        "several times, injections take turns; default: a photo of a cup of coffee.",
    )
    preprocess: Preset = option(
        "none",
        help="What is done to pictures: imagenet, as torchvision evaluates its classifiers; "
        "darknet, as Darknet (letterbox, EXIF ignored); none: the middle, values from 0 to 1. The "
        "options below say otherwise",
    )
    resize: Annotated[str, AfterValidator(checked_resize)] | None = option(
        None,
        metavar="short|letterbox|N|WxH",
        help="Scale pictures until both sides cover the input (short), or fit into it on grey "
        "(letterbox), or the short side has N pixels, or to W times H; what hangs over is cut off.",
    )
    mean: _Numbers = option(
        (), metavar="M,M,M", help="Subtract it from each channel, or one number from all."
    )
    std: _Positive = option((), metavar="S,S,S", help="Then divide each channel by it, or all.")
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = option(
        None, help="First multiply pixels from 0 to 1 by it, such as 255."
    )
    bgr: bool = option(False, help="Channels are blue, green, red; mean and std, too.")
    exif: Exif = option(
        "apply",
        help="Turn pictures as their camera noted (apply), or take them as they are stored, as "
        "Darknet does (ignore).",
    )

    @property
    def preprocessing(self) -> Preprocessing:
        """What is done to pictures: the preset, and what was said beside it."""
        names = {"exif", "resize", "mean", "std", "scale", "bgr"} & self.model_fields_set
        return preprocessing(self.preprocess, {name: getattr(self, name) for name in names})


class CalibrationChoices(Choices):
    """Where the limits of a hardened network come from.

    What they are is part of the plan, so that its hash tells it.

    Attributes
    ----------
    calibration : tuple of Path
        Image files, and folders of them; the inputs themselves if none is given.
    limit_margin : float
        By what share of their distance limits are wider than what is found.
    limits : Path, optional
        A file of limits, instead of images.
    """

    calibration: tuple[Path, ...] = option(
        (),
        metavar="FILE|FOLDER",
        help="Images, or folders of them, on which the limits of --harden …=range are found; can "
        "be given several times; default: the inputs themselves.",
    )
    limit_margin: float = option(
        0.0,
        ge=0,
        allow_inf_nan=False,
        help="Widen these limits to either side by this share of their distance.",
    )
    limits: Path | None = option(
        None, help="Limits that were found before, such as those that softbeam harden wrote."
    )

    @model_validator(mode="after")
    def _limits_are_found_or_given(self) -> Self:
        if self.limits is not None and (self.calibration or self.limit_margin):
            raise ValueError("give limits, or calibration images with their margin, not both")
        return self

    @property
    def calibrated(self) -> Calibration:
        """The same, limits read from their file.

        Raises
        ------
        NetworkError
            If that cannot be read.
        """
        from softbeam.network.hardening.calibration import Calibration
        from softbeam.network.hardening.limits import read_limits

        limits = None if self.limits is None else read_limits(self.limits)
        return Calibration(self.calibration, self.limit_margin, limits)


class LabelChoices(Choices):
    """What is right, of labelled images.

    Attributes
    ----------
    labels : Path, optional
        A table of labels, where not the images' folders are named after classes.
    """

    labels: Path | None = option(
        None,
        help="Labels of the images, for accuracy: a CSV file of lines file,label; a label is a "
        "class's name or number. Default: the folders' names, where each class has a folder.",
    )


class WorkloadRequest(WorkloadChoices, CalibrationChoices, InputChoices):
    """What is run: a network with its files.

    Attributes
    ----------
    network : str
        A network's name or the path of its file.
    names : Path, optional
        Names of the classes, one a line.
    """

    network: Annotated[str, Field(min_length=1)] = option(
        argument=True,
        metavar="NETWORK",
        help="extraction, googlenet, or the path of a .cfg or .onnx file.",
    )
    names: Path | None = option(None, help="Names of the classes, one a line.")

    @model_validator(mode="after")
    def _calibrates_what_is_hardened(self) -> Self:
        if self.harden is None and (self.calibration or self.limit_margin or self.limits):
            raise ValueError(
                "calibration, limit_margin and limits are about a hardened network; give harden too"
            )
        return self


#: How a network is run where nothing else is said.
USUAL = WorkloadChoices()
