"""Rows of a frame of pandas as a stream."""

from __future__ import annotations

import typing
import warnings

from heraclitus import base

from .iter_frame import iter_frame_of


def iter_pandas(X: typing.Any, y: typing.Any = None, **kwargs: typing.Any) -> base.typing.Stream:
    """Iterates over the rows of a frame of pandas. Deprecated: `iter_frame` takes any frame.

    Parameters
    ----------
    X
        A frame of features.
    y
        A series of targets; a frame gives dicts of targets.
    kwargs
        Arguments of `iter_frame`.
    """
    warnings.warn(
        "stream.iter_pandas is deprecated; stream.iter_frame takes any frame",
        DeprecationWarning,
        stacklevel=2,
    )
    yield from iter_frame_of("pandas", X, y, kwargs)
