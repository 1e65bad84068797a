"""River's `feature_extraction`."""

from __future__ import annotations

from ._generated.feature_extraction import *
from ._generated.feature_extraction import __all__ as __all__
