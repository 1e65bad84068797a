"""The native classes with their Python side, one for each kind of estimator."""

from __future__ import annotations

import typing

from . import _frames, _native
from ._shell import Shell

__all__ = [
    "AnomalyDetector",
    "Classifier",
    "Clusterer",
    "DriftDetector",
    "Metric",
    "Optimizer",
    "Regressor",
    "Transformer",
    "Univariate",
]


class _Learns(Shell):
    """What learns from frames without a target."""

    def learn_many(self, X: typing.Any) -> None:
        """Learn from the rows of a frame, one after the other.

        Parameters
        ----------
        X
            A frame of pandas, polars, pyarrow or another library, an event a row.

        """
        _frames.learn(self, X, None)


class _LearnsTargets(Shell):
    """What learns from frames with a target."""

    def learn_many(self, X: typing.Any, y: typing.Any) -> None:
        """Learn from the rows of a frame, one after the other.

        Parameters
        ----------
        X
            A frame of pandas, polars, pyarrow or another library, an event a row.
        y
            A target for each row.

        """
        _frames.learn(self, X, y)


class _Predicts(Shell):
    """What predicts for frames."""

    def predict_many(self, X: typing.Any) -> typing.Any:
        """Predict for each row of a frame.

        Parameters
        ----------
        X
            A frame, an event a row.

        Returns
        -------
        A column of the frame's library.

        """
        return _frames.predict(self, X)


class Transformer(_Learns, _native.Transformer):
    """Features to features."""

    def transform_many(self, X: typing.Any) -> typing.Any:
        """Transform the rows of a frame.

        Parameters
        ----------
        X
            A frame, an event a row.

        Returns
        -------
        A frame of the same library.

        """
        return _frames.transform(self, X)


class Classifier(_LearnsTargets, _Predicts, _native.Classifier):
    """Features to classes."""

    def predict_proba_many(self, X: typing.Any) -> typing.Any:
        """Predict the probability of each label for each row of a frame.

        Parameters
        ----------
        X
            A frame, an event a row.

        Returns
        -------
        A frame of the same library with a column a label.

        """
        return _frames.predict_proba(self, X)


class Regressor(_LearnsTargets, _Predicts, _native.Regressor):
    """Features to a number."""


class AnomalyDetector(_Learns, _native.AnomalyDetector):
    """Features to an anomaly score."""

    def score_many(self, X: typing.Any) -> typing.Any:
        """The anomaly score of each row of a frame."""
        return _frames.predict(self, X)


class Clusterer(_Learns, _Predicts, _native.Clusterer):
    """Features to the number of a group."""


class DriftDetector(Shell, _native.DriftDetector):
    """Watches a series for a change."""


class Univariate(Shell, _native.Univariate):
    """A statistic of a series."""


class Metric(Shell, _native.Metric):
    """A figure of how well predictions fit."""


class Optimizer(Shell, _native.Optimizer):
    """A rule that turns gradients into steps."""
