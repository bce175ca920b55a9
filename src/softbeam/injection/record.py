"""One injection's row: what was struck and what came of it.

Here lives the fact that travels from an injection to the results file and on to the tables.  The
words of its endings are :mod:`softbeam.injection.outcomes`', those of what was struck
:mod:`softbeam.faults.modes`'.  How it is found is the rest of this package's work, how it is kept
:mod:`softbeam.campaign.store`'s.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionRecord:
    """One row of a results file: a fault site and its outcome.

    Attributes
    ----------
    index : int
        0-based number of the injection within its stream: its mode, model and stratum.
    mode : str
        A mode of :mod:`softbeam.faults.modes`, such as ``"rf"``.
    model : str
        A bit-flip model of :mod:`softbeam.faults.models`, such as ``"single-bit"``.
    stratum : str
        ``LAYER/KERNEL`` from which the site was drawn, or empty: from all of the scope.
    image : int
        Which of the campaign's inputs the network was given.
    launch, layer : int
        Index of the struck launch in the plan, and Darknet's number of its layer.
    kernel, arch : str
        Short name of the struck kernel, and the architecture of its machine code.
    block_x, block_y, block_z, thread_x, thread_y, thread_z : int
        The struck thread.
    pc : int
        Byte address of the struck instruction within its kernel.
    opcode : str
        The struck instruction with its modifiers, such as ``"IMAD.WIDE"``.
    occurrence : int
        0-based count of the times that the thread reached `pc` before.
    target : str
        What was changed: one of the mode's targets, such as ``"register"``.
    register : int or None
        The general register that was changed, or the destination's first register.
    bit : int or None
        Lowest flipped bit, where the model has one.
    before, after : int or None
        Value before and after the change: uint32 of a register, the number of a destination's
        register.  None of the address of a store: `bit` says what was flipped, and the address
        itself depends on where the buffers lie.
    outcome, detail : str
        See :mod:`softbeam.injection.outcomes`.
    propagated : bool
        Whether the rest of the network had to be run.
    changed_words : int
        Words of memory that the struck warp left different.
    not_finite : bool
        Whether the outcome is an SDC whose output holds a NaN or an infinity.
    unrecorded : int
        Accesses to mapped memory of which no recording says what it holds.
    instructions : int
        Warp instructions that the strike executed.
    top1 : int or None
        Top-1 class after the fault, of an SDC whose scores are not all NaN.
    largest_change : float or None
        Largest absolute difference of an output score, of an SDC; may be infinite.
    """

    index: int
    mode: str
    model: str
    stratum: str
    image: int
    launch: int
    layer: int
    kernel: str
    arch: str
    block_x: int
    block_y: int
    block_z: int
    thread_x: int
    thread_y: int
    thread_z: int
    pc: int
    opcode: str
    occurrence: int
    target: str
    register: int | None
    bit: int | None
    before: int | None
    after: int | None
    outcome: str
    detail: str
    propagated: bool
    changed_words: int
    not_finite: bool
    unrecorded: int
    instructions: int
    top1: int | None
    largest_change: float | None
