"""A judge of a user's own: a Python function that gets both answers and says how it ended.

The function is called with two dictionaries, the golden answer and the one with the fault, each
from the names of the network's outputs to float32 arrays of the model's shapes, and returns an
outcome and a detail, two words.  Its file is run where a command names it, and nowhere else:
results hold the file's name and hash only.  It is called for answers that differ in a bit.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from softbeam.errors import JudgeError
from softbeam.files import read_file
from softbeam.injection.choices import FUNCTION, own_function
from softbeam.injection.classification import Outcome
from softbeam.injection.judges.base import Bits, Judge, sdc, tensors
from softbeam.injection.judges.values import values_told
from softbeam.injection.outcomes import check_detail
from softbeam.network.plan import Plan
from softbeam.text import visible

#: Bytes of a judge's file.
_MOST = 1 << 20

_MEND = "mend it; its file is part of the campaign's id, so that the campaign begins anew"


@dataclass(frozen=True, slots=True)
class JudgeSource:
    """A judge's file as text, which workers run, and the function in it.

    Attributes
    ----------
    file, function : str
        Names of the file, without its folder, and of the function.
    text : bytes
        What the file holds.
    """

    file: str
    function: str
    text: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """``FILE.py:FUNCTION``, without the folder."""
        return f"{self.file}:{self.function}"

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.text).hexdigest()


def read_judge(judge: str | None) -> JudgeSource | None:
    """Read the file of a judge of a user's own; None of one of softbeam's.

    Raises
    ------
    JudgeError
        If it cannot be read.
    """
    own = own_function(judge)
    if own is None:
        return None
    path = Path(own[0])
    try:
        text = read_file(path, _MOST)
    except OSError as error:
        raise JudgeError(
            f"cannot read the judge {path}: {error.strerror or error}; give a Python file"
        ) from error
    return JudgeSource(path.name, own[1], text)


class FunctionJudge(Judge):
    """The rule of a user's own function.

    Parameters
    ----------
    plan : Plan
        The network's plan.
    source : JudgeSource
        The file and the function; the file is run.

    Raises
    ------
    JudgeError
        If the file cannot be run, or has no such function.
    """

    kind = FUNCTION

    def __init__(self, plan: Plan, source: JudgeSource) -> None:
        super().__init__(plan)
        self.source = source
        module = ModuleType(f"softbeam_judge_{source.sha256[:16]}")
        module.__file__ = source.file
        # As of an imported module: dataclasses, for one, look for it there.
        sys.modules[module.__name__] = module
        try:
            exec(compile(source.text, source.file, "exec"), module.__dict__)
        except SyntaxError as error:
            raise JudgeError(
                f"the judge {source.file}, line {error.lineno}: {error.msg}; {_MEND}"
            ) from None
        except (Exception, SystemExit) as error:
            raise self._failed(error) from None
        function = getattr(module, source.function, None)
        if not callable(function):
            have = [one for one, value in vars(module).items() if _is_own(value, module)]
            raise JudgeError(
                f"{source.file} has no function {source.function!r}; it has "
                f"{', '.join(have) or 'none'}"
            )
        self._function: Callable[..., Any] = function

    def __call__(self, golden: Bits, output: Bits) -> Outcome:
        """Return the outcome of an answer.

        Raises
        ------
        JudgeError
            If the function fails, or returns no outcome and detail.
        """
        if np.array_equal(golden, output):
            return Outcome.of("absorbed")
        outcome, detail = self.ask(golden, output)
        return sdc(detail, golden, output) if outcome == "SDC" else Outcome(outcome, detail)

    def ask(self, golden: Bits, output: Bits) -> tuple[str, str]:
        """Return the function's own words on two answers; see :meth:`__call__`."""
        # Copies: what the function does to them is no part of the golden run.
        given = [tensors(self.plan, one.copy()) for one in (golden, output)]
        try:
            found = self._function(*given)
        except (Exception, SystemExit) as error:
            raise self._failed(error) from None
        try:
            outcome, detail = found
            if not (isinstance(outcome, str) and isinstance(detail, str)):
                raise ValueError
        except (TypeError, ValueError):
            raise JudgeError(
                f"the judge {self.source.name} returned {visible(repr(found))[:60]}, not an "
                f"outcome and a detail, such as ('SDC', 'critical'); {_MEND}"
            ) from None
        try:
            check_detail(outcome, detail, own=True)
        except ValueError as error:
            raise JudgeError(
                f"the judge {self.source.name} is not possible: {visible(str(error))}"
            ) from None
        return outcome, detail

    def told(self, answer: Bits, names: Mapping[int, str]) -> str:
        """Return the first values of each tensor."""
        return values_told(self.plan, answer)

    def _failed(self, error: BaseException) -> JudgeError:
        """Return an error that names the line of the file."""
        line = _line(error.__traceback__, self.source.file)
        reason = visible(" ".join(str(error).split())) or "no reason given"
        place = self.source.file if line is None else f"{self.source.file}, line {line}"
        return JudgeError(f"the judge {place}: {type(error).__name__}: {reason}; {_MEND}")


def _line(trace: TracebackType | None, file: str) -> int | None:
    """Return the innermost line of a file that a traceback passes."""
    linecache.cache.pop(file, None)
    lines = [one.lineno for one in traceback.extract_tb(trace) if one.filename == file]
    return lines[-1] if lines else None


def _is_own(value: Any, module: ModuleType) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module.__name__
