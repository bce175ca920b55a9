"""What C code prints is dropped, and only within the context."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes
from softbeam.analysis.hardening.measured.silence import silent

c = ctypes.CDLL(None)
print("before", flush=True)
c.puts(b"shown first")
with silent():
    c.puts(b"for developers")
c.puts(b"shown last")
c.fflush(None)
"""


def test_what_c_code_prints_is_dropped_within_and_shown_without() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == ["before", "shown first", "shown last", ""]


def test_a_process_without_standard_output_is_left_alone() -> None:
    program = f"import os; os.close(1)\n{PROGRAM.replace('print', 'str')}".replace(
        ", flush=True", ""
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
