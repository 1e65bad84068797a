"""Classifiers: one label for an event."""

from __future__ import annotations

import abc
import typing

from . import estimator
from .typing import ClfTarget, FeatureName

if typing.TYPE_CHECKING:
    import pandas as pd


class Classifier(estimator.Estimator):
    """A classifier."""

    @abc.abstractmethod
    def learn_one(self, x: dict[FeatureName, typing.Any], y: ClfTarget) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        y
            The label.
        """

    def predict_proba_one(
        self, x: dict[FeatureName, typing.Any], **kwargs: typing.Any
    ) -> dict[ClfTarget, float]:
        """The probability of each label that is known.

        Classifiers that only name a label raise `NotImplementedError`.

        Parameters
        ----------
        x
            The features.
        """
        raise NotImplementedError

    def predict_one(
        self, x: dict[FeatureName, typing.Any], **kwargs: typing.Any
    ) -> ClfTarget | None:
        """The most probable label, or `None` as long as none is known.

        Parameters
        ----------
        x
            The features.
        """
        probas = self.predict_proba_one(x, **kwargs)
        return max(probas, key=probas.__getitem__) if probas else None

    @property
    def _multiclass(self) -> bool:
        """Whether there may be more than two labels."""
        return False

    @property
    def _supervised(self) -> bool:
        return True


class MiniBatchClassifier(Classifier):
    """A classifier that also takes many events at once."""

    @abc.abstractmethod
    def learn_many(self, X: pd.DataFrame, y: pd.Series) -> None:
        """Learns from many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        y
            Their labels.
        """

    def predict_proba_many(self, X: pd.DataFrame) -> pd.DataFrame:
        """The probability of each label, an event a row.

        Classifiers that only name labels raise `NotImplementedError`.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
        raise NotImplementedError

    def predict_many(self, X: pd.DataFrame) -> pd.Series:
        """The most probable label of each event.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
        probas = self.predict_proba_many(X)
        return probas if probas.empty else probas.idxmax(axis="columns")
