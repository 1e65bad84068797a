"""River's `tree`."""

from __future__ import annotations

from ._generated.tree import *
from ._generated.tree import __all__ as __all__
