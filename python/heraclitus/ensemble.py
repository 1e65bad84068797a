"""River's `ensemble`."""

from __future__ import annotations

from ._generated.ensemble import *
from ._generated.ensemble import __all__ as __all__
