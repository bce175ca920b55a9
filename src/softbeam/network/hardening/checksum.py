"""Checks of matrix products, and of convolutions as a whole, as launches behind them.

What a check computes stands in ``kernels/cuda/check.cu``, what it knows of the weights in
:mod:`softbeam.network.hardening.tolerance`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

from softbeam.errors import NetworkError
from softbeam.kernels.checks import CHECKS, THREADS, check_words, grid_of, share_of
from softbeam.kernels.products import MOST_INT, Product
from softbeam.kernels.signatures import arguments
from softbeam.network.plan import (
    REPORT,
    REPORT_WORDS,
    Launch,
    Plan,
    Pointer,
    Span,
    buffer_name,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Trained numbers by buffer.
Weights: TypeAlias = "Mapping[str, NDArray[np.float32]]"

#: λ: a check that meets no fault fires with a probability of at most 2 exp(-λ²/2), 2.5e-14, for
#: each column; that is 1 % for 10,000 images of a network with 40 million columns.
TOLERANCE = 8.0

_SIDES = "kernel", "pad", "stride", "dilation"


def append_checks(
    launches: list[Launch],
    product: Launch,
    im2col: Launch | None,
    weights: Weights,
    rows: int = 0,
    tolerance: float = TOLERANCE,
) -> dict[str, int]:
    """Append the launches that check a product, some rows each, to those that are planned already.

    The fewer rows are summed, the less rounding hides, and the more sums there are.

    Parameters
    ----------
    rows : int
        How many rows of C are summed together; 0 for all.
    launches, product, im2col, weights, tolerance
        As of :func:`append_check`.

    Returns
    -------
    dict of str to int
        As of :func:`append_check`.
    """
    one = product.product
    assert one is not None
    more: dict[str, int] = {}
    for first, end in groups_of_rows(one.m, rows):
        more |= append_check(
            launches, product, im2col, weights, first=first, end=end, tolerance=tolerance
        )
    return more


def groups_of_rows(m: int, rows: int) -> list[tuple[int, int]]:
    """Return which rows of a product are summed together: as even as they can be.

    Examples
    --------
    >>> groups_of_rows(100, 64), groups_of_rows(100, 0)
    ([(0, 50), (50, 100)], [(0, 100)])
    """
    number = -(-m // rows) if rows else 1
    edges = [m * part // number for part in range(number + 1)]
    return list(pairwise(edges))


def append_check(
    launches: list[Launch],
    product: Launch,
    im2col: Launch | None,
    weights: Weights,
    *,
    first: int = 0,
    end: int | None = None,
    tolerance: float = TOLERANCE,
) -> dict[str, int]:
    """Append the launch that checks a product to those that are planned already.

    Parameters
    ----------
    launches : list of Launch
        Those of the hardened network so far, numbered from 0; the product is the last.
    product : Launch
        The product.
    im2col : Launch or None
        The launch of im2col that made its B, which is checked with it.
    weights : mapping of str to numpy.ndarray of float32
        The network's weights, by buffer.
    first, end : int
        The rows of C that are checked, all if not given.
    tolerance : float
        How far sums may be apart, as λ of :mod:`softbeam.network.hardening.tolerance`.

    Returns
    -------
    dict of str to int
        Buffers that the check needs besides, and their words.

    Raises
    ------
    NetworkError
        If the product cannot be checked so.
    """
    one = product.product
    assert one is not None
    _require(launches, product, one, weights)
    one = _rows_of(one, first, one.m if end is None else end)
    a, b, c = _spans(one)
    window: dict[str, Any] = {}
    channels, pixels, source, kernel = one.k, 1, b, CHECKS[0]
    if im2col is not None and not _clamps(im2col):
        window, channels, source = _window(im2col)
        pixels, kernel = window["kernel_h"] * window["kernel_w"], CHECKS[1]
    sums = Span(_own_buffer(launches, product.layer), check_words(channels, pixels))
    share = share_of(one.n, one.m, channels, pixels)
    report = Span(REPORT, REPORT_WORDS)
    values = {
        "M": one.m, "N": one.n, "A": one.a, "C": one.c, "CHECK": _pointer(sums),
        "TOLERANCE": tolerance, "SHARE": share, "REPORT": _pointer(report),
    }  # fmt: skip
    if window:
        values |= {"channels": channels, "im": _pointer(source), **window}
    else:
        values |= {"K": one.k, "B": one.b}
    launches.append(
        Launch(
            index=len(launches),
            layer=product.layer,
            kernel=kernel,
            grid=grid_of(one.n, share),
            block=(THREADS, 1, 1),
            arguments=arguments(kernel, **values),
            reads=tuple(dict.fromkeys((a, source, c, sums, report))),
            writes=(c, report),
        )
    )
    return {sums.buffer: sums.words}


def check_weights(plan: Plan, weights: Weights) -> dict[str, NDArray[np.uint32]]:
    """Return the contents of the buffers that a hardened plan's checks need besides, by name."""
    import numpy as np

    from softbeam.network.hardening.tolerance import check_contents

    found = {}
    for launch in plan.launches:
        if launch.kernel not in CHECKS:
            continue
        given = launch.arguments
        if launch.kernel == CHECKS[0]:
            channels, pixels = given.K, 1
        else:
            channels, pixels = given.channels, given.kernel_h * given.kernel_w
        rows, k = given.M, channels * pixels
        own = weights[given.A.buffer][given.A.word : given.A.word + rows * k]
        contents = check_contents(own.reshape(rows, k), channels, pixels)
        found[given.CHECK.buffer] = contents.view(np.uint32)
    return found


def _rows_of(product: Product, first: int, end: int) -> Product:
    """Return some rows of a product as a product."""
    a, c = product.a, product.c
    return Product.dense(
        end - first,
        product.n,
        product.k,
        Pointer(a.buffer, a.word + first * product.k),
        product.b,
        Pointer(c.buffer, c.word + first * product.n),
    )


def _pointer(span: Span) -> Pointer:
    return Pointer(span.buffer, span.start)


def _spans(product: Product) -> tuple[Span, Span, Span]:
    """Return what a product's matrices are of their buffers."""
    m, n, k = product.m, product.n, product.k
    a, b, c = product.a, product.b, product.c
    return (
        Span(a.buffer, m * k, a.word),
        Span(b.buffer, k * n, b.word),
        Span(c.buffer, m * n, c.word),
    )


def _require(
    launches: Sequence[Launch], launch: Launch, product: Product, weights: Weights
) -> None:
    """Refuse a product that a check cannot know, or cannot compute again."""
    where = f"the product of layer {launch.layer}"
    if not product.is_single:
        problem = f"is {product.count:,} products in one launch, and a check is of one"
    elif product.a.buffer not in weights:
        problem = f"multiplies by {product.a.buffer}, which holds no weights of the network's"
    elif max(span.words for span in _spans(product)) > MOST_INT:
        problem = f"has more than {MOST_INT:,} words in a matrix"
    elif _clamps(launch):
        problem = "clamps what it stores, which a check would undo"
    elif not _begins_with_zeros(launches, launch, _spans(product)[2]):
        problem = "adds to what no fill has cleared before, so that it cannot be computed again"
    else:
        return
    raise NetworkError(f"{where} cannot be hardened by checksum: it {problem}; name other layers")


def _begins_with_zeros(launches: Sequence[Launch], product: Launch, c: Span) -> bool:
    """Return whether the launch that wrote C before a product filled it with zeros."""
    for launch in reversed(launches):
        if launch.index >= product.index:
            continue
        spans = [span for span in launch.writes if span.buffer == c.buffer]
        if any(span.start < c.end and c.start < span.end for span in spans):
            covers = any(span.start <= c.start and c.end <= span.end for span in spans)
            fills = launch.kernel.partition("+")[0] == "fill"
            return fills and covers and launch.arguments.ALPHA == 0.0
    return False


def _clamps(launch: Launch) -> bool:
    """Return whether a launch clamps what it stores, so that it is not what was computed."""
    return "range" in launch.kernel.split("+")


def _window(im2col: Launch) -> tuple[dict[str, Any], int, Span]:
    """Return a check's arguments that say how windows lie, the image's channels, and the image."""
    given = im2col.arguments
    names = [f"{side}_{axis}" for side in _SIDES for axis in "hw"]
    if im2col.kernel.partition("+")[0] == "im2col":
        squares = given.ksize, given.pad, given.stride, 1
        sides = dict(zip(names, (one for one in squares for _ in "hw"), strict=True))
    else:
        sides = {name: getattr(given, name) for name in names}
    channels = given.n // (given.height_col * given.width_col)
    image = Span(given.im.buffer, prod((channels, given.height, given.width)), given.im.word)
    more = {"height": given.height, "width": given.width, "width_col": given.width_col}
    return {**sides, **more}, channels, image


def _own_buffer(launches: Sequence[Launch], layer: int) -> str:
    """Return the name of the buffer of a layer's next check."""
    before = sum(one.layer == layer and one.kernel in CHECKS for one in launches)
    return buffer_name(layer, f"checksum_{before}" if before else "checksum")
