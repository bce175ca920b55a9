"""What each figure shows and does not: one sentence each, beside the figure and in the paper."""

from __future__ import annotations

LAYERS = (
    "Of all injections of this mode, the share that fell in each layer and ended as SDC, DUE or "
    "Masked, each with the 95 % interval of its own part; it mixes how much of the computation is "
    "in a layer with how sensitive the layer is, and does not show sensitivity alone (see the "
    "conditional factors in the table)."
)

NEVER_READ = (
    " The bar N-R, on a scale of its own, holds the faults in registers that were never read "
    "again, which are Masked wherever they fell."
)

KERNELS = (
    "Of all injections of each mode, the share that fell in each kernel and ended as SDC, DUE or "
    "Masked (without never-read faults), with 95 % intervals; GEMM is a library's, is never "
    "struck, and so is not shown to be safe."
)

HEAT = (
    "Of the injections that fell in each kernel of each layer, the share that ended as SDC and as "
    "DUE: the stronger the colour the more, and the larger a square the shorter its 95 % "
    "interval; a place without a square was never struck, which does not show that it is safe, "
    "nor does the map show how often a place is struck."
)

BITS = (
    "Of the injections that flipped each bit, the share that ended as SDC and as DUE, with 95 % "
    "intervals; bits of different kernels and instructions are put together, so it does not show "
    "which of them a protected bit would help."
)

OPCODES = (
    "Of the injections at instructions of each kind, the share that ended as SDC and as DUE, with "
    "95 % intervals; an RF fault strikes just before an instruction that need not use the "
    "register, so for RF it does not show what the instruction itself is worth."
)

SCORES = (
    "For every change of a score, the share of the SDCs that moved some score by more, with 95 % "
    "bands, those with NaN or infinity at the right end; it does not show which score moved, nor "
    "whether the answer changed."
)

CLASSES = (
    "The classes that critical SDCs answered with, the most frequent first, as shares of the "
    "critical SDCs of all modes with 95 % intervals; it is of this campaign's inputs and does not "
    "show what other inputs would turn into."
)

FRONT = (
    "For every cost the largest share of the damage that hardening kernels in layers can remove, "
    "by the cost model stated below; it is fitted to these injections, so it does not show what "
    "is left of it on others (stated beside the answer)."
)
