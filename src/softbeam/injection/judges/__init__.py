"""The judges: each tells how an answer with a fault ended beside the golden one.

Which of them a campaign has is found in :mod:`softbeam.injection.judging`; a detector's is in
:mod:`softbeam.injection.detection`.
"""
