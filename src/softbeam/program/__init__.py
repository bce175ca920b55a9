"""Programs: launches of any kernels over named buffers, as data, and as folders on disk.

What a program is stands in :mod:`softbeam.program.description`; :class:`softbeam.Program` makes
one, :mod:`softbeam.program.folder` reads and writes them.
"""
