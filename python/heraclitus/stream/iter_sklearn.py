"""Rows of scikit-learn's data sets as a stream."""

from __future__ import annotations

import typing

from heraclitus import base

from .iter_array import iter_array
from .iter_frame import iter_frame


def iter_sklearn_dataset(dataset: typing.Any, **kwargs: typing.Any) -> base.typing.Stream:
    """Iterates over the rows of a data set of scikit-learn.

    Parameters
    ----------
    dataset
        What `sklearn.datasets` gives: an object with `data` and `target`.
    kwargs
        Arguments of `iter_array`, or of `iter_frame` if the data is a frame.

    Examples
    --------

    >>> from types import SimpleNamespace
    >>> from heraclitus import stream
    >>> bunch = SimpleNamespace(data=[[1, 2]], target=[3], feature_names=["a", "b"])
    >>> next(stream.iter_sklearn_dataset(bunch))
    ({'a': 1, 'b': 2}, 3)
    """
    if hasattr(dataset.data, "columns"):
        yield from iter_frame(dataset.data, dataset.target, **kwargs)
        return
    names = getattr(dataset, "feature_names", None)
    if names is not None:
        kwargs["feature_names"] = names
    yield from iter_array(dataset.data, dataset.target, **kwargs)
