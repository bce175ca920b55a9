"""``softbeam capture``: an ONNX model as a program of the kernels that a compiler makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from softbeam.cli._app import app, console
from softbeam.cli._choices import with_choices
from softbeam.cli._launch import parse_named
from softbeam.network.choices import InputChoices
from softbeam.sass.architectures import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@app.command()
@with_choices
def capture(
    model: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The model.")],
    out: Annotated[Path, typer.Option("--out", help="The program's folder; new, or empty.")],
    files: InputChoices,
    compiler: Annotated[
        Literal["tinygrad"], typer.Option("--with", help="Who makes kernels of the model.")
    ] = "tinygrad",
    architecture: Annotated[
        str, typer.Option("--arch", help="What the kernels are compiled for.")
    ] = DEFAULT_ARCHITECTURE,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=FILE.npy",
            help="An input of the model, where it is no picture or there are several. Repeatable.",
        ),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(
            "--input-shape",
            metavar="N,C,H,W",
            help="Sides of the input that the model leaves open.",
        ),
    ] = None,
    half: Annotated[
        bool,
        typer.Option("--half", help="Weights, inputs and feature maps in half precision."),
    ] = False,
) -> None:
    """Make a program of an ONNX model: every kernel of it, compiled, with weights and input.

    Nothing is left to a library, and no GPU is needed: tinygrad writes the kernels, NVIDIA's
    compiler compiles them. What comes out is run, profiled and struck like any other program, with
    the model's nodes as stages.
    """
    from softbeam.program.capture import capture as make

    sides = None if input_shape is None else _sides(input_shape)
    program = make(model, _inputs(model, files, inputs or [], sides), architecture, half=half)
    program.write(out)
    described = program.description
    stages = len({one.stage for one in described.launches})
    console().print(
        f"wrote {out}: {len(described.launches)} launches of {len(described.codes)} kernels in "
        f"{stages} stages, {sum(one.nbytes for one in described.buffers.values()):,} bytes of "
        f"buffers; see softbeam run {out}",
        markup=False,
        soft_wrap=True,
    )


def _sides(text: str) -> tuple[int, ...]:
    try:
        sides = tuple(int(part) for part in text.split(","))
    except ValueError:
        sides = ()
    if not sides or min(sides) < 1:
        raise typer.BadParameter(
            f"'{text}' is not whole numbers with commas, such as 1,3,224,224",
            param_hint="--input-shape",
        )
    return sides


def _inputs(
    model: Path, files: InputChoices, named: list[str], sides: tuple[int, ...] | None
) -> dict[str, NDArray[Any]]:
    """Return what the model is run with."""
    from softbeam.errors import ProgramError
    from softbeam.files import array_of, read_file
    from softbeam.network.image import load_image
    from softbeam.program.capture import input_shape

    if named:
        found = {}
        for name, text in parse_named("--input", named).items():
            try:
                found[name] = array_of(read_file(Path(text), 1 << 30))
            except ValueError as error:
                raise ProgramError(f"{text} is no .npy file ({error})") from None
        return found
    if len(files.images) > 1:
        raise ProgramError(f"{len(files.images)} images are given; a program has one input")
    shape = input_shape(model, sides)
    image = load_image(next(iter(files.images), None), shape[1:], files.preprocessing)
    return {"": image.reshape(shape)}
