"""Figures of how well predictions fit: River's `metrics`."""

from __future__ import annotations

from . import base
from .._generated.metrics import *
from .._generated.metrics import __all__ as _generated
from .confusion import ConfusionMatrix
from .report import ClassificationReport

__all__ = [*_generated, "ClassificationReport", "ConfusionMatrix", "base"]
