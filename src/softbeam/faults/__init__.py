"""Faults: modes, bit-flip models, the fault space, and drawing sites from it.

What a fault does to a network is in :mod:`softbeam.injection`.
"""
