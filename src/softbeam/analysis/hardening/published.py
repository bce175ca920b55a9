"""What others published of hardening GPU code and networks: shares removed, costs, and of what.

Every figure is one that its paper's abstract states, which is what was read; a figure that an
abstract does not state is absent.  Costs are of run time, on those papers' machines; softbeam's
are of instructions.  Shares are of other faults in other programs.  So nothing here is a result to
beat number by number: it says what a user may expect, and what is counted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """What is published of a quantity: from and to, as parts of one; alike where it is one number.

    Attributes
    ----------
    low, high : float
        Its ends.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Half way between the ends."""
        return (self.low + self.high) / 2.0


@dataclass(frozen=True, slots=True)
class Published:
    """A published technique.

    Attributes
    ----------
    name : str
        What it is called.
    technique : str
        What it does.
    removed : Range or None
        The share of `errors` that it detects, corrects or masks; None where no number is given.
    errors : str
        What that is a share of, or what is said instead of a number.
    cost : Range or None
        Further run time; None where no number is given.
    costs : str
        What the cost is of, or what is said instead of a number.
    differs : str
        What differs from a campaign of softbeam's.
    paper, doi : str
        Authors, title, place and year; its identifier.
    """

    name: str
    technique: str
    removed: Range | None
    errors: str
    cost: Range | None
    costs: str
    differs: str
    paper: str
    doi: str

    @property
    def is_point(self) -> bool:
        """Whether it can be drawn: share and cost are both numbers."""
        return self.removed is not None and self.cost is not None


def _one(value: float) -> Range:
    return Range(value, value)


#: The published techniques, the oldest first.
PUBLISHED: tuple[Published, ...] = (
    Published(
        name="HOG by KVF",
        technique="duplication of the critical kernels",
        removed=_one(0.85),
        errors="critical errors, detected",
        cost=_one(0.118),
        costs="run time",
        differs="histograms of oriented gradients, no network; what it detects is not corrected",
        paper='L. Weigel, F. Fernandes, P. Navaux, P. Rech, "Kernel vulnerability factor and '
        'efficient hardening for histogram of oriented gradients", DFT 2017',
        doi="10.1109/DFT.2017.8244439",
    ),
    Published(
        name="SwapCodes",
        technique="duplicated instructions, checked by the register file's error codes",
        removed=_one(0.993),
        errors="pipeline errors, detected (more than)",
        cost=_one(0.15),
        costs="run time, on average",
        differs="needs other hardware; its faults are in the pipeline, below the instructions",
        paper='M. B. Sullivan et al., "SwapCodes: '
        'error codes for hardware-software cooperative GPU pipeline error detection", MICRO 2018',
        doi="",
    ),
    Published(
        name="Instruction replication (SC18)",
        technique="every instruction twice, in software",
        removed=None,
        errors="detects what the second copy shows; the abstract has no number",
        cost=_one(0.69),
        costs="run time, on average; 30 % with extensions of the instruction set",
        differs="every instruction of a program, not chosen kernels",
        paper='A. Mahmoud, S. K. S. Hari, M. B. Sullivan, T. Tsai, S. W. Keckler, "Optimizing '
        'software-directed instruction replication for GPU error detection", SC 2018',
        doi="10.1109/SC.2018.00070",
    ),
    Published(
        name="Selective hardening of ResNet",
        technique="hardened versions of the most vulnerable kernels",
        removed=_one(0.9338),
        errors="injected errors, masked (up to)",
        cost=_one(0.0535),
        costs="run time (less than)",
        differs="ResNet-50 to 152 and SASSIFI on a GPU; of all injected errors, not of those that "
        "did damage. Misclassifications fall from 4.2 to 0.104 % of the injections",
        paper='Y. Ibrahim, H. Wang, M. Bai, Z. Liu, J. Wang, Z. Yang, Z. Chen, "Soft error '
        'resilience of deep residual networks for object recognition", IEEE Access 8 (2020)',
        doi="10.1109/ACCESS.2020.2968129",
    ),
    Published(
        name="Ranger",
        technique="activations clamped to the range of fault-free runs",
        removed=None,
        errors="3 to 50 times more resilient: 67 to 98 % fewer SDCs",
        cost=None,
        costs="negligible, by the abstract",
        differs="acts in the network's graph, not in machine code",
        paper='Z. Chen, G. Li, K. Pattabiraman, "A low-cost fault corrector for deep neural '
        'networks through range restriction", DSN 2021',
        doi="10.1109/DSN48987.2021.00018",
    ),
    Published(
        name="FT-CNN",
        technique="checksums of convolutions, which detect and correct",
        removed=None,
        errors="handles soft errors in convolutions; the abstract has no number",
        cost=Range(0.04, 0.08),
        costs="run time, without and with errors",
        differs="convolutions alone",
        paper="K. Zhao, S. Di, S. Li, X. Liang, Y. Zhai, J. Chen, K. Ouyang, F. Cappello, "
        'Z. Chen, "FT-CNN: algorithm-based fault tolerance for convolutional neural networks", '
        "IEEE TPDS 32 (2021)",
        doi="10.1109/TPDS.2020.3043449",
    ),
    Published(
        name="ABED",
        technique="checksums of convolutions, which detect",
        removed=_one(1.0),
        errors="transient errors of convolutions that could corrupt the output, detected",
        cost=Range(0.06, 0.23),
        costs="run time",
        differs="convolutions alone, in reduced precision; about 1.4 % of the computations are "
        "outside",
        paper='S. K. S. Hari, M. B. Sullivan, T. Tsai, S. W. Keckler, "Making convolutions '
        'resilient via algorithm-based error detection techniques", IEEE TDSC 19 (2022)',
        doi="10.1109/TDSC.2021.3063083",
    ),
    Published(
        name="Selective protection (FILR)",
        technique="the most vulnerable feature maps protected, doubtful inferences run again",
        removed=_one(1.0),
        errors="errors of ResNet-50, covered (the target that was set)",
        cost=_one(0.046),
        costs="run time on a Jetson Xavier; 20.8 % more multiply-adds",
        differs="quantised networks; the cost of another network, or of another target, is another",
        paper='A. Mahmoud et al., "Optimizing selective protection for CNN resilience", ISSRE 2021',
        doi="",
    ),
)
