"""Options that belong together as one parameter of a command: a dataclass whose fields they are.

Which options there are, and what they mean, is said where the dataclasses are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that Typer gives single options and that takes them in groups.

    Parameters
    ----------
    command : callable
        A function some of whose parameters are dataclasses with fields that are annotated as
        Typer's options are.  On the command line the fields stand in the place of the parameter.

    Returns
    -------
    callable
        The same function with a parameter for each option.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Place:
    ...     layer: int
    ...     kernel: str = "fill"
    >>> @with_groups
    ... def show(place: Place, loud: bool = False) -> None:
    ...     print(place, loud)
    >>> list(inspect.signature(show).parameters)
    ['layer', 'kernel', 'loud']
    >>> show(layer=3, kernel="copy", loud=True)
    Place(layer=3, kernel='copy') True
    """
    hints = get_type_hints(command, include_extras=True)
    own = inspect.signature(command).parameters
    groups = {name: hints[name] for name in own if is_dataclass(hints[name])}

    @wraps(command)
    def run(**options: Any) -> None:
        for name, group in groups.items():
            members = {field.name: options.pop(field.name) for field in fields(group)}
            options[name] = group(**members)
        command(**options)

    flat: list[inspect.Parameter] = []
    for name, parameter in own.items():
        source, annotations = {name: parameter}, hints
        if name in groups:
            source = dict(inspect.signature(groups[name]).parameters)
            annotations = get_type_hints(groups[name], include_extras=True)
        # By keyword, so that one without a default may stand behind one that has one.
        flat.extend(
            one.replace(annotation=annotations[each], kind=inspect.Parameter.KEYWORD_ONLY)
            for each, one in source.items()
        )
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    return run
