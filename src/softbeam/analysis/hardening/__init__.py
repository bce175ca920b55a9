"""What to harden: where the damage is, which sets hold it, at which cost, and how certain that is.

Read :mod:`softbeam.analysis.hardening.advice` first: it is the whole answer.
"""
