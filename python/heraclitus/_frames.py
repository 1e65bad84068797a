"""The door for data frames: pandas, polars, pyarrow and what else narwhals knows.

Nothing is imported before a frame comes.
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
