"""What a launch does: instructions, bytes and threads, as a roofline model needs them.

All follows from the launch's profile, its machine code and its plan; nothing is emulated here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from softbeam.emulator.lowering import Program
from softbeam.intervals import merged
from softbeam.network.plan import Launch, Span
from softbeam.network.profile import LaunchProfile
from softbeam.sass.opcodes import find_opcode

#: Threads of a warp.
WARP = 32


@dataclass(frozen=True, slots=True)
class LaunchWork:
    """What a launch does.

    Attributes
    ----------
    blocks, warps : int
        Of its grid.
    longest : int
        Most instructions that any thread executes.
    instructions : int
        Dynamic thread-instructions, predicated-off ones too.
    executed : int
        Those that are not predicated off.
    warp_instructions : int
        Instructions that warps issue, exactly as long as threads of a warp stay together; where
        they part, or warps of one block are counted together, at least so many.
    fp32, fp64 : int
        Executed thread-instructions of float32 and of float64 arithmetic.
    loaded, stored : int
        Bytes that threads ask of global memory and give to it, whichever cache answers.
    touched : int
        Bytes of the words that the plan says are read, and of those that are written, each
        counted once however often: what at least has to move if nothing is in a cache before.
    """

    blocks: int
    warps: int
    longest: int
    instructions: int
    executed: int
    warp_instructions: int
    fp32: int
    fp64: int
    loaded: int
    stored: int
    touched: int


#: Fields that add up over launches and inputs.
SUMS = tuple(
    field.name for field in fields(LaunchWork) if field.name not in ("blocks", "warps", "longest")
)


def work_of_launch(launch: Launch, program: Program, profile: LaunchProfile) -> LaunchWork:
    """Return what a launch does.

    Parameters
    ----------
    launch : Launch
        Of the plan.
    program : Program
        Its machine code.
    profile : LaunchProfile
        Its counts.
    """
    active, executed = profile.totals[:, 0], profile.totals[:, 1]
    opcodes = [find_opcode(instruction) for instruction in program.function.instructions]
    groups = np.array(["" if one is None else one.group for one in opcodes])
    units = np.bincount(profile.class_of_unit, minlength=profile.classes.shape[0])
    issued = -(-profile.classes[:, :, 0].astype(np.int64) // WARP)
    blocks, threads = (int(np.prod(sides)) for sides in (launch.grid, launch.block))
    return LaunchWork(
        blocks=blocks,
        warps=blocks * -(-threads // WARP),
        longest=profile.longest,
        instructions=int(active.sum()),
        executed=int(executed.sum()),
        warp_instructions=int((units @ issued).sum()),
        fp32=int(executed[groups == "fp32"].sum()),
        fp64=int(executed[groups == "fp64"].sum()),
        loaded=int(executed @ program.loaded_bytes),
        stored=int(executed @ program.stored_bytes),
        touched=4 * (_words(launch.reads) + _words(launch.writes)),
    )


def _words(spans: Iterable[Span]) -> int:
    """Return the words of some spans, each counted once."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for span in spans:
        ranges.setdefault(span.buffer, []).append((span.start, span.end))
    return sum(end - start for own in ranges.values() for start, end in merged(own))
