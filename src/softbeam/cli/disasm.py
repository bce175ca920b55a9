"""``softbeam disasm``: a kernel's machine code with what softbeam knows of each instruction.

The facts come from :mod:`softbeam.sass`, the vulnerability from :mod:`softbeam.analysis`; here is
how they are laid out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from softbeam.cli._app import app, console
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    from softbeam.analysis.breakdown import Split
    from softbeam.analysis.counts import Stream
    from softbeam.present.table import Table
    from softbeam.sass import Function, Instruction

    Factors = Mapping[Stream, Mapping[int, Split[int]]]

#: More than any listing needs.
COLUMNS = 400

READING = (
    "n: injections of this mode and model that struck the instruction; SDC and DUE: shares of\n"
    "them in percent with 95 % Wilson intervals, weighted where strata were drawn from apart.\n"
    "An instruction without numbers was never struck."
)


@app.command()
def disasm(
    kernel: Annotated[
        str,
        typer.Argument(
            metavar="KERNEL",
            help="One of softbeam's kernels (fill, im2col, …), a program's folder, or a file: a "
            "cubin, a listing by nvdisasm -json, or a CUDA source.",
        ),
    ],
    architecture: Annotated[
        str, typer.Option("--arch", help="Whose machine code of softbeam's kernel or of a source.")
    ] = DEFAULT_ARCHITECTURE,
    listing: Annotated[
        Path | None,
        typer.Option("--listing", help="The cubin's listing; by default nvdisasm is asked."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--kernel", help="Only this kernel of a file or program.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="RUN", help="A campaign's folder: adds each instruction's outcomes."
        ),
    ] = None,
) -> None:
    """Print a kernel's instructions: what they read and write, their groups, their source lines.

    Groups are NVBitFI's: fp32 and fp64 arithmetic, load, predicate (writes predicates only), none
    (no destination), other. An instruction that softbeam does not know is marked unknown, and
    would end an emulation that reaches it with an error; one that it computes only to its
    documented error is marked inexact.

    With --run, for each mode and model of the campaign: how many injections struck the
    instruction, and how many of those ended as SDC and DUE.
    """
    from softbeam.kernels import KERNELS
    from softbeam.program.folder import is_program

    if kernel in KERNELS:
        factors = {} if run is None else _factors(run, kernel, architecture)
        _print(_shipped(kernel, architecture), _shipped_lines(kernel, architecture), factors)
        return
    if is_program(kernel):
        _print_program(kernel, name, run)
        return
    if run is not None:
        raise typer.BadParameter(
            f"campaigns strike softbeam's own kernels ({_names()}) and those of "
            f"programs, not {kernel}",
            param_hint="--run",
        )
    functions = _functions(Path(kernel), listing, architecture)
    if name is not None and name not in functions:
        raise typer.BadParameter(
            f"{kernel} has no kernel {name}; it has: {', '.join(functions)}", param_hint="--kernel"
        )
    for function in functions.values() if name is None else [functions[name]]:
        _print(function, [""] * len(function.instructions), {})


def _print_program(folder: str, name: str | None, run: Path | None) -> None:
    """Print the kernels that a program launches."""
    from softbeam.program.description import Launch
    from softbeam.program.folder import read_program
    from softbeam.program.loading import load

    loaded = load(read_program(Path(folder)))
    steps = enumerate(loaded.description.steps)
    functions = {
        step.kernel: loaded.launches[number].program.function
        for number, step in steps
        if isinstance(step, Launch)
    }
    if name is not None and name not in functions:
        raise typer.BadParameter(
            f"{folder} launches no kernel {name}; it launches: {', '.join(functions)}",
            param_hint="--kernel",
        )
    for kernel, function in functions.items() if name is None else [(name, functions[name])]:
        factors = {} if run is None else _factors(run, kernel, function.architecture)
        _print(function, [""] * len(function.instructions), factors)


def _shipped(kernel: str, architecture: str) -> Function:
    from softbeam.kernels import ARCHITECTURES, program

    if architecture not in ARCHITECTURES:
        raise typer.BadParameter(
            f"{kernel} is shipped for {', '.join(ARCHITECTURES)}, not for {architecture}",
            param_hint="--arch",
        )
    return program(kernel, architecture).function


def _shipped_lines(kernel: str, architecture: str) -> list[str]:
    """Return for each instruction its source line, where it is not that of the one before."""
    from softbeam.kernels import source, source_lines

    text = source(kernel).splitlines()
    shown, last = [], 0
    for line in source_lines(kernel, architecture):
        new = line and line != last
        shown.append(f"{line:>3}: {text[line - 1].strip()}" if new else "")
        last = line or last
    return shown


def _names() -> str:
    """Return the names of softbeam's own kernels, those of variants by example."""
    from softbeam.kernels import KERNELS
    from softbeam.kernels.hardened import techniques_of

    bases = [name for name in KERNELS if not techniques_of(name)]
    return f"{', '.join(bases)}, hardened ones such as maxpool+range"


def _functions(path: Path, listing: Path | None, architecture: str) -> dict[str, Function]:
    """Return the functions of a user's file; of a listing alone with what the code itself says."""
    from softbeam.emulator import Machine
    from softbeam.errors import ListingError
    from softbeam.files import read_file
    from softbeam.sass import MOST_BYTES, read_listing

    if not path.exists():
        raise typer.BadParameter(
            f"{path} is neither one of softbeam's kernels ({_names()}) nor a file",
            param_hint="KERNEL",
        )
    if path.suffix == ".json":
        code = read_listing(read_file(path, MOST_BYTES), origin=str(path))
        functions = {name: _without_cubin(name, code[name]) for name in code}
    else:
        functions = dict(Machine.load(path, listing, architecture=architecture).kernels)
    if not functions:
        raise ListingError(f"{path}: no kernel in it")
    return functions


def _without_cubin(name: str, instructions: tuple) -> Function:  # type: ignore[type-arg]
    """Make a function of instructions alone, whose call targets and constants are not known."""
    from softbeam.sass import Function

    symbols = {o.text: 0 for i in instructions for o in i.operands if o.kind == "symbol"}
    banks = {bank: bytes(1 << 16) for bank in (2, 3, 4)}
    return Function(name, "", instructions, 0, 0, 0, (), symbols, banks)


def _factors(run: Path, kernel: str, architecture: str) -> Factors:
    from softbeam.analysis.breakdown import by_pc
    from softbeam.analysis.sample import design_of
    from softbeam.campaign.results.reading import ResultsReader

    with ResultsReader.open(run) as store:
        struck = store.specification.architecture
        if struck != architecture:
            raise typer.BadParameter(
                f"{run} struck the machine code of {struck}: add --arch {struck}",
                param_hint="--arch",
            )
        return by_pc(store.records(), kernel, design_of(store))


def _print(function: Function, lines: Sequence[str], factors: Factors) -> None:
    from softbeam.emulator.lowering import lower
    from softbeam.present.rich import grid

    program = lower(function)
    known = program.supported.tolist()
    out = console(COLUMNS)
    facts = [f"{len(known)} instructions"]
    if function.architecture:
        facts.append(f"{function.registers} registers, {function.shared_bytes} bytes shared memory")
    facts.append(f"{known.count(False)} unknown to softbeam")
    heading = " ".join(part for part in (function.name, function.architecture) if part)
    out.print(f"[bold]{heading}[/bold]: {', '.join(facts)}", soft_wrap=True)
    if factors:
        out.print(READING)
    out.print(grid(_table(function, known, program.inexact, lines, factors)))


def _table(
    function: Function,
    known: Sequence[bool],
    inexact: Sequence[int],
    lines: Sequence[str],
    factors: Factors,
) -> Table:
    from softbeam.present.factor_tables import stream_name
    from softbeam.present.table import Row, Table, label, share, text

    columns = [text(name) for name in ("pc", "instruction", "reads", "writes", "group")]
    for stream in factors:
        own = (label("n"), share("SDC"), share("DUE"))
        columns.extend(column.within(stream_name(stream)) for column in own)
    if any(lines):
        columns.append(text("source"))
    rows = []
    for instruction, supported, line in zip(function.instructions, known, lines, strict=True):
        values: list[object] = [f"{instruction.pc:04x}", str(instruction)]
        values += _accesses(instruction, supported, inexact)
        for struck in factors.values():
            found = struck.get(instruction.pc)
            values += [found.n, found.ended["SDC"], found.ended["DUE"]] if found else ["", "", ""]
        rows.append(Row(*values, *([line] if any(lines) else [])))
    return Table("listing", "", tuple(columns), tuple(rows))


def _accesses(instruction: Instruction, supported: bool, inexact: Sequence[int]) -> list[str]:
    """Return what an instruction reads and writes, and its group."""
    from softbeam.sass import row_of
    from softbeam.sass.accesses import accesses
    from softbeam.sass.opcodes import find_opcode

    opcode = find_opcode(instruction)
    cells = ["", "", ""]
    if opcode is not None:
        touched = accesses(instruction, opcode)
        cells = [" ".join(touched.reads), " ".join(touched.writes), opcode.group]
    if not supported:
        cells[2] = "unknown"
    elif row_of(instruction.pc) in inexact:
        cells[2] += ", inexact"
    return cells
