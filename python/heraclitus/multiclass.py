"""River's `multiclass`."""

from __future__ import annotations

from ._generated.multiclass import *
from ._generated.multiclass import __all__ as __all__
