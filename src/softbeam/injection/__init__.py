"""One fault site to one outcome: strike, propagate, classify.

How sites are drawn is in :mod:`softbeam.faults`, how many in :mod:`softbeam.campaign`.
"""
