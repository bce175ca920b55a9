"""The paper's conclusions as a checklist: criterion, measured numbers, verdict.

The paper is Y. Ibrahim, H. Wang and K. Adam, "Analyzing the Reliability of Convolutional Neural
Networks on GPUs: GoogLeNet as a Case Study"; its network is Darknet's Extraction, and no other
network has these conclusions.  It states them without error bars; the criteria that decide them
here are defined in ``docs/paper.md`` and below, each once.  An error is an SDC or a DUE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from softbeam.analysis.counts import Counts, Mask, Stream
from softbeam.analysis.design import Place
from softbeam.analysis.estimation import Estimator
from softbeam.analysis.factors import is_never_read
from softbeam.analysis.paper.comparison import Order, compare_shares, compare_within, estimator
from softbeam.analysis.paper.conclusions import Conclusion, Finding, Verdict, verdict_of
from softbeam.faults.modes import PAPER

#: The network that the paper is about, and facts of it (Darknet's cfg/extraction.cfg).
NETWORK = "extraction"
LAYERS = range(27)
POOLS = (1, 3, 8, 19, 25)
SOFTMAX = 26
DEEP = 13
CONVOLUTIONS = tuple(layer for layer in LAYERS if layer not in (*POOLS, SOFTMAX))
KERNELS = (
    "fill",
    "copy",
    "im2col",
    "add_bias",
    "scale_bias",
    "normalize",
    "activate_array",
    "maxpool",
    "avgpool",
    "softmax",
)

#: What the paper finds most vulnerable.
VULNERABLE_LAYERS = (0, 2, 7, 18)
VULNERABLE_KERNELS = ("im2col", "normalize", "add_bias")

#: Numbers of the criteria: what "everything", "about 58 %" and "no hardening" are taken to mean.
SOFTMAX_BOUND = 0.05
NEVER_READ_RANGE = (0.53, 0.63)
NO_HARDENING_BOUND = 0.01


def checklist(counts: Counts) -> tuple[Conclusion, ...]:
    """Hold the paper's conclusions against a campaign on its network.

    Parameters
    ----------
    counts : Counts
        Of the whole network, with their design; of each mode the paper's bit-flip model is used, or
        the first that there is.

    Returns
    -------
    tuple of Conclusion
        In the paper's order.
    """
    streams = _streams(counts)
    # The paper's kernels, and those that it did not strike where a campaign did.
    kernels = (*KERNELS, *sorted(set(counts.of_code()["kernel"].tolist()) - set(KERNELS)))
    comparisons = len(VULNERABLE_KERNELS) * (len(kernels) - len(VULNERABLE_KERNELS))

    def each(test: Callable[[Counts, Stream], Finding]) -> tuple[Finding, ...]:
        return tuple(test(counts.of_stream(stream), stream) for stream in streams.values())

    return (
        Conclusion(
            "Layers 0, 2, 7 and 18 are the most vulnerable.",
            "Each of the four has more errors than each other layer, all 92 comparisons together "
            "at 95 %; not reproduced if one of the four has fewer than another layer.",
            each(partial(_top, members=VULNERABLE_LAYERS, everyone=LAYERS, place=_layer)),
        ),
        Conclusion(
            "Deeper layers have fewer errors.",
            "Layers 0 to 12 have more errors than layers 13 to 26; not reproduced if fewer.",
            each(_deeper),
        ),
        Conclusion(
            "Softmax masks everything.",
            "No error in softmax, and n large enough that at most "
            f"{100 * SOFTMAX_BOUND:.0f} % could end in one; not reproduced if there is one.",
            each(_softmax),
        ),
        Conclusion(
            "Average and max pools are the most reliable layers.",
            "A pool has fewer errors than a convolutional layer, on average over the layers of "
            "each kind; not reproduced if more.",
            each(_pools),
        ),
        Conclusion(
            "Average and max pools are the most reliable layers, also for their size.",
            "Of the injections in pools a smaller share ends in an error than of those in "
            "convolutional layers; not reproduced if a larger one.",
            each(_pools_for_size),
        ),
        Conclusion(
            "RF gives more DUEs than IOV and IOA.",
            "A larger share of RF's injections ends in a DUE than of either; not reproduced if a "
            "smaller one than of one of them.",
            _dues(counts, streams),
        ),
        Conclusion(
            "About 58 % of masked RF faults are never read.",
            "The interval lies between {:.0f} and {:.0f} %; not reproduced if outside.".format(
                *(100 * end for end in NEVER_READ_RANGE)
            ),
            _never_read(counts, streams),
        ),
        Conclusion(
            "Im2col, Normalize and Add_bias are the most vulnerable kernels.",
            "Each of the three has more errors than each other kernel, all "
            f"{comparisons} comparisons "
            "together at 95 %; not reproduced if one of the three has fewer than another kernel.",
            each(partial(_top, members=VULNERABLE_KERNELS, everyone=kernels, place=_kernel)),
        ),
        Conclusion(
            "Fill and Copy need no hardening.",
            "SDCs in each are at most "
            f"{100 * NO_HARDENING_BOUND:.0f} % of all injections (the upper ends of the "
            "intervals); not reproduced if a lower end is above. DUEs, which the paper found to "
            "be trivial, stand beside them and do not decide.",
            each(_no_hardening),
        ),
    )


def _streams(counts: Counts) -> dict[str, Stream]:
    """Return the stream of each mode, in the paper's order of modes."""
    present = counts.streams()
    chosen = {}
    for mode, model in PAPER:
        of_mode = [stream for stream in present if stream.mode == mode]
        if of_mode:
            wanted = Stream(mode, model)
            chosen[mode] = wanted if wanted in of_mode else of_mode[0]
    return chosen


def _errors(counts: Counts) -> Mask:
    found: Mask = counts["outcome"] != "Masked"
    return found


def _top(
    own: Counts,
    stream: Stream,
    *,
    members: tuple[int | str, ...],
    everyone: Iterable[int | str],
    place: Callable[[int | str], Place],
) -> Finding:
    """Test whether each of `members` has more errors than everyone else."""
    estimate, errors = Estimator(own), _errors(own)
    joint = {one: estimate.joint(errors, place(one)) for one in everyone}
    others = [one for one in joint if one not in members]
    strict = estimator(own, len(members) * len(others))
    orders = [
        compare_within(strict, errors, place(one), place(other))
        for one in members
        for other in others
    ]
    strongest = max(others, key=lambda one: joint[one].estimate)
    shown = [(_named(one), one) for one in members]
    shown.append((f"most of the others: {_named(strongest)}", strongest))
    measured = tuple((text, joint[one]) for text, one in shown)
    return Finding((stream,), measured, verdict_of(orders, Order.MORE))


def _layer(number: int | str) -> Place:
    return Place(layers=(int(number),))


def _kernel(name: int | str) -> Place:
    return Place(kernels=(str(name),))


def _named(place: int | str) -> str:
    return f"layer {place}" if isinstance(place, int) else place


def _deeper(own: Counts, stream: Stream) -> Finding:
    estimate, errors = Estimator(own), _errors(own)
    early, late = Place(tuple(range(DEEP))), Place(tuple(range(DEEP, LAYERS[-1] + 1)))
    measured = (
        (f"layers 0–{DEEP - 1}", estimate.joint(errors, early)),
        (f"layers {DEEP}–{LAYERS[-1]}", estimate.joint(errors, late)),
    )
    order = compare_within(estimate, errors, early, late)
    return Finding((stream,), measured, verdict_of([order], Order.MORE))


def _softmax(own: Counts, stream: Stream) -> Finding:
    share = Estimator(own).share(_errors(own), own["kernel"] == "softmax")
    verdict = Verdict.CANNOT_TELL
    if share.successes:
        verdict = Verdict.NOT_REPRODUCED
    elif share.high <= SOFTMAX_BOUND:
        verdict = Verdict.REPRODUCED
    return Finding((stream,), (("errors of the injections in softmax", share),), verdict)


def _pools(own: Counts, stream: Stream) -> Finding:
    estimate, errors = Estimator(own), _errors(own)
    pools, convolutions = Place(POOLS), Place(CONVOLUTIONS)
    measured = (
        (f"{len(POOLS)} pools together", estimate.joint(errors, pools)),
        (
            f"{len(CONVOLUTIONS)} convolutional layers together",
            estimate.joint(errors, convolutions),
        ),
    )
    order = compare_within(estimate, errors, pools, convolutions, len(POOLS) / len(CONVOLUTIONS))
    return Finding((stream,), measured, verdict_of([order], Order.LESS))


def _pools_for_size(own: Counts, stream: Stream) -> Finding:
    share, errors = Estimator(own).share, _errors(own)
    pools, others = (share(errors, own.inside(Place(kind))) for kind in (POOLS, CONVOLUTIONS))
    measured = (("of the injections in pools", pools), ("in convolutional layers", others))
    return Finding((stream,), measured, verdict_of([compare_shares(pools, others)], Order.LESS))


def _dues(counts: Counts, streams: dict[str, Stream]) -> tuple[Finding, ...]:
    if "rf" not in streams or len(streams) < 2:
        return ()
    dues = {}
    for mode, stream in streams.items():
        own = counts.of_stream(stream)
        dues[mode] = Estimator(own).share(own["outcome"] == "DUE")
    orders = [compare_shares(dues["rf"], share) for mode, share in dues.items() if mode != "rf"]
    if len(streams) < len(PAPER):
        orders.append(Order.UNDECIDED)
    measured = tuple((f"DUEs of {mode.upper()}", share) for mode, share in dues.items())
    return (Finding(tuple(streams.values()), measured, verdict_of(orders, Order.MORE)),)


def _never_read(counts: Counts, streams: dict[str, Stream]) -> tuple[Finding, ...]:
    if "rf" not in streams:
        return ()
    own = counts.of_stream(streams["rf"])
    share = Estimator(own).share(is_never_read(own), own["outcome"] == "Masked")
    low, high = NEVER_READ_RANGE
    verdict = Verdict.CANNOT_TELL
    if low <= share.low and share.high <= high:
        verdict = Verdict.REPRODUCED
    elif share.high < low or share.low > high:
        verdict = Verdict.NOT_REPRODUCED
    return (Finding((streams["rf"],), (("never read, of Masked", share),), verdict),)


def _no_hardening(own: Counts, stream: Stream) -> Finding:
    estimate = Estimator(own)
    measured, orders = [], []
    for kernel in ("fill", "copy"):
        sdcs, dues = (
            estimate.joint(own["outcome"] == outcome, Place(kernels=(kernel,)))
            for outcome in ("SDC", "DUE")
        )
        measured += [(f"SDCs in {kernel}", sdcs), (f"DUEs in {kernel}", dues)]
        if sdcs.high <= NO_HARDENING_BOUND:
            orders.append(Order.LESS)
        else:
            orders.append(Order.MORE if sdcs.low > NO_HARDENING_BOUND else Order.UNDECIDED)
    return Finding((stream,), tuple(measured), verdict_of(orders, Order.LESS))
