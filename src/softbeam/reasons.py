"""Why a value is not possible, in a sentence to a user, where pydantic speaks to programmers."""

from __future__ import annotations

from pydantic_core import ErrorDetails

#: By pydantic's type of an error; what stands in braces is the limit that the value breaks.
_REASONS = {
    "missing": "this is needed",
    "literal_error": "it must be {expected}",
    "greater_than": "it must be greater than {gt}",
    "greater_than_equal": "it must be {ge} or more",
    "less_than": "it must be less than {lt}",
    "less_than_equal": "it must be {le} or less",
    "finite_number": "it must be a finite number",
    "too_short": "it must have at least {min_length}",
    "too_long": "it must have {max_length} at most",
    "string_too_short": "it must not be empty",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "it must be a whole number"),
    "int_parsing_size": "it must be a smaller whole number",
    **dict.fromkeys(("float_type", "float_parsing"), "it must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "it must be true or false"),
    **dict.fromkeys(("string_type", "path_type", "bytes_type"), "it must be a text"),
    **dict.fromkeys(("tuple_type", "list_type"), "it must be a list"),
    **dict.fromkeys(("dict_type", "model_type", "mapping_type"), "it must be a table"),
}


def reason_of(error: ErrorDetails) -> str:
    """Return why a value is not possible, to go on a sentence.

    Parameters
    ----------
    error : dict
        One of ``pydantic.ValidationError.errors()``.

    Examples
    --------
    >>> from pydantic import PositiveInt, TypeAdapter, ValidationError
    >>> try:
    ...     TypeAdapter(PositiveInt).validate_python(-5)
    ... except ValidationError as error:
    ...     print(reason_of(error.errors()[0]))
    it must be greater than 0
    """
    if error["type"] in _REASONS:
        return _REASONS[error["type"]].format(**error.get("ctx", {}))
    reason = error["msg"].removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:]
