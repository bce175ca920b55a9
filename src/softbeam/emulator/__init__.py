"""Execution of a kernel's machine code on the host: lowering, the warp interpreter, conformance.

The jitted core (:mod:`softbeam.emulator.core`) sees arrays and integers only.
"""
