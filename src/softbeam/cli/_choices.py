"""Choices as options: a parameter of a command whose type is a class of choices.

Which options there are, what they mean and what they may be is said where the classes are
(:mod:`softbeam.options`); nothing of it is repeated here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from softbeam.options import Choices, Option, options_of


def with_choices(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that Typer gives single options and that takes them as choices.

    Parameters
    ----------
    command : callable
        A function some of whose parameters are annotated with subclasses of
        :class:`softbeam.options.Choices`.  On the command line their options stand in the place
        of the parameter.

    Returns
    -------
    callable
        The same function with a parameter for each option.

    Examples
    --------
    >>> from softbeam.options import option
    >>> class Place(Choices):
    ...     layer: int = option(help="Where.")
    ...     kernel: str = option("fill", help="In what.")
    >>> @with_choices
    ... def show(place: Place, loud: bool = False) -> None:
    ...     print(repr(place), loud)
    >>> list(inspect.signature(show).parameters)
    ['layer', 'kernel', 'loud']
    >>> show(layer="3", kernel="copy", loud=True)
    Place(layer=3, kernel='copy') True
    """
    hints = get_type_hints(command, include_extras=True)
    own = inspect.signature(command).parameters
    groups = {
        name: tuple(options_of(hints[name]))
        for name in own
        if isinstance(hints[name], type) and issubclass(hints[name], Choices)
    }

    @wraps(command)
    def run(**values: Any) -> None:
        for name, group in groups.items():
            given = {one.keys[0]: values.pop(one.name) for one in group}
            values[name] = hints[name].from_options(
                # By identity: 0 is a seed and is given.
                {
                    key: value
                    for key, value in given.items()
                    if not (value is None or value is False or value == [])
                }
            )
        command(**values)

    flat: list[inspect.Parameter] = []
    for name, parameter in own.items():
        if name in groups:
            flat.extend(map(_parameter, groups[name]))
        else:
            # By keyword, so that one without a default may stand behind one that has one.
            flat.append(
                parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            )
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    return run


def _parameter(option: Option) -> inspect.Parameter:
    """Return an option as a parameter of Typer's; what its text may be is checked later, once."""
    kind: Any = list[str] | None if option.several and not option.argument else str | None
    default: Any = None
    if option.argument:
        described: Any = typer.Argument(metavar=option.metavar, help=option.help)
        kind, default = str, inspect.Parameter.empty
    elif option.switch:
        described = typer.Option(*option.flags, help=option.help)
        kind, default = bool, False
    else:
        described = typer.Option(*option.flags, metavar=option.metavar, help=option.help)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, described],
    )
