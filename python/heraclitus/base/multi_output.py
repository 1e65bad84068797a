"""Models with more than one target for an event."""

from __future__ import annotations

import abc
import typing

from .estimator import Estimator
from .typing import FeatureName, RegTarget


class MultiLabelClassifier(Estimator, abc.ABC):
    """A classifier of which each label is there or not."""

    @abc.abstractmethod
    def learn_one(self, x: dict[FeatureName, typing.Any], y: dict[FeatureName, bool]) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        y
            For each label, whether it is there.
        """

    def predict_proba_one(
        self, x: dict[FeatureName, typing.Any], **kwargs: typing.Any
    ) -> dict[FeatureName, dict[bool, float]]:
        """For each label, the probabilities of its being there and of its not being there.

        Classifiers that only name labels raise `NotImplementedError`.

        Parameters
        ----------
        x
            The features.
        """
        raise NotImplementedError

    def predict_one(
        self, x: dict[FeatureName, typing.Any], **kwargs: typing.Any
    ) -> dict[FeatureName, bool]:
        """For each label, whether it is there.

        Parameters
        ----------
        x
            The features.
        """
        probas = self.predict_proba_one(x, **kwargs)
        return {label: max(of, key=of.__getitem__) for label, of in probas.items() if of}


class MultiTargetRegressor(Estimator, abc.ABC):
    """A regressor of several numbers."""

    @abc.abstractmethod
    def learn_one(
        self,
        x: dict[FeatureName, typing.Any],
        y: dict[FeatureName, RegTarget],
        **kwargs: typing.Any,
    ) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        y
            The numbers that were to be predicted.
        """

    @abc.abstractmethod
    def predict_one(self, x: dict[FeatureName, typing.Any]) -> dict[FeatureName, RegTarget]:
        """The numbers that are expected for an event.

        Parameters
        ----------
        x
            The features.
        """
