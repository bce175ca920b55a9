"""Draw fault sites exactly uniformly over a fault space, from names alone."""

from __future__ import annotations

from softbeam.emulator.execution import LANES
from softbeam.emulator.launching import Launch, Runner
from softbeam.emulator.skeletons import find_in_block
from softbeam.emulator.vector import Strikes, fault_vector
from softbeam.errors import InternalError
from softbeam.faults.memory import MemorySpace
from softbeam.faults.models import Change, change, positions
from softbeam.faults.modes import MODES, Drawing, Target
from softbeam.faults.site import FaultSite, MemorySite, Site, UnitSite
from softbeam.faults.space import FaultSpace
from softbeam.faults.units import UnitSpace
from softbeam.network.device import Device
from softbeam.sass import pc_of

#: Bits of a random value: a register's.
VALUE_BITS = 32


def resolve(
    runner: Runner, launch: Launch, row: int, unit: int, ordinal: int, *, executed: bool
) -> tuple[int, int, int]:
    """Find the thread behind a unit's n-th thread-instruction at a row, by running it.

    Returns
    -------
    block, thread, occurrence : int
        Block, thread in the block, and how often the thread reached the row before.

    Raises
    ------
    InternalError
        If the unit has no such thread-instruction: profile and emulator disagree.
    """
    if launch.program.has_barrier:
        found = find_in_block(launch, unit, row, ordinal, executed=executed)
        if found is not None:
            return unit, *found
    warps = 1 if launch.program.has_barrier else launch.shape.warps
    block, first = unit // warps, unit % warps
    for warp in range(launch.shape.warps) if launch.program.has_barrier else (first,):
        search = fault_vector(
            Strikes.RESOLVE,
            thread=warp * LANES,
            pc=pc_of(row),
            occurrence=ordinal,
            executed=executed,
        )
        ending = runner.run(launch, block, warp, budget=1 << 40, fault=search)
        if ending.resolved:
            return block, warp * LANES + ending.lane, ending.occurrence
        # Within a block, a place is numbered warp by warp.
        ordinal -= ending.fired
    raise InternalError(
        f"{launch.program.function.name}: unit {unit} has fewer executions of pc {pc_of(row):#x} "
        "than its profile"
    )


def draw_site(
    device: Device,
    runner: Runner,
    space: FaultSpace,
    model: str,
    draws: Drawing,
    fault_semantics: str = "hardware",
) -> FaultSite:
    """Draw one fault in an instruction.

    Parameters
    ----------
    device : Device
        Whose launches are struck.
    runner : Runner
        Runs the one warp that is asked for its thread.
    space : FaultSpace
        Places of the mode, each equally likely.
    model : str
        The bit-flip model; its bits and the register are uniform too.
    draws : Draws
        The injection's random numbers.
    fault_semantics : str
        Whose rules the fault follows.

    Returns
    -------
    FaultSite
        The same for the same names, whatever was drawn before.
    """
    mode = MODES[space.mode]
    number, row, unit, ordinal = space.locate(draws.below(space.size, "place"))
    launch = device.launch(number)
    program = launch.program
    block, thread, occurrence = resolve(runner, launch, row, unit, ordinal, executed=mode.executed)
    if mode.target is None:
        raise InternalError(f"mode {mode.name} draws no instructions")
    target, register = mode.target(program, row, draws)
    changed = _change(model, target, draws, fault_semantics)
    return FaultSite(
        mode=space.mode,
        model=model,
        launch=number,
        block=block,
        thread=thread,
        pc=pc_of(row),
        occurrence=occurrence,
        target=target.name,
        register=register,
        change=changed,
        registers=program.function.registers,
    )


def _change(model: str, target: Target, draws: Drawing, fault_semantics: str) -> Change:
    changed = change(
        model,
        draws.below(positions(model, target.width), "bit"),
        draws.below(1 << VALUE_BITS, "value"),
        fault_semantics,
    )
    return target.under(changed, fault_semantics)


def draw(
    device: Device,
    runner: Runner,
    space: FaultSpace | MemorySpace | UnitSpace,
    model: str,
    draws: Drawing,
    fault_semantics: str = "hardware",
) -> Site:
    """Draw one fault from a fault space of any kind; parameters as of :func:`draw_site`."""
    if isinstance(space, FaultSpace):
        return draw_site(device, runner, space, model, draws, fault_semantics)
    (target,) = MODES[space.mode].targets
    rank = draws.below(space.size, "place")
    changed = _change(model, target, draws, fault_semantics)
    if isinstance(space, MemorySpace):
        cell, buffer, launch, word = space.locate(rank)
        return MemorySite(space.mode, model, target.name, changed, launch, cell, buffer, word)
    opcode, multiprocessor, lane = space.locate(rank)
    return UnitSite(
        space.mode,
        model,
        target.name,
        changed,
        opcode,
        multiprocessor,
        space.multiprocessors,
        lane,
    )
