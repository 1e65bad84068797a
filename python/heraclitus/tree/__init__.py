"""Decision trees that grow with their stream."""

from __future__ import annotations

from . import base, splitter
from .._generated.tree import *
from .._generated.tree import __all__ as _generated

__all__ = [*_generated, "base", "splitter"]
