"""Models that never stop learning, with River's names."""

from . import base, stream

__all__ = ["base", "stream"]
