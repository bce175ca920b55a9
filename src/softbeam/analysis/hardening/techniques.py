"""What hardening a piece of code costs: a model in dynamic instructions, from the profile.

The model is deliberately simple, and its every number is here: a technique executes the code of a
kernel so many times more, and adds so many instructions for each word that the kernel stores.  It
knows nothing of memory bandwidth, occupancy or launch overhead; it ranks, it does not predict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from softbeam.analysis.factors import By, Item
from softbeam.faults.space import FaultSpaceSize


@dataclass(frozen=True, slots=True)
class Work:
    """What a piece of code executes in one inference.

    Attributes
    ----------
    instructions : int
        Dynamic thread-instructions, predicated-off ones too.
    stores : int
        Of them executed stores.
    launches : int
        Launches.
    """

    instructions: int
    stores: int
    launches: int

    def __add__(self, other: Work) -> Work:
        return Work(
            self.instructions + other.instructions,
            self.stores + other.stores,
            self.launches + other.launches,
        )


@dataclass(frozen=True, slots=True)
class Technique:
    """A way to harden code, and its cost.

    Attributes
    ----------
    name, title : str
        Its name as an option, and in words.
    repeats : int
        Further executions of every instruction.
    per_store : int
        Further instructions for each stored word.
    removes : frozenset of str
        Which damage it removes where it is applied: ``"critical"``, ``"sdc"``, ``"due"``.
    partly : bool
        Whether it removes only a part of that damage, of which the records cannot tell how large:
        what is computed is then the most that it can remove.
    basis : str
        Where the model comes from.
    """

    name: str
    title: str
    repeats: int
    per_store: int
    removes: frozenset[str]
    partly: bool
    basis: str

    def cost(self, work: Work) -> int:
        """Return the further instructions that hardening this work costs."""
        return self.repeats * work.instructions + self.per_store * work.stores


#: Techniques by name.  A check of a stored word is a comparison and a branch, a vote one
#: instruction more, for the value and for its address each; clamping is a minimum and a maximum.
TECHNIQUES: Mapping[str, Technique] = {
    technique.name: technique
    for technique in (
        Technique(
            "duplication",
            "duplication with comparison",
            repeats=1,
            per_store=4,
            removes=frozenset({"critical", "sdc", "due"}),
            partly=False,
            basis="Every instruction is executed twice, and value and address are compared before "
            "each store: error detection by duplicated instructions (Oh, Shirvani and McCluskey, "
            "IEEE Trans. Reliability 51, 2002, doi:10.1109/24.994913; SWIFT, Reis et al., CGO "
            "2005, doi:10.1109/CGO.2005.34). What it detects is repaired by doing the launch "
            "again, which is not counted. The comparison of load addresses, without which a wild "
            "load still ends in a DUE, is not counted either.",
        ),
        Technique(
            "triplication",
            "triplication with vote",
            repeats=2,
            per_store=6,
            removes=frozenset({"critical", "sdc", "due"}),
            partly=False,
            basis="Every instruction is executed three times, and value and address are voted on "
            "before each store (SWIFT-R, Chang, Reis and August, DSN 2006, "
            "doi:10.1109/DSN.2006.15); nothing has to be repeated.",
        ),
        Technique(
            "range-check",
            "range checks",
            repeats=0,
            per_store=2,
            removes=frozenset({"critical", "sdc"}),
            partly=True,
            basis="Every stored value is clamped to the range that fault-free runs showed (Ranger, "
            "Chen, Li and Pattabiraman, DSN 2021, doi:10.1109/DSN48987.2021.00018). Errors inside "
            "the range, which few critical SDCs but many tolerable ones are, stay; the records do "
            "not hold which.",
        ),
    )
}


def work_of(
    sizes: Iterable[FaultSpaceSize], launches: Mapping[Item, int] | None = None
) -> dict[Item, Work]:
    """Return the work of each kernel in each layer, as the mean over the inputs.

    Parameters
    ----------
    sizes : iterable of FaultSpaceSize
        What a campaign counted of all three modes.  RF's places are all thread-instructions;
        IOA's are IOV's, which write a register, and the stores.
    launches : mapping of Item to int, optional
        Launches of each kernel in each layer.

    Returns
    -------
    dict of Item to Work
        Empty where a mode was not counted.
    """
    counted: dict[str, dict[Item, int]] = {mode: {} for mode in ("rf", "iov", "ioa")}
    images = set()
    for one in sizes:
        images.add(one.image)
        if one.mode not in counted:
            continue
        cell = Item(one.layer, one.kernel)
        counted[one.mode][cell] = counted[one.mode].get(cell, 0) + one.size
    if not all(counted.values()):
        return {}
    return {
        item: Work(
            round(size / len(images)),
            round((counted["ioa"].get(item, 0) - counted["iov"].get(item, 0)) / len(images)),
            (launches or {}).get(item, 0),
        )
        for item, size in sorted(counted["rf"].items(), key=lambda pair: pair[0].order)
    }


def work_by(work: Mapping[Item, Work], by: By) -> dict[Item, Work]:
    """Return the work of each layer, or of each kernel, from that of each kernel in each layer."""
    summed: dict[Item, Work] = {}
    for item, one in work.items():
        whole = item.by(by)
        summed[whole] = summed.get(whole, Work(0, 0, 0)) + one
    return summed
