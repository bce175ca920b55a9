"""The small print: what was injected, by what, and what the numbers cannot mean; how to cite."""

from __future__ import annotations

from collections.abc import Iterator

from softbeam.analysis.results import Results
from softbeam.faults.modes import MODES
from softbeam.present.blocks import Block, Section
from softbeam.present.page.struck import judge_in_words

#: Limits of the fault model, and of what is struck, in every campaign.
LIMITS = (
    "A fault is one change of one register, one result, one address or one word, drawn from a "
    "bit-flip model. Real strikes also hit caches, schedulers, pipeline latches and control logic, "
    "of which nothing is injected. Beam experiments found that fault injection of this "
    "kind predicts SDC rates within a factor of five in most cases, and that faults outside the "
    "functional units cause most DUEs: single-bit models underestimate what a beam does "
    "(F. F. dos Santos, S. K. S. Hari, P. M. Basso, L. Carro and P. Rech, “Demystifying GPU "
    "reliability”, IPDPS 2021, doi:10.1109/IPDPS49936.2021.00037).",
    "Sites are drawn uniformly over dynamic instructions, not over time and area: a register that "
    "holds a value for long is not struck more often than another. The factors are the "
    "probability that a fault does damage once it is there, not a rate of failures; for a rate, "
    "multiply by the rate of faults of the part, and beware of its protection (ECC).",
    "All numbers are of these weights and inputs. Other inputs, other weights and other networks "
    "have other factors.",
    "The kernels that are struck are softbeam's own, in the form of Darknet's, compiled for one "
    "GPU generation by one compiler. TensorRT, cuDNN and PyTorch run other kernels: fused, tiled, "
    "often in half precision or on tensor cores. Their registers and instructions have other "
    "factors, and a kernel's name here says nothing of a kernel of that name there.",
    "Warps do not see each other's stores within a launch, as recorded on an H100.",
    "A layer or kernel that no injection struck is not shown to be safe, and 0 of n is an upper "
    "bound.",
)


def limits(results: Results) -> tuple[str, ...]:
    """Return the limits of a campaign's numbers: those of all, and those of its own options."""
    own = list(_of_modes({record.mode for record in results.records}))
    if results.specification.gemm == "library":
        own.append(
            "Matrix products are a library's here and not struck, though they are most of the "
            "network's arithmetic; they are not shown to be safe."
        )
    ioa = [record for record in results.records if record.mode == "ioa"]
    if ioa and results.specification.fault_semantics == "hardware":
        assumed = sum(
            record.target == "destination_index" and record.detail == "illegal instruction"
            for record in ioa
        )
        own.append(
            "A result whose wrong register index is not allocated to the thread is taken to end "
            "the launch with an illegal instruction. That is a rule, not a recording: a debugger "
            f"cannot write such a register. {assumed:,} of the {len(ioa):,} IOA faults here are "
            "DUEs by it; SASSIFI loses the result instead (--semantics sassifi)."
        )
    touched = sum(record.unrecorded > 0 for record in results.records)
    if touched:
        own.append(
            f"{touched:,} of the {len(results.records):,} injections touched memory of which no "
            "recording says what it holds; loads from it gave zero."
        )
    if results.design.stratified:
        own.append(
            "Sampling was stratified. Factors, bits and kinds of instructions are weighted for "
            "it; how far scores moved and which classes took over is shown of the injections as "
            "they were drawn, in which rare kernels are more frequent than they are."
        )
    if results.design.images > 1:
        own.append(
            "The inputs are clusters in every interval but those of how far scores moved and of "
            "which classes took over: there they are not told apart, and intervals can be too "
            "short."
        )
    return (*LIMITS, *own)


#: What has to be known of the places of each kind.
_OF_SPACES = {
    "memory": "When a word of memory is struck is drawn as a launch, each as likely as any other, "
    "not as a time: a layer of many launches holds its words for longer here than one of few. What "
    "a word's fault does depends little on it, so conditional factors can be weighed with other "
    "times.",
    "units": "On which multiprocessor a block runs is a rule, not a recording: block b is on "
    "multiprocessor b modulo their number. A fault that stays hits all results of one opcode, of "
    "which no real unit computes exactly those.",
}


def _of_modes(modes: set[str]) -> Iterator[str]:
    """Yield what the modes of a campaign leave out, and what their places mean."""
    others = [f"{mode} ({one.title})" for mode, one in MODES.items() if mode not in modes]
    if modes and others:
        yield f"Modes that this campaign does not have strike other things: {', '.join(others)}."
    spaces = {MODES[mode].space for mode in modes if mode in MODES}
    yield from (words for space, words in _OF_SPACES.items() if space in spaces)


def section(results: Results) -> Section:
    """Return the specification, the limits and how to cite."""
    return Section(
        "method",
        "What this rests on",
        (
            Block(points=limits(results)),
            Block(facts=facts(results)),
            Block(text="To cite these results:"),
            Block(code=citation(results)),
            Block(
                code=results.specification.to_json(), folded="The specification, as it is stored"
            ),
        ),
    )


def facts(results: Results) -> tuple[tuple[str, str], ...]:
    """Return what identifies the campaign: scope, hashes, versions."""
    specification = results.specification

    def listed(values: tuple[object, ...] | None) -> str:
        return "all" if values is None else ", ".join(map(str, values))

    found = [
        ("campaign", specification.campaign_id),
        ("network", specification.network),
        ("plan", specification.plan_sha256),
        ("weights", specification.weights_sha256),
        *(("input", digest) for digest in specification.inputs_sha256),
        ("machine code", specification.kernels_sha256),
        ("architecture", specification.architecture),
        ("emulator semantics", str(specification.emulator_semantics)),
        ("fault semantics", specification.fault_semantics),
        (
            "layers, kernels, groups in scope",
            "; ".join(
                listed(scope)
                for scope in (specification.layers, specification.kernels, specification.groups)
            ),
        ),
        *((("judge", judge_in_words(specification)),) if specification.judge is not None else ()),
        ("sampling", specification.sampling),
        ("im2col of 1×1 convolutions", specification.im2col),
        ("matrix products", specification.gemm),
        *((("hardened", specification.harden),) if specification.harden is not None else ()),
        ("seed", str(specification.seed)),
        ("results schema", str(specification.results_schema)),
    ]
    seen = dict.fromkeys(
        ", ".join(f"{name} {value}" for name, value in session.items())
        for session in results.sessions
    )
    found.extend(("computed by", session) for session in seen)
    found.extend(("note", note) for note in results.notes)
    return tuple(found)


def citation(results: Results) -> str:
    """Return a BibTeX entry for the campaign."""
    from importlib.metadata import version

    specification = results.specification
    versions = sorted({session["softbeam"] for session in results.sessions})
    return "\n".join(
        (
            f"@misc{{softbeam-{specification.campaign_id[:12]},",
            "  title = {{softbeam fault-injection campaign on "
            f"{specification.network}, {specification.architecture}}}}},",
            f"  note  = {{softbeam {', '.join(versions) or version('softbeam')}; "
            f"{len(results.records)} injections; campaign {specification.campaign_id}}}",
            "}",
        )
    )
