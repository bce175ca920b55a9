"""Arithmetic that twins are made of, on the host, with the roundings of the machine code.

Also the matrix product: Darknet leaves it to a library, so it has no machine code to follow and is
defined here.
"""
