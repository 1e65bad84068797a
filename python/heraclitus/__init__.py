"""Models that never stop learning, with River's names."""

from . import stream

__all__ = ["stream"]
