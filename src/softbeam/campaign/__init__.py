"""What to inject, how many and where the results are kept: specification, workers, store.

What one injection does is in :mod:`softbeam.injection`, what results mean in
:mod:`softbeam.analysis`.
"""
