"""What to inject, how many and where the results are kept: specification, workers, store.

What one injection does is :mod:`softbeam.injection`'s; what results mean :mod:`softbeam.analysis`'.
"""
