"""Detectors of changes of a share of errors: River's `drift.binary`."""

from __future__ import annotations

from .._generated.drift_binary import *
from .._generated.drift_binary import __all__ as __all__
