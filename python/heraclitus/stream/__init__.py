"""Streams: events, one at a time, from files, frames and memory, with River's names.

A stream is any iterable of `(x, y)`, where `x` is a dict of features.
"""

from .cache import Cache
from .iter_arff import iter_arff
from .iter_array import iter_array
from .iter_csv import iter_csv
from .iter_frame import iter_frame
from .iter_libsvm import iter_libsvm
from .iter_pandas import iter_pandas
from .iter_polars import iter_polars
from .iter_sklearn import iter_sklearn_dataset
from .iter_sql import iter_sql
from .qa import simulate_qa
from .shuffling import shuffle

__all__ = [
    "Cache",
    "iter_arff",
    "iter_array",
    "iter_csv",
    "iter_frame",
    "iter_libsvm",
    "iter_pandas",
    "iter_polars",
    "iter_sklearn_dataset",
    "iter_sql",
    "shuffle",
    "simulate_qa",
]
