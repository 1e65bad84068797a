"""River's `dummy`."""

from __future__ import annotations

from ._generated.dummy import *
from ._generated.dummy import __all__ as __all__
