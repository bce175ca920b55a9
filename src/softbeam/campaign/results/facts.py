"""Facts about what a campaign struck: names, launches, inputs and their answers, for reading.

None of them moves a result, so none enters the campaign's id.  They are kept with the results so
that tables and pages can be made of them without the network's files.  Files of schema 1 have only
names, of layers and where the user gave them of classes, in text files beside them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from softbeam.campaign.setup import InjectorSetup
    from softbeam.injection.boxes import Bits
    from softbeam.injection.judges.base import Judge
    from softbeam.network.hardening.limits import Limits
    from softbeam.network.plan import Plan
    from softbeam.network.workload import Workload

#: Longer side of a thumbnail, in pixels, and how many inputs have one.
THUMBNAIL, WITH_THUMBNAIL = 96, 24


class _Facts(BaseModel):
    # What a later softbeam adds is left out, not refused: it is for reading alone.
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")


def _from_base64(value: Any) -> Any:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


#: A picture's file, in JSON as base64.
Picture = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(lambda data: base64.b64encode(data).decode(), return_type=str),
]


class KernelFacts(_Facts):
    """A kernel that a layer launches.

    Attributes
    ----------
    name : str
        The kernel.
    launches : int
        How often the layer launches it.
    struck : bool
        Whether softbeam can strike it; not a library's matrix product.
    """

    name: str
    launches: int = Field(ge=1)
    struck: bool = True


class LayerFacts(_Facts):
    """A layer.

    Attributes
    ----------
    number : int
        Its number, as in the column ``layer``.
    name : str
        What the model calls it, or its type and shape.
    kernels : tuple of KernelFacts
        What it launches, in order of the first launch.
    takes : tuple of int or None
        The layers whose output it reads, -1 for the network's input; None in results of before
        this was kept.
    """

    number: int
    name: str
    kernels: tuple[KernelFacts, ...] = ()
    takes: tuple[int, ...] | None = None


class GoldenClass(_Facts):
    """The fault-free answer of a network that tells classes apart.

    Attributes
    ----------
    number, second : int
        The class with the highest score, and the one behind it.
    name, second_name : str
        What they are called; empty where that is not known.
    score, lead : float
        The highest score, and by how much it is above the second.
    """

    number: int
    name: str = ""
    score: float
    second: int
    second_name: str = ""
    lead: float


class InputFacts(_Facts):
    """One of a campaign's inputs.

    Attributes
    ----------
    number : int
        Its number, as in the column ``image``.
    file : str
        Name of the image's file, without its folder.
    thumbnail : bytes or None
        PNG of what the network was given, for the first inputs.
    golden : GoldenClass or None
        The fault-free answer, of a network that tells classes apart.
    boxes : int or None
        Boxes in the fault-free answer, of a detector.
    answer : str
        The fault-free answer in words, of other networks.
    label : int or None
        The right class, where it is known.
    label_name : str
        What it is called; empty where that is not known.
    """

    number: int
    file: str
    thumbnail: Picture | None = None
    golden: GoldenClass | None = None
    boxes: int | None = None
    answer: str = ""
    label: int | None = Field(default=None, ge=0)
    label_name: str = ""


class ScopeFacts(_Facts):
    """Which part of what is executed a campaign can strike, over all of its inputs.

    Attributes
    ----------
    executed : int
        Thread-instructions that are executed and not predicated off, of all launches whose machine
        code is known.
    in_scope : int
        Those of them in the launches and groups of opcodes that can be struck.
    left_out : int
        Multiply-adds of the matrix products that are a library's: as many thread-instructions at
        least, unknown ones, are executed besides.
    """

    executed: int = Field(ge=0)
    in_scope: int = Field(ge=0)
    left_out: int = Field(default=0, ge=0)

    @property
    def share(self) -> float:
        """The share of the executed instructions that is in scope; at most, with a library's."""
        return self.in_scope / max(1, self.executed + self.left_out)


class WorkFacts(_Facts):
    """What a launch does, or several alike, over all of a campaign's inputs.

    The numbers are sums over `launches` and the inputs, as of
    :class:`softbeam.network.work.LaunchWork`; `blocks`, `warps` and `longest` are those of a
    single launch.

    Attributes
    ----------
    layer, kernel
        Where.
    launches : int
        Launches of one inference that are alike.
    blocks, warps : int
        Of one launch.
    longest : int
        Most instructions that any thread of one executes.
    instructions, executed, warp_instructions, fp32, fp64 : int
        Dynamic instructions.
    loaded, stored, touched : int
        Bytes of global memory.
    """

    layer: int
    kernel: str
    launches: int = Field(ge=1)
    blocks: int = Field(ge=1)
    warps: int = Field(ge=1)
    longest: int = Field(ge=0)
    instructions: int = Field(ge=0)
    executed: int = Field(ge=0)
    warp_instructions: int = Field(ge=0)
    fp32: int = Field(ge=0)
    fp64: int = Field(ge=0)
    loaded: int = Field(ge=0)
    stored: int = Field(ge=0)
    touched: int = Field(ge=0)


class Facts(_Facts):
    """What a campaign struck.

    Attributes
    ----------
    network_file, weights_file : str or None
        Names of the files of the network and of its weights, without folders; None where they are
        softbeam's own, or in the network's file.
    classes : tuple of str
        Names of the classes, by number; empty where they are not known.
    layers : tuple of LayerFacts
        Its layers, in order.
    inputs : tuple of InputFacts
        Its inputs, in order.
    preprocessing : str
        What was done to an image file before it was the network's input: one sentence.
    unread : dict of str to (int, int)
        By mode that leaves out what is known to change nothing: its places, and what is left out.
    versions : dict of str to str
        What computed the golden runs: softbeam, Python, libraries, system.
    answers : str
        What the answers were taken for: one of :data:`softbeam.injection.choices.KINDS`, or
        ``function``; empty in results of before there was a choice.
    scope : ScopeFacts or None
        Which part of the executed instructions can be struck.
    work : tuple of WorkFacts
        What all launches do whose machine code is known, in scope or not; empty in results of
        before it was counted.
    limits : str
        Of a hardened network that is clamped its limits, as
        :meth:`softbeam.network.hardening.limits.Limits.to_json` writes them; else empty.
    """

    network_file: str | None = None
    weights_file: str | None = None
    classes: tuple[str, ...] = ()
    layers: tuple[LayerFacts, ...] = ()
    inputs: tuple[InputFacts, ...] = ()
    preprocessing: str = ""
    unread: dict[str, tuple[int, int]] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    answers: str = ""
    scope: ScopeFacts | None = None
    work: tuple[WorkFacts, ...] = ()
    limits: str = ""

    @property
    def known_limits(self) -> Limits | None:
        """The limits of a hardened network.

        Raises
        ------
        NetworkError
            If they cannot be read.
        """
        from softbeam.network.hardening.limits import Limits

        return Limits.from_json(self.limits, "the results' limits") if self.limits else None

    @property
    def layer_names(self) -> dict[int, str]:
        """Names of the layers by number."""
        return {layer.number: layer.name for layer in self.layers}

    @property
    def launches(self) -> dict[tuple[int, str], int]:
        """Launches by layer and kernel, a library's left out."""
        return {
            (layer.number, kernel.name): kernel.launches
            for layer in self.layers
            for kernel in layer.kernels
            if kernel.struck
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return the facts as rows: a name and JSON."""
        return [
            (name, self.model_dump_json(include={name})) for name in sorted(type(self).model_fields)
        ]

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[Any, ...]]) -> Facts:
        """Return the facts of rows.

        Raises
        ------
        ValueError
            If one of them cannot be read.
        """
        known: dict[str, Any] = {}
        for name, text in rows:
            if name not in cls.model_fields:
                continue
            try:
                one = cls.model_validate_json(text)
            except ValidationError as error:
                raise ValueError(f"the fact {name} cannot be read") from error
            known[name] = getattr(one, name)
        return cls(**known)


def facts_beside(folder: Path) -> Facts:
    """Return the names that lie beside results of schema 1; what cannot be read is left out."""
    layers = []
    for line in _lines(folder / "layers.txt"):
        number, _, name = line.partition(" ")
        if number.isdecimal():
            layers.append(LayerFacts(number=int(number), name=name))
    return Facts(layers=tuple(layers), classes=tuple(_lines(folder / "classes.txt")))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def facts_of(workload: Workload, setup: InjectorSetup, versions: dict[str, str]) -> Facts:
    """Return the facts of a campaign whose golden runs are made.

    Parameters
    ----------
    workload : Workload
        What is struck.
    setup : InjectorSetup
        With the golden runs.
    versions : dict of str to str
        What computes.
    """
    from softbeam.campaign.scope import scope_facts, work_facts
    from softbeam.campaign.setup import unread_places
    from softbeam.injection.judging import judge_for
    from softbeam.network.golden import open_golden_run

    names = workload.network.classes or ()
    judge = judge_for(workload.plan, setup.specification, setup.judge)
    inputs = []
    for number, one in enumerate(setup.inputs):
        answer = open_golden_run(workload.plan, one.golden).answer
        golden, boxes, told = _answer(judge, answer, names)
        pictured = workload.plan.native and number < WITH_THUMBNAIL
        image, shape = workload.images[number], workload.network.input_shape
        inputs.append(
            InputFacts(
                number=number,
                file=workload.input_files[number],
                thumbnail=thumbnail(image, shape) if pictured else None,
                golden=golden,
                boxes=boxes,
                answer=told,
                **_label(workload, number),
            )
        )
    return Facts(
        network_file=workload.network_file,
        weights_file=workload.weights_file,
        classes=tuple(names),
        layers=layer_facts(workload.plan),
        inputs=tuple(inputs),
        preprocessing=workload.preprocessing,
        unread=unread_places(setup, {stream.mode for stream in setup.specification.streams}),
        versions=versions,
        answers=judge.kind,
        scope=scope_facts(setup),
        work=work_facts(setup),
        limits="" if workload.limits is None else workload.limits.to_json(),
    )


def _label(workload: Workload, number: int) -> dict[str, Any]:
    """Return what is right of an input, where it is known."""
    if workload.labels is None:
        return {}
    label = workload.labels[number]
    named = dict(enumerate(workload.network.classes or ()))
    return {"label": label, "label_name": named.get(label, "")}


def layer_facts(plan: Plan) -> tuple[LayerFacts, ...]:
    """Return the layers of a plan with what each launches."""
    launches: dict[int, dict[str, int]] = {}
    library = {launch.kernel for launch in plan.launches if launch.library}
    takes = sources(plan)
    for launch in plan.launches:
        kernels = launches.setdefault(launch.layer, {})
        kernels[launch.kernel] = kernels.get(launch.kernel, 0) + 1
    return tuple(
        LayerFacts(
            number=layer.index,
            name=" ".join(layer.title.split()),
            kernels=tuple(
                KernelFacts(name=name, launches=number, struck=name not in library)
                for name, number in launches.get(layer.index, {}).items()
            ),
            takes=takes.get(layer.index, ()),
        )
        for layer in plan.layers
    )


def sources(plan: Plan) -> dict[int, tuple[int, ...]]:
    """Return by layer the layers whose words it reads, -1 for the network's input.

    Trained words, which no layer writes, come from nowhere.
    """
    takes: dict[int, set[int]] = {}
    writers: dict[str, dict[tuple[int, int], int]] = {
        plan.input: {(0, plan.buffers[plan.input].words): -1}
    }
    for launch in plan.launches:
        own = takes.setdefault(launch.layer, set())
        for span in launch.reads:
            for (start, end), layer in writers.get(span.buffer, {}).items():
                if start < span.end and span.start < end and layer != launch.layer:
                    own.add(layer)
        for span in launch.writes:
            kept = {(span.start, span.end): launch.layer}
            for (start, end), layer in writers.get(span.buffer, {}).items():
                # Of what was written before, what lies outside is still there.
                for piece in ((start, min(end, span.start)), (max(start, span.end), end)):
                    if piece[0] < piece[1]:
                        kept[piece] = layer
            writers[span.buffer] = kept
    return {layer: tuple(sorted(found)) for layer, found in takes.items()}


def _answer(
    judge: Judge, answer: Bits, names: tuple[str, ...]
) -> tuple[GoldenClass | None, int | None, str]:
    """Return the fault-free class, the number of boxes, or what else the answer says in words."""
    import numpy as np

    from softbeam.injection.classification import ranking
    from softbeam.injection.detection import BoxJudge

    if isinstance(judge, BoxJudge):
        return None, len(judge.meaning(answer)), ""
    if judge.kind != "classes":
        return None, None, judge.told(answer, dict(enumerate(names)))
    scores = answer.view(np.float32)
    if len(scores) < 2 or not np.isfinite(scores).all():
        return None, None, ""
    first, second = ranking(scores)[:2].tolist()
    named = dict(enumerate(names))
    return (
        GoldenClass(
            number=first,
            name=named.get(first, ""),
            score=float(scores[first]),
            second=second,
            second_name=named.get(second, ""),
            lead=float(scores[first]) - float(scores[second]),
        ),
        None,
        "",
    )


def thumbnail(image: NDArray[np.float32], shape: tuple[int, int, int]) -> bytes | None:
    """Return a small PNG of an input, as the network gets it.

    Parameters
    ----------
    image : numpy.ndarray of float32
        The input, channel by channel, row by row; its least value becomes black, its greatest
        white, unless all are from 0 to 1.
    shape : tuple of int
        Channels, height and width.

    Returns
    -------
    bytes or None
        None for an input that is no picture: neither 1 nor 3 channels.
    """
    import numpy as np
    from PIL import Image

    channels = shape[0]
    if channels not in (1, 3) or not np.isfinite(image).all():
        return None
    low, high = min(0.0, float(image.min())), max(1.0, float(image.max()))
    pixels = np.moveaxis(image.reshape(shape), 0, -1)
    grey = np.rint((pixels - low) / (high - low) * 255).astype(np.uint8)
    picture = Image.fromarray(grey[:, :, 0] if channels == 1 else np.ascontiguousarray(grey))
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
