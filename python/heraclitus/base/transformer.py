"""Transformers: features made from features."""

from __future__ import annotations

import abc
import typing

from .estimator import Estimator
from .typing import FeatureName, Target

if typing.TYPE_CHECKING:
    import pandas as pd

    from heraclitus import compose


class BaseTransformer(abc.ABC):
    """What makes features from features, whether it needs a target to learn or not."""

    def __add__(self, other: typing.Any) -> compose.TransformerUnion:
        """Both side by side."""
        from heraclitus import compose

        return compose.TransformerUnion(self, other)

    def __radd__(self, other: typing.Any) -> compose.TransformerUnion:
        """Both side by side, the other one first."""
        from heraclitus import compose

        return compose.TransformerUnion(other, self)

    def __mul__(self, other: typing.Any) -> compose.Grouper | compose.TransformerProduct:
        """The products with another transformer's features, or a copy for each group."""
        from heraclitus import compose

        if isinstance(other, (BaseTransformer, compose.Pipeline)):
            return compose.TransformerProduct(self, other)
        return compose.Grouper(transformer=self, by=other)

    def __rmul__(self, other: typing.Any) -> compose.Grouper | compose.TransformerProduct:
        """As `self * other`."""
        return self * other

    @abc.abstractmethod
    def transform_one(self, x: dict[FeatureName, typing.Any]) -> dict[FeatureName, typing.Any]:
        """The features that are made from those of an event.

        Parameters
        ----------
        x
            The features.
        """


class Transformer(Estimator, BaseTransformer):
    """A transformer that needs no target."""

    @property
    def _supervised(self) -> bool:
        return False

    def learn_one(self, x: dict[FeatureName, typing.Any]) -> None:
        """Learns from one event; most transformers have nothing to learn.

        Parameters
        ----------
        x
            The features.
        """


class SupervisedTransformer(Estimator, BaseTransformer):
    """A transformer that learns with a target."""

    @property
    def _supervised(self) -> bool:
        return True

    def learn_one(self, x: dict[FeatureName, typing.Any], y: Target) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        y
            The target.
        """


class MiniBatchTransformer(Transformer):
    """A transformer that also takes many events at once."""

    @abc.abstractmethod
    def transform_many(self, X: pd.DataFrame) -> pd.DataFrame:
        """The features that are made from those of many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        """

    def learn_many(self, X: pd.DataFrame) -> None:
        """Learns from many events; most transformers have nothing to learn.

        Parameters
        ----------
        X
            A frame, an event a row.
        """


class MiniBatchSupervisedTransformer(Transformer):
    """A transformer that learns with a target and also takes many events at once."""

    @property
    def _supervised(self) -> bool:
        return True

    @abc.abstractmethod
    def learn_many(self, X: pd.DataFrame, y: pd.Series) -> None:
        """Learns from many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        y
            Their targets.
        """

    @abc.abstractmethod
    def transform_many(self, X: pd.DataFrame) -> pd.DataFrame:
        """The features that are made from those of many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
