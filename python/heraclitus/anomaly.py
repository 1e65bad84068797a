"""River's `anomaly`."""

from __future__ import annotations

from ._generated.anomaly import *
from ._generated.anomaly import __all__ as __all__
