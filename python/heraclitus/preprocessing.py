"""River's `preprocessing`."""

from __future__ import annotations

from ._generated.preprocessing import *
from ._generated.preprocessing import __all__ as __all__
