"""The version of what a campaign does with the emulator: raised whenever a result could differ.

It enters every campaign's id; what the emulator itself does has a number of its own,
:data:`softbeam.emulator.semantics.EMULATOR_SEMANTICS`.

History
-------
1
    softbeam 0.1: first version.
"""

#: Version of native twins, GEMM, drawing, propagation and classification.
CAMPAIGN_SEMANTICS = 1
