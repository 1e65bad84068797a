"""River's `cluster`."""

from __future__ import annotations

from ._generated.cluster import *
from ._generated.cluster import __all__ as __all__
