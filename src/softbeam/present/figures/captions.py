"""What to see in each figure, and what it does not show: beside the figure and in the paper."""

from __future__ import annotations

LAYERS = (
    "Each bar is a layer: of all injections of this mode, the share that fell in the layer and "
    "ended as SDC, DUE or Masked. Each part has its own 95 % interval. A high bar is a layer that "
    "executes much, or is sensitive, or both; sensitivity alone is not shown here but by the "
    "conditional factors in the table."
)

LAYERS_OF_MANY = (
    "Each bar is a layer: of all injections of this mode, the share that fell in the layer and "
    "ended as SDC (above) or DUE (below), with 95 % intervals. Bands are the parts of the network. "
    "A high bar is a layer that executes much, or is sensitive, or both; sensitivity alone is not "
    "shown here but by the conditional factors in the table."
)

NEVER_READ = (
    " The bar N-R, on a scale of its own, holds the faults in registers that were never read "
    "again, which are Masked wherever they fell."
)

KERNELS = (
    "Each bar is a kernel: of all injections of the mode, the share that fell in the kernel and "
    "ended as SDC, DUE or Masked (without never-read faults), with 95 % intervals."
)

LEFT_OUT = (
    " Matrix products are a library's here and not struck: that they are missing does not mean "
    "that they are safe."
)

PARTS = (
    "Each bar is one {part}: of all injections of the mode, the share that fell there and ended as "
    "SDC, DUE or Masked, with 95 % intervals. A high bar is a {part} that is struck often, or is "
    "sensitive, or both; how sensitive it is say the conditional factors in the table."
)

HEAT = (
    "Each square is a {part} in a layer. The stronger its colour, the larger the share of the "
    "injections there that ended as SDC or as DUE; the larger the square, the shorter the 95 % "
    "interval. A place without a square was never struck, which does not mean that it is safe. "
    "How often a place is struck is not shown."
)

BITS = (
    "Each pair of points is a bit: of the injections that flipped it, the share that ended as SDC "
    "and as DUE, with 95 % intervals. All kernels and instructions are taken together, so the "
    "figure does not show in which of them a protected bit would help."
)

OPCODES = (
    "Each pair of bars is a kind of instruction: of the injections there, the share that ended as "
    "SDC and as DUE, with 95 % intervals. An RF fault strikes just before an instruction that "
    "need not use the register, so for RF the figure does not show what the instruction does."
)

SCORES = (
    "For every change of a score on the axis below, the share of the SDCs that moved some score "
    "by more, with 95 % bands. What is left at the right end moved a score beyond the axis or "
    "to NaN or infinity. A curve further to the right is of larger errors. Which score moved, and "
    "whether the answer changed, is not shown."
)

CLASSES = (
    "The classes that critical SDCs answered with, the most frequent first, as shares of the "
    "critical SDCs of all modes with 95 % intervals. They are of this campaign's inputs; what "
    "other inputs would turn into is not shown."
)

FRONT = (
    "The line is, for every cost, the largest share of the damage that hardening kernels in layers "
    "can remove, by the cost model stated below; where it is steep, a little hardening removes "
    "much. It is fitted to these injections; what is left of it on others is not shown but stated "
    "beside the answer."
)

PUBLISHED = (
    " Letters are published techniques as their abstracts state them, in other programs, of other "
    "errors and in run time, so they do not say who is better; the table below says what differs."
)

MEASURED = (
    "The square is the hardened network, struck again: what it removed, with its 95 % interval, "
    "and its instructions, counted. The line is, for every cost, the largest share of the damage "
    "that duplicating kernels in layers can remove, by the cost model stated below; it is not "
    "measured."
)

BY_EFFECT = (
    "Each step of the line is the cheapest choice of techniques for kernels in layers that removes "
    "so much of the damage seen, each technique by its measured effect; the bar at the answer is "
    "the 95 % interval of what is predicted of all damage, seen or not. Costs are instructions of "
    "the hardened machine code, counted; launches that are left out can make them less than "
    "nothing."
)

BESIDE_EFFECTS = (
    "The square is the hardened network, struck again: what it removed, with its 95 % interval, "
    "and its instructions, counted. Each step of the line is the cheapest choice of techniques "
    "for kernels in layers that removes so much of the damage seen, each technique by its effect "
    "measured on the unhardened network."
)

LOADS = (
    "Each point is as many inferences as the table says, each with so many faults at places drawn "
    "from all of the scope. A fault strikes in memory as the earlier ones of its inference left "
    "it. Bars are 95 % intervals, and as wide as the inputs differ, so that they speak of inputs "
    "like these. An inference that ends in a DUE has no answer, and so none that is right."
)
