"""Metrics for models that predict several outputs at once."""

from __future__ import annotations

from . import base
from .confusion import MultiLabelConfusionMatrix
from .exact_match import ExactMatch
from .wrappers import MacroAverage, MicroAverage, PerOutput, SampleAverage

__all__ = [
    "ExactMatch",
    "MacroAverage",
    "MicroAverage",
    "MultiLabelConfusionMatrix",
    "PerOutput",
    "SampleAverage",
    "base",
]
