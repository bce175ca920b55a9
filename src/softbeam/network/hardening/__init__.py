"""A network made harder: which launches are hardened how, their limits, and the plan that follows.

Rules say which technique is for which kernel in which layer (:mod:`rules`); limits are what the
fault-free launches leave on calibration images (:mod:`limits`); :mod:`apply` makes the hardened
plan of both.  What the hardened kernels compute is in :mod:`softbeam.kernels`.
"""
