"""One injection's row: what was struck and what came of it.

Here lives the fact that travels from an injection to the results file and on to the tables, and
the words that its fields use.  How it is found is the rest of this package's work, how it is kept
:mod:`softbeam.campaign.store`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The three outcomes; every injection has exactly one.
OUTCOMES = ("Masked", "SDC", "DUE")

#: The details that each outcome is divided into; every injection has exactly one.
DETAILS = {
    "Masked": ("never read", "overwritten", "dead", "absorbed"),
    "SDC": ("critical", "top-5", "tolerable"),
    "DUE": (
        "illegal address",
        "misaligned address",
        "out-of-range address",
        "invalid address space",
        "illegal instruction",
        "invalid pc",
        "hang",
    ),
}


#: What an SDC of a detector is divided into instead (:mod:`softbeam.injection.detection`).
DETECTION_DETAILS = ("box class", "box number", "box position", "tolerable")


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionRecord:
    """One row of a results file: a fault site and its outcome.

    Attributes
    ----------
    index : int
        0-based number of the injection within its stream: its mode, model and stratum.
    mode : str
        ``"rf"`` (register file), ``"iov"`` (instruction output value) or ``"ioa"`` (instruction
        output address).
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
        ``"register"``, ``"destination_index"`` or ``"store_address"``.
    register : int or None
        The general register that was changed, or the destination's first register.
    bit : int or None
        Lowest flipped bit, where the model has one.
    before, after : int or None
        Value before and after the change: uint32, and uint64 of a store address.
    outcome, detail : str
        One of :data:`OUTCOMES`, and one of its :data:`DETAILS`; a detector's SDC has one of
        :data:`DETECTION_DETAILS`.
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
