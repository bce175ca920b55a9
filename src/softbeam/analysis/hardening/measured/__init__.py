"""The choice of techniques by their measured effect, what it costs, and what it will remove.

Read :mod:`softbeam.analysis.hardening.measured.answer` first: it is the whole answer.
"""
