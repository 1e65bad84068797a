"""River's `linear_model`."""

from __future__ import annotations

from ._generated.linear_model import *
from ._generated.linear_model import __all__ as __all__
