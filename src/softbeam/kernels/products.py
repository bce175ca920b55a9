"""Matrix products as facts: their sizes and strides, and the tiles that they are computed in.

Two kinds of launches are products: those of the shipped SGEMM, and those of a library whose
machine code is not known.  Both are one :class:`Product` for whoever computes them natively.
Here is no arithmetic, so that planning a network needs neither NumPy nor Numba.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from softbeam.kernels.hardened import base_of
from softbeam.kernels.signatures import Arguments


@dataclass(frozen=True, slots=True)
class Tile:
    """The part of C that a block of one of the SGEMM kernels computes, as its source says.

    Parameters
    ----------
    rows, columns
        Of the tile.
    up, across
        Rows and columns of the sums in one thread.
    """

    rows: int
    columns: int
    up: int
    across: int

    @property
    def kernel(self) -> str:
        """The kernel's short name."""
        return f"sgemm_{self.rows}x{self.columns}"

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.rows // self.up * (self.columns // self.across)

    def grid(self, m: int, n: int, count: int = 1) -> tuple[int, int, int]:
        """Return the blocks along x, y and z for `count` products of m by n words."""
        return -(-n // self.columns), -(-m // self.rows), count

    def thread_of(self, row: int, column: int) -> int:
        """Return the thread of a block that stores a word of its tile."""
        wide = self.columns // self.across
        return row % self.rows // self.up * wide + column % self.columns // self.across


LARGE, SMALL = Tile(64, 128, 8, 4), Tile(32, 32, 4, 4)
COLUMN, ROW = Tile(128, 1, 1, 1), Tile(1, 128, 1, 4)

#: The tiles by the short name of their kernel.
TILES: Mapping[str, Tile] = MappingProxyType(
    {tile.kernel: tile for tile in (LARGE, SMALL, COLUMN, ROW)}
)


def tile_of(kernel: str) -> Tile | None:
    """Return the tile that an SGEMM kernel, hardened or not, computes in; None of another kernel.

    Examples
    --------
    >>> tile_of("sgemm_32x32+bounds"), tile_of("fill")
    (Tile(rows=32, columns=32, up=4, across=4), None)
    """
    return TILES.get(base_of(kernel))


#: Large tiles that a product must have to be computed in them: a quarter of an H100's 132
#: multiprocessors has one then; of fewer, small tiles keep more of them busy.
FEWEST_LARGE = 33

#: The greatest number that a parameter of the kernels can have.
MOST_INT = (1 << 31) - 1

#: Blocks that a grid may have along x, y and z (CUDA C++ Programming Guide, "Technical
#: Specifications per Compute Capability").
MOST_BLOCKS = MOST_INT, 65_535, 65_535


def tile_for(m: int, n: int, count: int = 1) -> Tile:
    """Choose the tile for `count` products of m by n words, by size as a library does.

    Examples
    --------
    >>> [tile_for(m, n).kernel for m, n in ((192, 3136), (1024, 49), (4096, 1), (1, 196))]
    ['sgemm_64x128', 'sgemm_32x32', 'sgemm_128x1', 'sgemm_1x128']
    """
    if n == 1:
        return COLUMN
    if m == 1:
        return ROW
    across, up, _ = LARGE.grid(m, n)
    # A tile that is not half full is mostly computed in vain.
    full = 2 * m >= LARGE.rows and 2 * n >= LARGE.columns
    return LARGE if full and across * up * count >= FEWEST_LARGE else SMALL


@dataclass(frozen=True, slots=True)
class Product:
    """`count` products C += A B of row-major matrices, each an equal way behind the one before.

    Parameters
    ----------
    count
        How many.
    m, n, k
        Rows of A and C, columns of B and C, and the length of a sum.
    a, b, c
        Where the first matrices begin: spans or pointers.
    lead_a, lead_b, lead_c
        Words from one row to the next.
    skip_a, skip_b, skip_c
        Words from one product's matrix to the next's.
    """

    count: int
    m: int
    n: int
    k: int
    a: Any
    b: Any
    c: Any
    lead_a: int
    lead_b: int
    lead_c: int
    skip_a: int
    skip_b: int
    skip_c: int

    @classmethod
    def dense(cls, m: int, n: int, k: int, a: Any, b: Any, c: Any, count: int = 1) -> Product:
        """Return products whose matrices have no gaps and lie one behind the other."""
        return cls(count, m, n, k, a, b, c, k, n, n, m * k, k * n, m * n)

    @classmethod
    def local(cls, filters: int, locations: int, k: int, a: Any, b: Any, c: Any) -> Product:
        """Return a product for each location: its own filters by its column of B, as Darknet's.

        Column l of B (k by locations) and of C (filters by locations) belong to location l.
        """
        return cls(
            locations, filters, 1, k, a, b, c, k, locations, locations, filters * k, 1, 1
        )  # fmt: skip

    @property
    def is_single(self) -> bool:
        """Whether it is one product without gaps."""
        return self.count == 1 and self.is_dense

    @property
    def is_dense(self) -> bool:
        """Whether it is as :meth:`dense` says."""
        return self == Product.dense(self.m, self.n, self.k, self.a, self.b, self.c, self.count)

    @property
    def is_local(self) -> bool:
        """Whether it is as :meth:`local` says."""
        return self == Product.local(self.m, self.count, self.k, self.a, self.b, self.c)

    @property
    def tile(self) -> Tile:
        """The tile that it is computed in."""
        return tile_for(self.m, self.n, self.count)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of an SGEMM kernel, by name."""
        return {
            "COUNT": self.count, "M": self.m, "N": self.n, "K": self.k, "A": self.a,
            "LDA": self.lead_a, "B": self.b, "LDB": self.lead_b, "C": self.c, "LDC": self.lead_c,
            "SKIPA": self.skip_a, "SKIPB": self.skip_b, "SKIPC": self.skip_c,
        }  # fmt: skip

    @property
    def library(self) -> tuple[str, dict[str, Any]]:
        """Which of a library's products it is, and its arguments by name.

        Raises
        ------
        ValueError
            If it is none.
        """
        ends = {"a": self.a, "b": self.b, "c": self.c}
        sizes = {"m": self.m, "n": self.n, "k": self.k}
        if self.is_single:
            return "gemm", {**sizes, **ends}
        if self.is_dense:
            return "gemm_batched", {"count": self.count, **sizes, **ends}
        if self.is_local:
            return "gemm_local", {
                "filters": self.m, "locations": self.count, "k": self.k, **ends,
            }  # fmt: skip
        raise ValueError(f"no library's product has these strides: {self}")

    def element(self, word: int) -> tuple[int, int, int] | None:
        """Return the product, row and column of a word of C, counted from the first; None if none.

        C of one product lies behind that of another, or their columns lie side by side.
        """
        if self.count > 1 and self.skip_c < self.lead_c:
            row, within = divmod(word, self.lead_c)
            number, column = divmod(within, self.skip_c)
        else:
            number, within = divmod(word, self.skip_c) if self.count > 1 else (0, word)
            row, column = divmod(within, self.lead_c)
        there = 0 <= number < self.count and 0 <= row < self.m and 0 <= column < self.n
        return (number, row, column) if there else None


def product_of(arguments: Arguments) -> Product | None:
    """Return the product that a launch with these arguments is, hardened or not; None if none."""
    given = arguments
    if base_of(given.kernel) in TILES:
        return Product(
            given.COUNT, given.M, given.N, given.K, given.A, given.B, given.C,
            given.LDA, given.LDB, given.LDC, given.SKIPA, given.SKIPB, given.SKIPC,
        )  # fmt: skip
    if given.kernel == "gemm":
        return Product.dense(given.m, given.n, given.k, given.a, given.b, given.c)
    if given.kernel == "gemm_batched":
        # By place: a tuple has a method of the first one's name.
        count, m, n, k, a, b, c = given
        return Product.dense(m, n, k, a, b, c, count)
    if given.kernel == "gemm_local":
        return Product.local(
            given.filters, given.locations, given.k, given.a, given.b, given.c
        )  # fmt: skip
    return None
