"""The native classes with their Python side, one for each kind of estimator."""

from __future__ import annotations

import typing

from . import _frames, _native
from ._shell import Shell, Showing

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


class _Learns(Showing):
    """What learns from frames without a target."""

    def learn_many(self, X: typing.Any) -> None:
        """Learn from the rows of a frame, one after the other.

        Parameters
        ----------
        X
            A frame of pandas, polars, pyarrow or another library, an event a row.

        """
        _frames.learn(self, X, None)


class _LearnsTargets(Showing):
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


class _Predicts(Showing):
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

    def _start(self, **params: typing.Any) -> None:
        matrix = params.pop("cm", None)
        super()._start(**params)
        if matrix is not None:
            self._attach(matrix)

    def _get_params(self) -> dict[str, typing.Any]:
        # A clone counts in a matrix of its own.
        return {name: getattr(self, name) for name in self._names}

    def _eval(self, y_true: typing.Any, y_pred: typing.Any) -> float:
        """The figure of one observation alone."""
        one = self.clone()
        one.update(y_true, y_pred)
        return one.get()

    def _attach(self, matrix: typing.Any) -> None:
        self.__dict__["_cm"] = matrix
        self._share(matrix)

    @property
    def cm(self) -> typing.Any:
        """How often each label was taken for each other, from now on kept up to date."""
        if "_cm" not in self.__dict__:
            from .metrics.confusion import ConfusionMatrix

            self._attach(ConfusionMatrix._of_pairs(*self._pairs))
        return self.__dict__["_cm"]

    def __getstate__(self) -> dict[str, typing.Any]:
        state = super().__getstate__()
        if "_cm" not in state:
            state["_told"] = self._pairs
        return state

    def __setstate__(self, state: dict[str, typing.Any]) -> None:
        told = state.pop("_told", None)
        super().__setstate__(state)
        if told is not None:
            self._set_pairs(*told)
        elif "_cm" in self.__dict__:
            self._share(self.__dict__["_cm"])

    def _copy_attributes_to(self, clone: typing.Any, params: dict[str, typing.Any]) -> None:
        super()._copy_attributes_to(clone, params)
        if "_cm" in clone.__dict__:
            clone._share(clone.__dict__["_cm"])
        else:
            clone._set_pairs(*self._pairs)


class Optimizer(Showing, _native.Optimizer):
    """A rule that turns gradients into steps."""
