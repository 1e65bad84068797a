"""Rows of an array as a stream."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator, Sequence
from typing import Any


def _plain(value: Any) -> Any:
    """A numpy scalar or array as Python objects; anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def iter_array(
    X: Any,
    y: Any = None,
    feature_names: Sequence[Hashable] | None = None,
    target_names: Sequence[Hashable] | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> Iterator[tuple[Any, Any]]:
    """Iterates over the rows of a two-dimensional array, or over a list of texts.

    Parameters
    ----------
    X
        An array of shape (rows, features), or a list of texts, which are passed on as they are.
    y
        A target per row; an array of shape (rows, targets) gives dicts of targets.
    feature_names
        The names of the columns; their numbers from 0 when left out.
    target_names
        The names of the targets when there are several; their numbers when left out.
    shuffle
        Whether to go through the rows in a random order.
    seed
        Fixes that order.

    Examples
    --------

    >>> from heraclitus import stream
    >>> rows = stream.iter_array([[1, 2], [11, 12]], [True, False], feature_names=["a", "b"])
    >>> for x, y in rows:
    ...     print(x, y)
    {'a': 1, 'b': 2} True
    {'a': 11, 'b': 12} False
    """
    if y is not None and len(y) != len(X):
        raise ValueError(f"X has {len(X)} rows and y has {len(y)}; give one target for each row")
    order = range(len(X))
    if shuffle:
        order = random.Random(seed).sample(order, k=len(X))
    for i in order:
        row, target = _plain(X[i]), None if y is None else _plain(y[i])
        if not isinstance(row, str):
            row = dict(zip(range(len(row)) if feature_names is None else feature_names, row))
        if isinstance(target, (list, tuple)):
            target = dict(zip(target_names or range(len(target)), target))
        yield row, target
