"""What detectors on errors show."""

from __future__ import annotations

from .drift import _shown


class FHDDM:
    n_one = _shown("n_one", "How many numbers of the window are 1.")
