"""The door for data frames: pandas, polars, pyarrow and what else there is.

Nothing is imported before a frame comes. Where a frame has the Arrow C stream interface, its
columns go to the native core as they are; where not, its rows go one by one.
"""

from __future__ import annotations

import typing


def _narwhals() -> typing.Any:
    try:
        import narwhals.stable.v2 as nw
    except ImportError as error:
        raise ImportError("data frames need `narwhals`: pip install narwhals") from error
    return nw


def into_frame(X: typing.Any) -> typing.Any:
    """A frame of any library as one of narwhals."""
    return _narwhals().from_native(X, eager_only=True)


def side_by_side(frames: typing.Iterable[typing.Any]) -> typing.Any:
    """The columns of all frames in one, which is of the first frame's library."""
    nw = _narwhals()
    parts = [nw.from_native(frame, eager_only=True) for frame in frames]
    return nw.concat(parts, how="horizontal").to_native()


# Frames and native cores


def learn(model: typing.Any, X: typing.Any, y: typing.Any) -> None:
    """Lets a native model learn from a frame's rows."""
    targets = None if y is None else as_list(y)
    if (stream := _stream(X)) is not None:
        model._learn_frame(stream, targets)
        return
    rows = _rows(X)
    if targets is None:
        for x in rows:
            model.learn_one(x)
        return
    if len(rows) != len(targets):
        raise ValueError(f"there are {len(targets)} targets for {len(rows)} rows")
    for x, target in zip(rows, targets):
        model.learn_one(x, target)


def predict(model: typing.Any, X: typing.Any) -> typing.Any:
    """A native model's predictions for a frame's rows."""
    if (stream := _stream(X)) is None:
        one = getattr(model, "predict_one", None) or model.score_one
        return _column(X, [one(x) for x in _rows(X)])
    return _column(X, _numbers(model._predict_frame(stream)))


def predict_proba(model: typing.Any, X: typing.Any) -> typing.Any:
    """A native model's probabilities for a frame's rows."""
    if (stream := _stream(X)) is not None:
        columns = model._predict_proba_frame(stream)
        return _frame(X, {label: _numbers(p) for label, p in columns.items()})
    return _frame(X, _gathered([model.predict_proba_one(x) for x in _rows(X)]))


def transform(model: typing.Any, X: typing.Any) -> typing.Any:
    """What a native model makes of a frame's rows."""
    if (stream := _stream(X)) is not None:
        columns = model._transform_frame(stream)
        return _frame(X, {name: _numbers(values) for name, values in columns.items()})
    return _frame(X, _gathered([model.transform_one(x) for x in _rows(X)]))


def _stream(X: typing.Any) -> typing.Any:
    """The frame, when it can stream its columns with names that are texts."""
    if not hasattr(X, "__arrow_c_stream__"):
        return None
    if _library(X) == "pandas":
        if not all(isinstance(name, str) for name in X.columns):
            return None
        try:
            import pyarrow  # noqa: F401 - pandas streams through it
        except ImportError:
            return None
    return X


def as_list(y: typing.Any) -> list[typing.Any]:
    """Targets as a list."""
    for method in ("to_list", "to_pylist", "tolist"):
        if hasattr(y, method):
            return getattr(y, method)()
    return list(y)


def _rows(X: typing.Any) -> list[dict]:
    if _library(X) == "pandas":
        return X.to_dict(orient="records")
    if hasattr(X, "to_dicts"):
        return X.to_dicts()
    if hasattr(X, "to_pylist"):
        return X.to_pylist()
    if isinstance(X, list | tuple):
        return list(X)
    return into_frame(X).rows(named=True)


def _gathered(rows: list[dict]) -> dict[typing.Any, list]:
    """Columns of rows that may lack some."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _library(X: typing.Any) -> str:
    return type(X).__module__.partition(".")[0]


def _numbers(column: typing.Any) -> typing.Any:
    """A column that came as the bytes of doubles, as an array; a list as it is."""
    if isinstance(column, list):
        return column
    import numpy as np

    return np.frombuffer(column, dtype="<f8")


def _column(X: typing.Any, values: typing.Any) -> typing.Any:
    library = _library(X)
    if library == "pandas":
        import pandas as pd

        return pd.Series(values, index=X.index)
    if library == "polars":
        import polars as pl

        return pl.Series(values)
    if library == "pyarrow":
        import pyarrow as pa

        return pa.chunked_array([pa.array(values)])
    if isinstance(X, list | tuple):
        return values
    nw = _narwhals()
    native = into_frame(X).implementation
    return nw.new_series("", values, backend=native).to_native()


def _frame(X: typing.Any, columns: dict[typing.Any, typing.Any]) -> typing.Any:
    library = _library(X)
    if library == "pandas":
        import pandas as pd

        return pd.DataFrame(columns, index=X.index)
    if library == "polars":
        import polars as pl

        return pl.DataFrame({str(name): values for name, values in columns.items()})
    if library == "pyarrow":
        import pyarrow as pa

        return pa.table({str(name): values for name, values in columns.items()})
    nw = _narwhals()
    native = into_frame(X).implementation
    named = {str(name): values for name, values in columns.items()}
    return nw.from_dict(named, backend=native).to_native()
