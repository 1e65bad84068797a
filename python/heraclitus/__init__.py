"""Models that never stop learning, with River's names."""

from . import base, compose, evaluate, stream, utils

__all__ = ["base", "compose", "evaluate", "stream", "utils"]
