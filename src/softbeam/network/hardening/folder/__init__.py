"""A chosen hardening as files that go into Darknet: sources, arguments of launches, instructions.

Everything here is a function of plans, rules and limits to texts;
:func:`~softbeam.network.hardening.folder.contents.contents` gives all files.
"""
