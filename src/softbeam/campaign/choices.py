"""What a user can choose of a campaign and that its specification keeps.

The fields are options of ``softbeam campaign`` and ``plan``, keys of campaign files, and facts of
the specification at once; those of how a network is run come with them.  A new field leaves the
ids of campaigns that do not use it as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from softbeam.faults.models import SEMANTICS
from softbeam.injection.choices import JudgeChoices
from softbeam.network.choices import WorkloadChoices
from softbeam.options import WITH_COMMAS, WITH_RUNS, Choices, option
from softbeam.sass.opcodes import OPCODES

if TYPE_CHECKING:
    Semantics = str
else:
    Semantics = Literal[SEMANTICS]

#: Groups of opcodes that a scope can name.
GROUPS = tuple(sorted({opcode.group for opcode in OPCODES.values()}))

#: More multiprocessors than a launch can have blocks along x and y.
MOST_MULTIPROCESSORS = 1 << 20

Cells = Literal["all", "layer", "kernel", "layer-kernel"]
Name = Annotated[str, Field(min_length=1)]


class Target(Choices):
    """How precise the factors have to be before a campaign stops.

    Attributes
    ----------
    margin : float
        Largest half-width of the interval of any outcome's share in any cell.
    confidence : float
        Level of the intervals.
    per : {"all", "layer", "kernel", "layer-kernel"}
        What a cell is.
    """

    margin: float = option(
        gt=0,
        lt=0.5,
        help="Instead of a number: inject until the interval of every outcome's share is no "
        "wider than this to either side; 0.03 is 3 percentage points.",
    )
    confidence: float = option(0.95, gt=0, lt=1, help="Level of the intervals of --margin.")
    per: Cells = option(
        "all",
        help="What --margin is for: the shares of all injections, or those in each layer, each "
        "kernel, or each kernel of each layer.",
    )


class CampaignChoices(JudgeChoices, WorkloadChoices):
    """What is struck, by whose rules, and who judges.

    Attributes
    ----------
    fault_semantics : {"hardware", "sassifi", "nvbitfi"}
        Whose rules a fault follows where tools differ.
    layers : tuple of int, or None
        Layers in scope, sorted; None for all.
    kernels : tuple of str, or None
        Kernels in scope, sorted; None for all.
    groups : tuple of str, or None
        Groups of opcodes in scope, sorted; None for all.
    multiprocessors : int or None
        Among how many multiprocessors a launch's blocks are dealt, for faults that stay; None for
        as many as the architecture's GPU has.
    seed : int
        Another seed is another campaign.
    """

    layers: Annotated[tuple[int, ...], WITH_RUNS] | None = option(
        None, metavar="0,2,5-7", help="Strike these layers only."
    )
    kernels: Annotated[tuple[Name, ...], WITH_COMMAS] | None = option(
        None, metavar="NAME,…", help="Strike these kernels only, such as fill,im2col."
    )
    groups: Annotated[tuple[Name, ...], WITH_COMMAS] | None = option(
        None,
        metavar="NAME,…",
        help=f"Strike these groups of opcodes only: {', '.join(GROUPS)}.",
    )
    fault_semantics: Semantics = option(
        SEMANTICS[0],
        flag="--semantics",
        also=("semantics",),
        help="What a fault does where injectors differ: as recorded on a GPU (hardware), or as in "
        "SASSIFI or NVBitFI, NVIDIA's injectors that many published numbers come from.",
    )
    multiprocessors: int | None = option(
        None,
        ge=1,
        le=MOST_MULTIPROCESSORS,
        metavar="N",
        help="Of mode permanent: deal the blocks of a launch among so many multiprocessors, of "
        "which one has the fault; with 1 all threads meet it. Default: those of the GPU.",
    )
    seed: int = option(1, ge=0, help="Another seed draws other faults.")

    @field_validator("kernels", "layers", "groups")
    @classmethod
    def _scope_is_a_set(cls, scope: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        if scope is not None and not scope:
            raise ValueError("an empty scope leaves nothing to strike; None means all")
        return None if scope is None else tuple(sorted(set(scope)))
