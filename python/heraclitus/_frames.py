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
    """A frame of any library as one of narwhals.

    Parameters
    ----------
    X
        The frame.

    """
    return _narwhals().from_native(X, eager_only=True)


def side_by_side(frames: typing.Iterable[typing.Any]) -> typing.Any:
    """The columns of all frames in one, which is of the first frame's library.

    Of columns of the same name the first is kept, as it is for single events.
    """
    nw = _narwhals()
    parts = [nw.from_native(frame, eager_only=True) for frame in frames]
    known: set[str] = set()
    for i, part in enumerate(parts):
        if not known.isdisjoint(part.columns):
            parts[i] = part.select([name for name in part.columns if name not in known])
        known.update(part.columns)
    return nw.concat(parts, how="horizontal").to_native()


# Frames and native cores


def learn(model: typing.Any, X: typing.Any, y: typing.Any) -> None:
    """Lets a native model learn from a frame's rows."""
    targets = None if y is None else as_list(y)
    if (stream := _stream(X)) is not None:
        model._learn_frame(stream, targets)
        return
    events = rows(X)
    if targets is None:
        for x in events:
            model.learn_one(x)
        return
    if len(events) != len(targets):
        raise ValueError(f"there are {len(targets)} targets for {len(events)} rows")
    for x, target in zip(events, targets):
        model.learn_one(x, target)


def predict(model: typing.Any, X: typing.Any) -> typing.Any:
    """A native model's predictions for a frame's rows."""
    if (stream := _stream(X)) is None:
        one = getattr(model, "predict_one", None) or model.score_one
        predicted = [one(x) for x in rows(X)]
    else:
        predicted = _numbers(model._predict_frame(stream))
    if isinstance(predicted, list) and _library(X) == "pandas":
        if all(label is None for label in predicted):
            return _frame(X, {})  # nothing was learned: River has no column then
    return _column(X, predicted)


def predict_proba(model: typing.Any, X: typing.Any) -> typing.Any:
    """A native model's probabilities for a frame's rows."""
    if (stream := _stream(X)) is not None:
        columns = model._predict_proba_frame(stream)
        return _frame(X, _in_order({label: _numbers(p) for label, p in columns.items()}))
    return _frame(X, _in_order(_gathered([model.predict_proba_one(x) for x in rows(X)])))


def _in_order(columns: dict[typing.Any, typing.Any]) -> dict[typing.Any, typing.Any]:
    """Columns by their labels' order, if they have one."""
    try:
        return {label: columns[label] for label in sorted(columns)}
    except TypeError:
        return columns


def transform(model: typing.Any, X: typing.Any) -> typing.Any:
    """What a native model makes of a frame's rows."""
    if (stream := _stream(X)) is not None:
        columns = model._transform_frame(stream)
        return _frame(X, {name: _numbers(values) for name, values in columns.items()})
    return _frame(X, _gathered([model.transform_one(x) for x in rows(X)]))


def _stream(X: typing.Any) -> typing.Any:
    """The frame, when it can stream its columns with names that are texts."""
    if not hasattr(X, "__arrow_c_stream__") or is_column(X):
        return None
    if _library(X) == "pandas":
        if not all(isinstance(name, str) for name in X.columns):
            return None
        try:
            import pyarrow  # noqa: F401 - pandas streams through it
        except ImportError:
            return None
    return X


def is_column(X: typing.Any) -> bool:
    """Whether it is one column of a library, such as a series of texts."""
    frame = hasattr(X, "columns") or hasattr(X, "column_names")
    return not frame and (hasattr(X, "to_list") or hasattr(X, "to_pylist"))


def named(column: typing.Any, name: str | None) -> typing.Any:
    """A column under a name, where the library names columns."""
    if name is None:
        return column
    if hasattr(column, "rename"):
        return column.rename(name)
    return column


def whole(X: typing.Any, columns: dict[typing.Any, list]) -> typing.Any:
    """A frame of the same library, of whole numbers that may be missing."""
    if any(value is None for values in columns.values() for value in values):
        if _library(X) == "pandas":
            import pandas as pd

            columns = {name: pd.array(values, dtype="Int64") for name, values in columns.items()}
    return _frame(X, columns)


def narrowed(out: typing.Any, X: typing.Any) -> typing.Any:
    """A frame whose columns are as narrow as those of the same name in another one."""
    if _library(X) != "pandas":
        return out
    narrow = {name: X[name].dtype for name in X.columns if str(X[name].dtype) == "float32"}
    return out.astype({name: dtype for name, dtype in narrow.items() if name in out.columns})


def as_list(y: typing.Any) -> list[typing.Any]:
    """Targets as a list."""
    for method in ("to_list", "to_pylist", "tolist"):
        if hasattr(y, method):
            return getattr(y, method)()
    return list(y)


def rows(X: typing.Any) -> list[typing.Any]:
    """The rows of a frame as dicts; the values of a column."""
    if is_column(X):
        return as_list(X)
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
