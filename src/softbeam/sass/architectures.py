"""Names of architectures, and what differs between them besides their instructions."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: What is taken where none is named: that of the recorded GPU, an H100.
DEFAULT_ARCHITECTURE = "sm_90"

#: The first architecture whose uniform registers have eight bits in machine code, and whose
#: launches lie elsewhere in constant bank 0 (Blackwell).
_BLACKWELL = 100


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """Where constant bank 0 holds what a launch tells of clusters of blocks, as byte offsets.

    Attributes
    ----------
    shape, reciprocals, clusters : int
        Blocks of a cluster in each direction, 1 / each of them as float32, and clusters of the
        grid; three words each.
    size : int
        Blocks of a cluster.
    """

    shape: int
    reciprocals: int
    clusters: int
    size: int

    @property
    def words(self) -> frozenset[int]:
        """The byte offset of every word."""
        triples = (self.shape, self.reciprocals, self.clusters)
        return frozenset((self.size, *(first + 4 * part for first in triples for part in range(3))))


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """Where constant bank 0 holds what a launch tells its threads, as byte offsets.

    Attributes
    ----------
    block, grid : int
        blockDim and gridDim, three words each.
    stack : int
        The initial stack pointer.
    local_window : int
        The generic address of local memory, 64 bits.
    shared_window : int or None
        That of shared memory; None where threads read it from a special register alone.
    dynamic_shared : int or None
        Bytes of shared memory that the launch asks for beside the kernel's own; None where that
        is not known to lie.
    others : tuple of int
        Words that compiled code reads without an effect here: the descriptor of global memory, and
        whether a launch names the size of its clusters, which none does here.
    cluster : ClusterFacts or None
        What it tells of clusters; None where the architecture has none.
    """

    block: int
    grid: int
    stack: int
    local_window: int
    shared_window: int | None
    dynamic_shared: int | None = None
    others: tuple[int, ...] = ()
    cluster: ClusterFacts | None = None

    @property
    def known(self) -> frozenset[int]:
        """The byte offset of every word that is known."""
        windows = [self.local_window]
        windows += [] if self.shared_window is None else [self.shared_window]
        words = [self.block + 4 * part for part in range(3)]
        words += [self.grid + 4 * part for part in range(3)]
        words += [first + 4 * part for first in windows for part in range(2)]
        words += [] if self.dynamic_shared is None else [self.dynamic_shared]
        return frozenset((*words, self.stack, *self.others))


#: Recorded on an H100 (hardware README, point 4): dimensions and stack pointer.  The windows and
#: dynamic shared memory are what the compiler's code takes them for.
_RECORDED = LaunchFacts(
    block=0x0, grid=0xC, stack=0x28, local_window=0x20, shared_window=0x18, dynamic_shared=0x2C
)

#: Read from what the compiler makes of PTX's ``%cluster_nctaid``, ``%clusterid``, ``%nclusterid``
#: and ``%cluster_nctarank`` for sm_90.
_HOPPER = replace(
    _RECORDED, cluster=ClusterFacts(shape=0x144, reciprocals=0x150, clusters=0x15C, size=0x188)
)

#: By how much the same words lie lower on Blackwell, for each block of a cluster that
#: ``SR_CgaSize`` counts.  What that register holds is used for nothing else, so that the place of
#: the words for a cluster of one block is a choice, and what is read there is not.
_BY_CLUSTER_SIZE = 0xA0

#: Read from what the compiler makes of ``blockDim``, ``gridDim``, the stack and pointers to local
#: memory for sm_100 and sm_120.
_COMPILED = LaunchFacts(
    block=0x360,
    grid=0x370,
    stack=0x37C,
    local_window=0x2F8,
    shared_window=None,
    dynamic_shared=0x2AC - _BY_CLUSTER_SIZE,
    others=(0x358, 0x35C, 0x36C),
    cluster=ClusterFacts(
        shape=0x2A0 - _BY_CLUSTER_SIZE,
        reciprocals=0x2B0 - _BY_CLUSTER_SIZE,
        clusters=0x2C0 - _BY_CLUSTER_SIZE,
        size=0x2CC - _BY_CLUSTER_SIZE,
    ),
)


def is_blackwell(architecture: str) -> bool:
    """Return whether an architecture, such as ``sm_120``, is Blackwell or newer."""
    number = architecture.removeprefix("sm_").rstrip("af")
    return number.isdecimal() and int(number) >= _BLACKWELL


def launch_facts(architecture: str) -> LaunchFacts:
    """Return where constant bank 0 of an architecture holds the facts of a launch."""
    if is_blackwell(architecture):
        return _COMPILED
    return _HOPPER if architecture.startswith("sm_90") else _RECORDED
