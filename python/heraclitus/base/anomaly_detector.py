"""Anomaly detectors: how unusual an event is."""

from __future__ import annotations

import abc
import typing

from .estimator import Estimator
from .typing import FeatureName, Target
from .wrapper import Wrapper

__all__ = ["AnomalyDetector", "AnomalyFilter", "SupervisedAnomalyDetector"]


class AnomalyDetector(Estimator):
    """An anomaly detector that needs no target."""

    @property
    def _supervised(self) -> bool:
        return False

    @abc.abstractmethod
    def learn_one(self, x: dict[FeatureName, typing.Any]) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        """

    @abc.abstractmethod
    def score_one(self, x: dict[FeatureName, typing.Any]) -> float:
        """How unusual an event is; the higher, the more.

        Parameters
        ----------
        x
            The features.
        """


class SupervisedAnomalyDetector(Estimator):
    """An anomaly detector that judges features and target together."""

    @abc.abstractmethod
    def learn_one(self, x: dict[FeatureName, typing.Any], y: Target) -> None:
        """Learns from one event.

        Parameters
        ----------
        x
            The features.
        y
            The target.
        """

    @abc.abstractmethod
    def score_one(self, x: dict[FeatureName, typing.Any], y: Target) -> float:
        """How unusual an event is; the higher, the more.

        Parameters
        ----------
        x
            The features.
        y
            The target.
        """


class AnomalyFilter(Wrapper[AnomalyDetector], Estimator):
    """Tells anomalies from their scores, and so can keep them out of a pipeline.

    Parameters
    ----------
    anomaly_detector
        What gives the scores.
    protect_anomaly_detector
        Whether the detector is kept from learning what the filter takes for an anomaly.
    """

    def __init__(
        self, anomaly_detector: AnomalyDetector, protect_anomaly_detector: bool = True
    ) -> None:
        self.anomaly_detector = anomaly_detector
        self.protect_anomaly_detector = protect_anomaly_detector

    @property
    def _wrapped_model(self) -> AnomalyDetector:
        return self.anomaly_detector

    @abc.abstractmethod
    def classify(self, score: float) -> bool:
        """Whether a score is that of an anomaly.

        Parameters
        ----------
        score
            What `score_one` gave.
        """

    def score_one(self, *args: typing.Any, **kwargs: typing.Any) -> float:
        """How unusual an event is; the higher, the more.

        Parameters
        ----------
        args
            The features, and the target if the detector wants one.
        """
        return self.anomaly_detector.score_one(*args, **kwargs)

    def learn_one(self, *args: typing.Any, **learn_kwargs: typing.Any) -> None:
        """Lets the detector learn from one event, unless it is protected from it.

        Parameters
        ----------
        args
            The features, and the target if the detector wants one.
        """
        if not self.protect_anomaly_detector or not self.classify(self.score_one(*args)):
            self.anomaly_detector.learn_one(*args, **learn_kwargs)
