"""Recommenders: the interface of models that rank items for users."""

from __future__ import annotations

from . import base

__all__ = ["base"]
