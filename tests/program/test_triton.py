"""What Triton 3.9.0 compiled of ``examples/triton`` for sm_90, run and struck without Triton.

The folder beside this file was written with ``TRITON_DISABLE_LINE_INFO=1``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.programs import attention_of

from softbeam.program.builder import Program

FOLDER = Path(__file__).with_name("triton")


def test_attention_and_a_layer_norm_are_what_numpy_computes():
    program = Program.read(FOLDER)
    run = program.run()
    assert not run.warnings
    assert [one.kernel for one in run.launches] == ["attend", "normalize"]
    wanted = attention_of(program.description)
    assert np.abs(run.outputs["out"] - wanted).max() < 1e-5
    assert np.abs(wanted).max() > 1
