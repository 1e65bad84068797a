"""Detectors on a series of errors, where 1 is an error and 0 is none."""

from __future__ import annotations

from .._generated.drift_binary import *
from .._generated.drift_binary import __all__ as __all__
