"""River's `naive_bayes`."""

from __future__ import annotations

from ._generated.naive_bayes import *
from ._generated.naive_bayes import __all__ as __all__
