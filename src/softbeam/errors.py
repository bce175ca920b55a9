"""The one tree of exceptions that softbeam raises for things a user can cause or must know.

Faults that softbeam injects are outcomes (:mod:`softbeam.injection`), never exceptions of this
tree.  The command line prints the message of a :class:`SoftbeamError` and exits with status 2.
"""

from __future__ import annotations


class SoftbeamError(Exception):
    """Base of all of softbeam's errors; its message is one sentence for the user."""


class UnsupportedInstruction(SoftbeamError):  # noqa: N818  (the design's and the issues' name)
    """An instruction that the emulator does not know; never counted as an outcome."""


class ListingError(SoftbeamError):
    """A disassembly listing or cubin that cannot be read."""


class ToolchainError(SoftbeamError):
    """NVIDIA's compiler or disassembler is not installed, or refuses its input."""


class LaunchError(SoftbeamError):
    """A launch or an access to memory that the emulated GPU cannot be asked for."""


class ProgramError(SoftbeamError):
    """A program, its folder or a step of it cannot be used."""


class NetworkError(SoftbeamError):
    """A network, its configuration file or its weights cannot be used."""


class JudgeError(SoftbeamError):
    """A function of a user's own that judges answers cannot be used, or failed."""


class ImageError(SoftbeamError):
    """An input image cannot be read."""


class RecordingError(SoftbeamError):
    """A folder of hardware recordings cannot be read."""


class TooLargeError(SoftbeamError):
    """What is asked for needs more memory than there is."""


class CampaignError(SoftbeamError):
    """A campaign's specification is invalid or does not fit its results file."""


class ResultsError(SoftbeamError):
    """A results file cannot be read or written."""


class InternalError(SoftbeamError):
    """An assertion of softbeam's own failed; the result of the injection cannot be trusted."""
