"""Predictions from the events that are nearest."""

from __future__ import annotations

from .._generated.neighbors import *
from .._generated.neighbors import __all__ as _generated
from .engines import SWINN, LazySearch

__all__ = [*_generated, "SWINN", "LazySearch"]
