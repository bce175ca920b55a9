"""The command line: ``softbeam COMMAND``; one module a command.

Here is only the door: which commands there are, and how errors leave.  A command's module defines
its options and prints; heavy libraries are imported inside its function, so that help is instant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

#: The modules of this package that add a command to the application, in the order of the help.
COMMANDS = (
    "campaign",
    "plan",
    "merge",
    "tables",
    "report",
    "advise",
    "harden",
    "replay",
    "export",
    "classify",
    "profile",
    "conform",
    "disasm",
    "emulate",
    "run",
    "capture",
)

#: Exit status of an error that the user can cause, and of an interruption (128 + SIGINT).
ERROR, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; by default the process's.

    Returns
    -------
    int
        Exit status: 0, 2 for an error that the user can cause, 130 for an interruption.
    """
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(arguments: list[str]) -> int:
    from softbeam import logs
    from softbeam.cli._app import app, overview
    from softbeam.errors import SoftbeamError

    logs.show_if_wanted()
    named = next((word for word in arguments if not word.startswith("-")), "")
    if named in COMMANDS:
        import_module(f"softbeam.cli.{named}")
    else:
        # Nothing will run: what the commands are is enough, and is there at once.
        app = overview(COMMANDS)
    try:
        app(args=arguments, prog_name="softbeam")
    except SystemExit as leaving:
        return _status(leaving.code)
    except SoftbeamError as error:
        return _complain(str(error))
    except MemoryError as error:
        # What can be reckoned was refused before; this is the rest.
        reason = f" ({error})" if str(error) else ""
        return _complain(f"out of memory{reason}; give a smaller network or input")
    except OSError as error:
        reason = error.strerror or str(error)
        place = f"cannot read or write {error.filename}: " if error.filename else ""
        return _complain(f"{place}{reason}")
    return 0


def _status(code: object) -> int:
    if code is None:
        return 0
    return code if isinstance(code, int) else ERROR


def _complain(message: str) -> int:
    from softbeam.text import visible

    for line in message.splitlines():
        print(f"softbeam: error: {visible(line)}", file=sys.stderr)
    return ERROR
