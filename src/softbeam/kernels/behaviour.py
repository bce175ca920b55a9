"""What softbeam knows of a kernel beside its machine code: twin, stores, owners, way of a change.

A family of kernels declares all four side by side, in a module of
:mod:`softbeam.kernels.families`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from softbeam.errors import InternalError
from softbeam.kernels.signatures import Arguments
from softbeam.kernels.stored import Stored, Stores, dense

NOBODY = -1
"""The owner of a word that no thread of the launch stores."""

BLOCK = 512
"""Threads in a block, Darknet's for all of its kernels."""

Owner = Callable[[Arguments, int], int]
"""Which thread stores a word: arguments and the word's place, counted from the written pointer, to
its number in the launch, blocks one behind the other and numbered x fastest, or :data:`NOBODY`."""


@dataclass(frozen=True, slots=True)
class Pointwise:
    """Each written element depends on the read elements of the same number, and thread writes it.

    Element n lies ``OFF + n * INC`` words behind its pointer, as in BLAS: of a pointer X the kernel
    has parameters OFFX and INCX, or these are 0 and 1.

    Parameters
    ----------
    count
        The parameter that says how many elements there are.
    reads, writes
        The parameters that point to what is read and written.
    keeps
        Parameters that point to copies which only training reads.
    """

    count: str
    reads: tuple[str, ...]
    writes: str
    keeps: tuple[str, ...] = ()

    def owner(self, arguments: Arguments, word: int) -> int:
        """Return the thread of a written word: that of the element's number."""
        first, step = spacing(arguments, self.writes)
        thread, between = divmod(word - first, step)
        inside = between == 0 and 0 <= thread < getattr(arguments, self.count)
        return int(thread) if inside else NOBODY

    def stores(self, arguments: Arguments) -> tuple[Stored, ...]:
        """Return the float words that a launch stores."""
        count = getattr(arguments, self.count)
        places = {name: spacing(arguments, name) for name in (self.writes, *self.keeps)}
        return tuple(
            Stored(name, (count,), (step,), first) for name, (first, step) in places.items()
        )


@dataclass(frozen=True, slots=True)
class Channelwise:
    """Each element of a feature map is changed in place, by its channel's parameters.

    Parameters
    ----------
    output
        The parameter that points to the map.
    parameters
        Those that point to a word for each channel.
    channels, spatial
        Those that say how many channels there are, and elements of a channel.
    images
        The one that says how many maps lie behind each other; None if there is one.
    columns
        The twin on float32[elements, channels]: ``columns(values, *parameters)``, in place.
    """

    output: str
    parameters: tuple[str, ...]
    channels: str
    spatial: str
    images: str | None
    columns: Callable[..., None]

    def stores(self, arguments: Arguments) -> tuple[Stored, ...]:
        """Return the float words that a launch stores."""
        names = [self.channels, self.spatial, *([self.images] if self.images else [])]
        return dense(self.output, *names)(arguments)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a kernel computes and who stores it.

    Parameters
    ----------
    twin
        Computes the same on the host, bit for bit.  It takes the kernel's parameters in order,
        pointers as 1-D float32 arrays (int32 for ``int *``) that begin where the pointer points,
        and writes in place.
    change
        How a change of an input travels, where that can be said in a few words; what other kernels
        do with it is a function of :mod:`softbeam.injection.regions`.
    owner
        Which thread stores a word; by default that of :class:`Pointwise`, or the n-th the n-th.
    tables
        Tables of the special function unit that the twin takes as last arguments.
    stored
        Which float words a launch stores; where `change` says it, it is not said here.
    """

    twin: Callable[..., None]
    change: Pointwise | Channelwise | None = None
    owner: Owner | None = None
    tables: tuple[str, ...] = ()
    stored: Stores | None = None

    def stores(self, arguments: Arguments) -> tuple[Stored, ...]:
        """Return the float words that a launch stores, see :data:`Stores`.

        Raises
        ------
        InternalError
            If nobody says it of this kernel.
        """
        if self.stored is not None:
            return self.stored(arguments)
        if self.change is None:
            raise InternalError(f"nobody says which words {arguments.kernel} stores")
        return self.change.stores(arguments)

    def owner_thread(self, arguments: Arguments, word: int) -> int:
        """Return the thread that stores a word, see :data:`Owner`."""
        if self.owner is not None:
            return self.owner(arguments, word)
        if isinstance(self.change, Pointwise):
            return self.change.owner(arguments, word)
        return word


def spacing(arguments: Arguments, pointer: str) -> tuple[int, int]:
    """Return where the first element of a vector lies, and how far apart its elements are.

    Both in words, the first counted from where the pointer points.
    """
    return getattr(arguments, f"OFF{pointer}", 0), getattr(arguments, f"INC{pointer}", 1)
