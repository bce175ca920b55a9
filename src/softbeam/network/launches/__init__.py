"""What each layer launches, in Darknet's order, with its arguments and grids.

Source: Darknet's inference with batch 1.  The whole plan is made in
:mod:`softbeam.network.planner`.
"""
