"""Metrics of one output, put together over several."""

from __future__ import annotations

import copy
import statistics
import typing

from ... import base
from ...stats import Mean
from ..base import ClassificationMetric, WrapperMetric
from .base import MultiOutputMetric


class _Wrapper(MultiOutputMetric, WrapperMetric):
    def __init__(self, metric: typing.Any) -> None:
        self._metric = metric

    @property
    def metric(self) -> typing.Any:
        """The metric of one output."""
        return self._metric

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model predicts several outputs of the metric's kind."""
        if isinstance(self.metric, ClassificationMetric):
            return isinstance(model, base.MultiLabelClassifier)
        return isinstance(model, base.MultiTargetRegressor)


class _Each(_Wrapper):
    """A metric for each output."""

    def __init__(self, metric: typing.Any) -> None:
        super().__init__(metric)
        self.metrics: dict[typing.Any, typing.Any] = {}

    def _of(self, output: typing.Any) -> typing.Any:
        if output not in self.metrics:
            self.metrics[output] = copy.deepcopy(self._metric)
        return self.metrics[output]

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        for output in y_true:
            self._of(output).update(y_true[output], y_pred[output], w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        for output in y_true:
            self._of(output).revert(y_true[output], y_pred[output], w)


class MacroAverage(_Each):
    """The mean of a metric over the outputs.

    Parameters
    ----------
    metric
        The metric of one output.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.multioutput.MacroAverage(metrics.MAE())
    >>> metric.update({"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 5.0})
    >>> metric
    MacroAverage(MAE): 2.

    """

    def get(self) -> float:
        """The mean so far; 0 before the first observation."""
        return statistics.mean(m.get() for m in self.metrics.values()) if self.metrics else 0.0


class PerOutput(_Each):
    """A metric for each output.

    Parameters
    ----------
    metric
        The metric of one output.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.multioutput.PerOutput(metrics.MAE())
    >>> metric.update({"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 5.0})
    >>> metric
    a - MAE: 1.
    b - MAE: 3.

    """

    def get(self) -> typing.Any:
        """The metrics by output."""
        return dict(self.metrics)

    def __repr__(self) -> str:
        return "\n".join(f"{output} - {metric}" for output, metric in self.metrics.items())


class MicroAverage(_Wrapper):
    """One metric that is told of all outputs.

    Parameters
    ----------
    metric
        The metric.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.multioutput.MicroAverage(metrics.MSE())
    >>> metric.update({"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 5.0})
    >>> metric
    MicroAverage(MSE): 5.

    """

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        for output in y_true:
            self.metric.update(y_true[output], y_pred[output], w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        for output in y_true:
            self.metric.revert(y_true[output], y_pred[output], w)


class SampleAverage(_Wrapper):
    """The mean over the observations of a metric of each one's outputs.

    Parameters
    ----------
    metric
        The metric of one observation.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.multioutput.SampleAverage(metrics.Precision())
    >>> metric.update({"a": True, "b": True}, {"a": True, "b": False})
    >>> metric.update({"a": False, "b": True}, {"a": True, "b": True})
    >>> metric
    SampleAverage(Precision): 75.00%

    """

    def __init__(self, metric: typing.Any) -> None:
        super().__init__(metric)
        self._avg = Mean()

    def _one(self, y_true: typing.Any, y_pred: typing.Any) -> float:
        metric = self.metric.clone()
        for output in y_true:
            metric.update(y_true[output], y_pred[output])
        return metric.get()

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        self._avg.update(self._one(y_true, y_pred), w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        self._avg.revert(self._one(y_true, y_pred), w)

    def get(self) -> float:
        """The mean so far."""
        return self._avg.get()
