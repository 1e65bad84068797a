"""Between data frames of any library and arrays.

What comes in is wrapped by narwhals; what goes out is of the same library, and has the same index
if it is of pandas. Nothing is imported before a frame comes.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence

from heraclitus._frames import _narwhals, into_frame

__all__ = [
    "into_frame",
    "into_series",
    "sparse_to_native_frame",
    "to_native_frame",
    "to_native_series",
    "to_numpy",
]

Frame = typing.Any
Series = typing.Any
Array = typing.Any


def into_series(y: Series) -> typing.Any:
    """A series of any library as one of narwhals.

    Parameters
    ----------
    y
        The series.

    """
    return _narwhals().from_native(y, series_only=True)


def to_numpy(frame: typing.Any, dtype: typing.Any = None) -> Array:
    """The numbers of a frame of narwhals as an array; what is missing is NaN.

    Parameters
    ----------
    frame
        The frame.
    dtype
        The type of the numbers, `float64` when left out.
    """
    import numpy as np

    kind = np.dtype(np.float64 if dtype is None else dtype)
    if not frame.implementation.is_pandas_like():
        return np.asarray(frame.to_numpy(), dtype=kind)
    # pandas has types whose missing value is no number. It has to turn them into NaN itself, and
    # only where NaN exists.
    missing = {"na_value": np.nan} if np.issubdtype(kind, np.floating) else {}
    return frame.to_native().to_numpy(dtype=kind, **missing)


def _with_index(native: typing.Any, like: typing.Any) -> typing.Any:
    index = _narwhals().maybe_get_index(like)
    if index is not None:
        native.index = index
    return native


def to_native_series(values: typing.Any, *, name: str | None, like: typing.Any) -> Series:
    """Values as a series of the library that a frame is of.

    Parameters
    ----------
    values
        An array or a list.
    name
        The name of the series.
    like
        A frame of narwhals.
    """
    nw = _narwhals()
    backend = nw.get_native_namespace(like)
    return _with_index(nw.new_series(name=name, values=values, backend=backend).to_native(), like)


def to_native_frame(
    data: Mapping[typing.Any, typing.Any] | Array,
    *,
    like: typing.Any,
    columns: Sequence[typing.Any] | None = None,
) -> Frame:
    """Columns as a frame of the library that another one is of.

    Parameters
    ----------
    data
        A dict of columns, or an array of two dimensions.
    like
        A frame of narwhals.
    columns
        The names of an array's columns. Only pandas can do with names that are no text; they are
        turned into text for the others.
    """
    nw = _narwhals()
    backend = like.implementation
    name = (lambda column: column) if backend.is_pandas_like() else str
    if isinstance(data, Mapping):
        columns_by_name = {name(column): values for column, values in data.items()}
        return _with_index(nw.from_dict(columns_by_name, backend=backend).to_native(), like)
    if columns is None:
        raise ValueError("an array has no names for its columns; give `columns`")
    import numpy as np

    # Row by row in memory: polars takes a square array that is laid out by column for its mirror.
    rows = np.ascontiguousarray(data)
    frame = nw.from_numpy(rows, schema=[name(column) for column in columns], backend=backend)
    return _with_index(frame.to_native(), like)


def sparse_to_native_frame(
    matrix: typing.Any, *, columns: Iterable[typing.Any], like: typing.Any
) -> Frame:
    """A sparse matrix of scipy as a frame of the library that another one is of.

    It stays sparse in pandas; the other libraries have no sparse columns.

    Parameters
    ----------
    matrix
        The matrix.
    columns
        The names of its columns.
    like
        A frame or a series of narwhals.
    """
    nw = _narwhals()
    if like.implementation.is_pandas_like():
        pandas = nw.get_native_namespace(like)
        frame = pandas.DataFrame.sparse.from_spmatrix(matrix, columns=list(columns))
    else:
        names = [str(column) for column in columns]
        dense = nw.from_numpy(matrix.toarray(), schema=names, backend=like.implementation)
        frame = dense.to_native()
    return _with_index(frame, like)
