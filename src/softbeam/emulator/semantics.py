"""The version of what the emulator does: raised whenever any injection could end differently.

It enters every campaign's id and the name of every cached profile.

History
-------
1
    softbeam 0.1: first version.
"""

#: Version of the emulator's semantics, native twins and GEMM included.
EMULATOR_SEMANTICS = 1
