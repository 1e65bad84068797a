"""A transformer for each group."""

from __future__ import annotations

import collections
import copy
import functools
import typing

from heraclitus.base.transformer import BaseTransformer, Transformer
from heraclitus.base.typing import FeatureName

__all__ = ["Grouper"]


class Grouper(Transformer):
    """Keeps a copy of a transformer for each group of events.

    A group comes into being with the first event that is learned from it. The operator `*` with
    the name of a feature, or a list of them, makes groupers too.

    Parameters
    ----------
    transformer
        What is copied for each group.
    by
        The feature, or the features, whose values tell the groups apart.

    Examples
    --------

    >>> from heraclitus import base, compose
    >>> class Count(base.Transformer):
    ...     def __init__(self):
    ...         self.n = 0
    ...     def learn_one(self, x):
    ...         self.n += 1
    ...     def transform_one(self, x):
    ...         return {"n": self.n}
    >>> counts = compose.Grouper(Count(), by="shop")
    >>> for shop in ["Ikea", "Aldi", "Ikea"]:
    ...     counts.learn_one({"shop": shop})
    >>> counts.transform_one({"shop": "Ikea"})
    {'n': 2}
    """

    def __init__(self, transformer: BaseTransformer, by: FeatureName | list[FeatureName]) -> None:
        self.transformer = transformer
        self.by = by if isinstance(by, list) else [by]
        self.transformers: collections.defaultdict[str, typing.Any] = collections.defaultdict(
            functools.partial(copy.deepcopy, transformer)
        )

    def _get_key(self, x: dict) -> str:
        return "_".join(str(x[name]) for name in self.by)

    def learn_one(self, x: dict) -> None:
        self.transformers[self._get_key(x)].learn_one(x)

    def transform_one(self, x: dict) -> dict:
        # A group that nothing was learned from is as the transformer was given.
        return self.transformers.get(self._get_key(x), self.transformer).transform_one(x)
