"""From injections to numbers with error bars: counts, proportions, vulnerability factors.

Everything here is a pure function of counted records.  How a number is printed or drawn is
decided in :mod:`softbeam.cli` and :mod:`softbeam.present`.
"""
