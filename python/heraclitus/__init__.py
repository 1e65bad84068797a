"""Models that never stop learning, with River's names."""

from . import base, compose, stream, utils

__all__ = ["base", "compose", "stream", "utils"]
