"""What is wrong with a program before it runs: everything at once, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.errors import ProgramError
from softbeam.program.description import (
    Address,
    Check,
    Copy,
    Description,
    Launch,
    Step,
    addresses,
)


def check(program: Description) -> None:
    """Raise if a program names what it does not have, or answers nothing.

    What only its machine code can tell, such as the number of a kernel's arguments, is checked by
    :func:`softbeam.program.loading.load`.

    Raises
    ------
    ProgramError
        Naming everything that is wrong, a line each.
    """
    wrong = list(_wrong(program))
    if wrong:
        raise ProgramError("\n".join(f"program {program.name}: {one}" for one in wrong))


def place(number: int, step: Step) -> str:
    """Return how messages name a step.

    Examples
    --------
    >>> place(3, Launch("fill", (1, 1, 1), (32, 1, 1), ()))
    'step 3 (launch of fill)'
    """
    if isinstance(step, Launch):
        return f"step {number} (launch of {step.kernel})"
    if isinstance(step, Copy):
        return f"step {number} (copy to {step.target.buffer})"
    return f"step {number} (check {step.name})"


def _wrong(program: Description) -> Iterator[str]:
    if not program.codes:
        yield "it has no machine code; add a cubin"
    if not program.launches:
        yield "it launches nothing; add a launch"
    for number, step in enumerate(program.steps):
        for reason in _wrong_step(program, step):
            yield f"{place(number, step)}: {reason}"
    if not program.outputs:
        yield "it has no output; say which buffers are its answer"
    for name in sorted({one for one in program.outputs if program.outputs.count(one) > 1}):
        yield f"the output {name!r} is named twice"
    reached = {one.buffer for step in program.steps for one in _written(step)}
    for name in dict.fromkeys(program.outputs):
        if name not in program.buffers:
            yield f"the output {name!r} is none of its buffers"
        elif name not in reached:
            yield f"no launch is given the output {name!r}, and nothing is copied to it"


def _written(step: Step) -> tuple[Address, ...]:
    """Return the addresses through which a step may write."""
    if isinstance(step, Launch):
        return tuple(addresses(step.arguments))
    return (step.target,) if isinstance(step, Copy) else ()


def _wrong_step(program: Description, step: Step) -> Iterator[str]:
    if isinstance(step, Check):
        if step.buffer not in program.buffers:
            yield f"there is no buffer {step.buffer!r}"
        return
    named = addresses(step.arguments) if isinstance(step, Launch) else (step.source, step.target)
    whole = True
    for address in named:
        if address.buffer not in program.buffers:
            whole = False
            yield f"there is no buffer {address.buffer!r}"
        elif not 0 <= address.offset < program.buffers[address.buffer].nbytes:
            whole = False
            size = program.buffers[address.buffer].nbytes
            yield f"offset {address.offset} is not within the {size} bytes of {address.buffer!r}"
    if isinstance(step, Copy) and whole:
        yield from _wrong_copy(program, step)


def _wrong_copy(program: Description, step: Copy) -> Iterator[str]:
    if step.nbytes < 1 or step.nbytes % 4 or step.source.offset % 4 or step.target.offset % 4:
        yield f"{step.nbytes} bytes are not copied: whole words of 4 bytes are, at whole words"
        return
    for one in (step.source, step.target):
        size = program.buffers[one.buffer].nbytes
        if one.offset + step.nbytes > -(-size // 4) * 4:
            yield (
                f"{step.nbytes} bytes from byte {one.offset} on are not within the {size} bytes "
                f"of {one.buffer!r}"
            )
    first, second = sorted((step.source, step.target), key=lambda one: one.offset)
    if first.buffer == second.buffer and first.offset + step.nbytes > second.offset:
        yield f"source and target overlap in {first.buffer!r}"
