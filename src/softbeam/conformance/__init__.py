"""The conformance bench: recordings of a real GPU, and their replay in the emulator.

Read first :mod:`softbeam.conformance.replay`; the format of a folder of recordings is in
``docs/develop.md``.
"""
