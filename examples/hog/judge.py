"""What an error means to the HOG detector: which windows hold a face.

softbeam campaign runs/hog --paper --judge examples/hog/judge.py:faces
"""

from __future__ import annotations

#: Score from which on a window counts.
THRESHOLD = 0.5


def faces(golden, faulty):
    """Critical where another set of windows is found, tolerable where only scores differ."""
    wanted, found = golden["scores"] > THRESHOLD, faulty["scores"] > THRESHOLD
    if (wanted & ~found).any():
        return "SDC", "critical face missed"
    if (found & ~wanted).any():
        return "SDC", "critical face made up"
    return "SDC", "tolerable"
