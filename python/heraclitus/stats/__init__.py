"""Statistics of series: River's `stats`."""

from __future__ import annotations

from . import base
from .._generated.stats import *
from .._generated.stats import __all__ as _generated
from .base import Link

__all__ = [*_generated, "Link", "base"]
