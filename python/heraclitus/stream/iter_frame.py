"""Rows of a data frame as a stream."""

from __future__ import annotations

import random
import sys
import typing
from collections.abc import Iterable, Iterator

from heraclitus import base
from heraclitus._frames import _narwhals


def _plain(rows: Iterable[typing.Any], numpy: typing.Any) -> Iterator[typing.Any]:
    """Rows or values with Python's numbers in the place of numpy's."""
    generic = numpy.generic
    for row in rows:
        if isinstance(row, dict):
            for name, value in row.items():
                if isinstance(value, generic):
                    row[name] = value.item()
            yield row
        else:
            yield row.item() if isinstance(row, generic) else row


def _rows(frame: typing.Any, nw: typing.Any) -> Iterable[typing.Any]:
    rows = frame.iter_rows(named=True) if isinstance(frame, nw.DataFrame) else frame
    # pandas hands out numbers of numpy where a column may have missing values.
    numpy = sys.modules.get("numpy")
    return _plain(rows, numpy) if numpy and frame.implementation.is_pandas_like() else rows


def iter_frame(
    X: typing.Any, y: typing.Any = None, *, shuffle: bool = False, seed: int | None = None
) -> base.typing.Stream:
    """Iterates over the rows of a frame of pandas, polars, pyarrow and what else narwhals knows.

    Each value keeps the type of its column.

    Parameters
    ----------
    X
        A frame of features.
    y
        A series of targets; a frame gives dicts of targets.
    shuffle
        Whether to go through the rows in a random order, for which all of them are loaded.
    seed
        Fixes that order.

    Examples
    --------

    >>> import pandas as pd
    >>> from heraclitus import stream
    >>> X = pd.DataFrame({"a": [1, 2], "b": ["blue", "red"]})
    >>> for x, y in stream.iter_frame(X, pd.Series([True, False])):
    ...     print(x, y)
    {'a': 1, 'b': 'blue'} True
    {'a': 2, 'b': 'red'} False
    """
    nw = _narwhals()
    frame = nw.from_native(X, allow_series=False)
    if isinstance(frame, nw.LazyFrame):
        raise TypeError(
            f"iter_frame only supports eager dataframes, and {type(X).__name__} is a lazy one, "
            "whose rows have no order yet; collect it first"
        )
    if y is None:
        events: Iterable[typing.Any] = ((x, None) for x in _rows(frame, nw))
    else:
        target = nw.from_native(y, eager_only=True, allow_series=True)
        events = zip(_rows(frame, nw), _rows(target, nw))
    if shuffle:
        events = list(events)
        random.Random(seed).shuffle(events)
    yield from events


def iter_frame_of(
    library: str, X: typing.Any, y: typing.Any, kwargs: dict[str, typing.Any]
) -> base.typing.Stream:
    """`iter_frame` for frames of one library only."""
    is_frame = getattr(_narwhals().dependencies, f"is_{library}_dataframe")
    is_series = getattr(_narwhals().dependencies, f"is_{library}_series")
    if not is_frame(X):
        raise TypeError(f"Expected a {library} DataFrame, got {type(X)}")
    if y is not None and not (is_frame(y) or is_series(y)):
        raise TypeError(f"Expected a {library} DataFrame or Series, got {type(y)}")
    yield from iter_frame(X, y, **kwargs)
