"""Streams: events, one at a time, from files and from memory, with River's names.

A stream is any iterable of `(x, y)`, where `x` is a dict of features.
"""

from ._array import iter_array
from ._csv import iter_csv
from ._qa import simulate_qa
from ._shuffle import shuffle

__all__ = ["iter_array", "iter_csv", "shuffle", "simulate_qa"]
