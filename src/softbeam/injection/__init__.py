"""One fault site to one outcome: strike, propagate, classify.

How sites are drawn is :mod:`softbeam.faults`'; how many, :mod:`softbeam.campaign`'s.
"""
