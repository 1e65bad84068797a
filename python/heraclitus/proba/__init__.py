"""Probability distributions."""

from __future__ import annotations

from .gaussian import Gaussian

__all__ = ["Gaussian"]
