"""What a user can choose, declared once: an option, a key of a campaign file, and a fact.

A :class:`Choices` class is a pydantic model whose fields are made by :func:`option`.  The command
line's options, their help, the keys of campaign files and every check come from these fields
alone; who needs a choice takes it from the model.  Here is how a field says so; which choices
there are is said where they are used (:class:`softbeam.network.choices.WorkloadChoices`,
:class:`softbeam.campaign.request.Request`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import get_annotations
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from softbeam.errors import CampaignError
from softbeam.reasons import reason_of

_DECLARED = "softbeam"

_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")


class Choices(BaseModel):
    """Base of what a user can choose; frozen, and without fields that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_keys(cls, values: Mapping[str, Any]) -> Self:
        """Return the choices that are written flat, such as ``box_overlap``, by their keys.

        Raises
        ------
        pydantic.ValidationError
            Of everything that is wrong; :func:`wrong_choices` says it in the user's words.
        """
        found = dict(values)
        for one in options_of(cls):
            for key in one.keys:
                if key in found and (key,) != one.path:
                    place: Any = found
                    for part in one.path[:-1]:
                        place = place.setdefault(part, {})
                    place[one.path[-1]] = found.pop(key)
        return cls.model_validate(found)

    @classmethod
    def from_options(cls, given: Mapping[str, Any]) -> Self:
        """Return the choices that options of the command line make, as texts by their keys.

        Raises
        ------
        CampaignError
            Naming every option that is wrong.
        """
        try:
            return cls.from_keys(given)
        except ValidationError as error:
            raise CampaignError(
                "; ".join(
                    _not_possible(given, option, value) + reason
                    for option, _, value, reason in wrong_choices(cls, error)
                )
            ) from None


@dataclass(frozen=True, slots=True)
class Option:
    """A choice as a user writes it.

    Attributes
    ----------
    path : tuple of str
        The field that holds it, such as ``("boxes", "overlap")``.
    flags : tuple of str
        How it is written on the command line, such as ``("--box-overlap",)``; the metavar of an
        argument.
    keys : tuple of str
        How it is written in a campaign file; the first is the one to use.
    help : str
        What it means, in a sentence, with its default.
    metavar : str
        What stands for its value in the help.
    switch, several, argument : bool
        Whether it takes no value; can be given several times; is no option but an argument.
    """

    path: tuple[str, ...]
    flags: tuple[str, ...]
    keys: tuple[str, ...]
    help: str
    metavar: str | None
    switch: bool
    several: bool
    argument: bool

    @property
    def name(self) -> str:
        """The name of the command's parameter."""
        return "_".join(self.path)


def option(
    default: Any = ...,
    *,
    help: str,
    flag: str | None = None,
    other_flags: tuple[str, ...] = (),
    key: str | None = None,
    also: tuple[str, ...] = (),
    metavar: str | None = None,
    argument: bool = False,
    **limits: Any,
) -> Any:
    """Return a field of :class:`Choices` that a user can set.

    Parameters
    ----------
    default : object
        Its value where nothing is given; a field without is required.
    help : str
        What it means; the default is added.
    flag : str, optional
        Its option, where that is not the field's name.
    other_flags : tuple of str
        Further options that are the same.
    key : str, optional
        Its key in a campaign file, where that is not the field's name.
    also : tuple of str
        Further keys that are read.
    metavar : str, optional
        What stands for its value; by default the values that there are, or their type.
    argument : bool
        Whether it is no option but the command's argument.
    **limits : object
        What pydantic's ``Field`` takes, such as ``ge=1``.

    Examples
    --------
    >>> class Colours(Choices):
    ...     ink: Literal["black", "red"] = option("black", help="What one writes with.")
    >>> [(one.flags, one.metavar, one.help) for one in options_of(Colours)]
    [(('--ink',), 'black|red', 'What one writes with; default: black.')]
    >>> Colours(ink="red").ink
    'red'
    """
    declared: Any = {
        "flag": flag,
        "other_flags": other_flags,
        "keys": (() if key is None else (key,)) + also,
        "metavar": metavar,
        "argument": argument,
    }
    # pydantic keeps it beside the field and does nothing with it.
    return Field(default, description=help, json_schema_extra={_DECLARED: declared}, **limits)


def options_of(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Option]:
    """Yield the options of a class of choices, its own first, those of models within it too."""
    ordered = [name for one in model.__mro__ for name in get_annotations(one)]
    for name in dict.fromkeys(name for name in ordered if name in model.model_fields):
        field = model.model_fields[name]
        extra = field.json_schema_extra
        inner = _model_in(field.annotation)
        if isinstance(extra, dict) and _DECLARED in extra:
            yield _option_of((*path, name), field, extra[_DECLARED])
        elif inner is not None:
            yield from options_of(inner, (*path, name))


def _option_of(path: tuple[str, ...], field: FieldInfo, declared: Any) -> Option:
    several = get_origin(_bare(field.annotation)) is tuple
    flag = declared["flag"] or f"--{path[-1].replace('_', '-')}"
    keys = declared["keys"] or (path[-1],)
    if len(path) == 1 and path[0] not in keys:
        keys = (path[0], *keys)
    text = field.description or ""
    if field.default not in (None, False, (), PydanticUndefined):
        shown = field.default if isinstance(field.default, tuple) else (field.default,)
        text = f"{text.removesuffix('.')}; default: {', '.join(map(str, shown))}."
    return Option(
        path=path,
        flags=(declared["metavar"],) if declared["argument"] else (flag, *declared["other_flags"]),
        keys=keys,
        help=text,
        metavar=declared["metavar"] or _metavar(field),
        switch=_bare(field.annotation) is bool,
        several=several,
        argument=declared["argument"],
    )


def _metavar(field: FieldInfo) -> str | None:
    kind = _bare(field.annotation)
    if get_origin(kind) is tuple:
        kind = _bare(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    return {int: "N", float: "X", Path: "FILE", bool: None}.get(kind, "TEXT")


def _bare(annotation: Any) -> Any:
    """Return a type without None beside it and without what annotates it."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (one for one in get_args(annotation) if one is not NoneType)
        return _bare(annotation)
    return annotation


def _model_in(annotation: Any) -> type[BaseModel] | None:
    try:
        bare = _bare(annotation)
    except ValueError:
        return None
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _not_possible(given: Mapping[str, Any], option: Option | None, value: Any) -> str:
    """Say which option is wrong, with the wrong part of its value or all of it as written."""
    if option is None:
        return ""
    if not isinstance(value, (str, int, float)):
        value = next((given[key] for key in option.keys if key in given), value)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
    number = isinstance(value, str) and _NUMBER.fullmatch(value)
    return f"{option.flags[0]} {value if number else repr(value)} is not possible: "


def _parts(values: Any) -> Any:
    """Return what a list with commas has in it; lists may be given several times."""
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, (list, tuple)):
        return values
    parts: list[Any] = []
    for value in values:
        parts += [part.strip() for part in value.split(",")] if isinstance(value, str) else [value]
    return tuple(parts)


_RUN = re.compile(r"(\d+)\s*[-–]\s*(\d+)")

#: More numbers than a run can stand for: no network has so many layers.
_LONGEST_RUN = 100_000


def _numbers(values: Any) -> Any:
    """Return a list with commas, runs such as 5-7 written out."""
    parts = _parts(values)
    if not isinstance(parts, tuple):
        return parts
    numbers: list[Any] = []
    for part in parts:
        run = _RUN.fullmatch(part) if isinstance(part, str) else None
        if run is None:
            numbers.append(part)
            continue
        first, last = int(run[1]), int(run[2])
        if not 0 <= last - first < _LONGEST_RUN:
            raise ValueError(f"{part} is no run of numbers; write the smaller one first, as in 5-7")
        numbers += range(first, last + 1)
    return tuple(numbers)


def _lower(values: Any) -> Any:
    parts = _parts(values)
    if not isinstance(parts, tuple):
        return parts
    return tuple(part.lower() if isinstance(part, str) else part for part in parts)


def _of_users(parse: Callable[[Any], Any]) -> BeforeValidator:
    def validated(values: Any, info: ValidationInfo) -> Any:
        # A stored fact is strict: it is taken as it is; JSON has lists only.
        if (info.config or {}).get("strict"):
            return tuple(values) if isinstance(values, list) else values
        return parse(values)

    return BeforeValidator(validated)


#: Of a tuple's annotation: it can be written with commas (``fill,im2col``), the same in any case
#: (``RF,iov``), or as numbers with runs (``0,5-7``).
WITH_COMMAS = _of_users(_parts)
IN_ANY_CASE = _of_users(_lower)
WITH_RUNS = _of_users(_numbers)


def wrong_choices(
    model: type[BaseModel], error: ValidationError
) -> Iterator[tuple[Option | None, str, Any, str]]:
    """Yield what is wrong with the choices that a user made.

    Yields
    ------
    option : Option or None
        The option that is wrong; None where options do not go together, or there is no such one.
    name : str
        The name that was written, where there is no such option; else empty.
    value : object
        The value that is wrong.
    reason : str
        What is wrong, to go on a sentence.
    """
    known = list(options_of(model))
    seen = set()
    for one in error.errors():
        place = tuple(str(part) for part in one["loc"])
        found = next((each for each in known if place[: len(each.path)] == each.path), None)
        # Of several parts of a value one is enough.
        if found is not None and found in seen:
            continue
        seen.add(found)
        name, reason = "", reason_of(one)
        if one["type"] == "extra_forbidden":
            name, reason = place[0], "there is no such field"
            near = get_close_matches(name, [key for each in known for key in each.keys], n=1)
            reason += f"; did you mean {near[0]}?" if near else ""
        elif found is None and place:
            name = place[0]
        yield found, name, one["input"], reason
