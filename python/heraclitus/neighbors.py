"""River's `neighbors`."""

from __future__ import annotations

from ._generated.neighbors import *
from ._generated.neighbors import __all__ as __all__
