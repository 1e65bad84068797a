"""Detectors of a change in a series of numbers."""

from __future__ import annotations

from .._generated.drift import *
from .._generated.drift import __all__ as _generated
from . import binary
from .retrain import DriftRetrainingClassifier

__all__ = [*_generated, "DriftRetrainingClassifier", "binary"]
