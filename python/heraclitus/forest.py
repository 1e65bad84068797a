"""River's `forest`."""

from __future__ import annotations

from ._generated.forest import *
from ._generated.forest import __all__ as __all__
