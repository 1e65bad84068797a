"""Detectors of a change in a series of numbers."""

from __future__ import annotations

from . import binary
from .._generated.drift import *
from .._generated.drift import __all__ as _generated

__all__ = [*_generated, "binary"]
