"""Regressors: one number for an event."""

from __future__ import annotations

import abc
import typing

from . import estimator
from .typing import FeatureName, RegTarget

if typing.TYPE_CHECKING:
    import pandas as pd


class Regressor(estimator.Estimator):
    """A regressor."""

    @abc.abstractmethod
    def learn_one(self, x: dict[FeatureName, typing.Any], y: RegTarget) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        y
            The number that was to be predicted.
        """

    @abc.abstractmethod
    def predict_one(self, x: dict[FeatureName, typing.Any]) -> RegTarget:
        """The number that is expected for an event.

        Parameters
        ----------
        x
            The features.
        """


class MiniBatchRegressor(Regressor):
    """A regressor that also takes many events at once."""

    @abc.abstractmethod
    def learn_many(self, X: pd.DataFrame, y: pd.Series) -> None:
        """Learns from many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        y
            The numbers that were to be predicted.
        """

    @abc.abstractmethod
    def predict_many(self, X: pd.DataFrame) -> pd.Series:
        """The number that is expected for each event.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
