"""Interfaces of figures of how well predictions fit."""

from __future__ import annotations

import abc
import collections
import typing

from heraclitus import base

__all__ = [
    "BinaryMetric",
    "ClassificationMetric",
    "ClusteringMetric",
    "MeanMetric",
    "Metric",
    "Metrics",
    "MultiClassMetric",
    "RegressionMetric",
    "WrapperMetric",
]


class Metric(base.Base, abc.ABC):
    """A figure of how well predictions fit."""

    _fmt = ".6f"

    @abc.abstractmethod
    def update(self, y_true: typing.Any, y_pred: typing.Any) -> None:
        """Take a true value and its prediction."""

    @abc.abstractmethod
    def revert(self, y_true: typing.Any, y_pred: typing.Any) -> None:
        """Take an observation back."""

    @abc.abstractmethod
    def get(self) -> float:
        """The figure so far."""

    @property
    @abc.abstractmethod
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""

    @abc.abstractmethod
    def works_with(self, model: base.Estimator) -> bool:
        """Whether the figure can be had of a model."""

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have a weight."""
        return True

    def is_better_than(self, other: Metric) -> bool:
        """Whether this figure is better than another one of its kind."""
        ours, theirs = self.get(), other.get()
        return ours > theirs if self.bigger_is_better else ours < theirs

    def __gt__(self, other: Metric) -> bool:
        return self.is_better_than(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.get():{self._fmt}}".rstrip("0")

    def __str__(self) -> str:
        return repr(self)


class ClassificationMetric(Metric):
    """A figure of predicted classes."""

    _fmt = ".2%"

    def works_with(self, model: base.Estimator) -> bool:
        return isinstance(model, base.Classifier)

    def __add__(self, other: typing.Any) -> Metrics:
        """Both figures together."""
        return _together(self, other, ClassificationMetric)


class BinaryMetric(ClassificationMetric):
    """A figure of one class against all others."""


class MultiClassMetric(ClassificationMetric):
    """A figure of any number of classes."""

    def works_with(self, model: base.Estimator) -> bool:
        return isinstance(model, (base.Classifier, base.Clusterer))


class RegressionMetric(Metric):
    """A figure of predicted numbers."""

    _fmt = ",.6f"

    def works_with(self, model: base.Estimator) -> bool:
        return isinstance(model, base.Regressor)

    def __add__(self, other: typing.Any) -> Metrics:
        """Both figures together."""
        return _together(self, other, RegressionMetric)


def _together(metric: Metric, other: typing.Any, kind: type) -> Metrics:
    if not isinstance(other, kind):
        names = f"{type(metric).__name__} and {type(other).__name__}"
        raise ValueError(f"{names} metrics are not compatible")
    return Metrics([metric, other])


class MeanMetric(abc.ABC):
    """A figure that is the mean of a figure of each observation."""


class ClusteringMetric(base.Base, abc.ABC):
    """A figure of groups."""

    _fmt = ",.6f"

    @abc.abstractmethod
    def update(self, x: dict, y_pred: int, centers: dict, w: float = 1.0) -> None:
        """Take an event, its group, and where the groups are."""

    @abc.abstractmethod
    def revert(self, x: dict, y_pred: int, centers: dict, w: float = 1.0) -> None:
        """Take an observation back."""

    @abc.abstractmethod
    def get(self) -> float:
        """The figure so far."""

    @property
    @abc.abstractmethod
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""

    def works_with(self, model: base.Estimator) -> bool:
        """Whether the figure can be had of a model."""
        return isinstance(model, base.Clusterer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.get():{self._fmt}}".rstrip("0")


class Metrics(Metric, collections.UserList):
    """Several figures of the same predictions.

    Parameters
    ----------
    metrics
        The figures.
    str_sep
        What stands between them when they are shown.

    Examples
    --------
    >>> from heraclitus import metrics
    >>> both = metrics.MAE() + metrics.RMSE()
    >>> for y, p in [(1, 1), (2, 4)]:
    ...     both.update(y, p)
    >>> both
    MAE: 1.
    RMSE: 1.414214
    """

    def __init__(self, metrics: typing.Iterable[Metric], str_sep: str = "\n") -> None:
        super().__init__(metrics)
        self.str_sep = str_sep

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        for metric, predicted in self._each(y_pred):
            metric.update(y_true, predicted, w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        for metric, predicted in self._each(y_pred):
            metric.revert(y_true, predicted, w)

    def _each(self, y_pred: typing.Any) -> typing.Iterator[tuple[Metric, typing.Any]]:
        """Each figure with what it looks at: a label, where it needs no probabilities."""
        proba = isinstance(y_pred, dict) and bool(y_pred)
        label = max(y_pred, key=y_pred.get) if proba else y_pred  # type: ignore[arg-type]
        for metric in self:
            yield metric, label if getattr(metric, "requires_labels", False) else y_pred

    def get(self) -> list[float]:  # type: ignore[override]
        return [metric.get() for metric in self]

    def works_with(self, model: base.Estimator) -> bool:
        return all(metric.works_with(model) for metric in self)

    @property
    def bigger_is_better(self) -> bool:
        raise NotImplementedError

    @property
    def works_with_weights(self) -> bool:
        return all(metric.works_with_weights for metric in self)

    @property
    def requires_labels(self) -> bool:
        return all(metric.requires_labels for metric in self)

    def __repr__(self) -> str:
        return self.str_sep.join(map(str, self))

    def __add__(self, other: typing.Any) -> Metrics:  # type: ignore[override]
        """One figure more."""
        if self:
            _ = other + self[0]
        self.append(other)
        return self

    def clone(self, *_: typing.Any, **__: typing.Any) -> Metrics:  # type: ignore[override]
        return type(self)([metric.clone() for metric in self], self.str_sep)


class WrapperMetric(Metric):
    """A figure around another one."""

    @property
    def _fmt(self) -> str:  # type: ignore[override]
        return self.metric._fmt

    @property
    @abc.abstractmethod
    def metric(self) -> Metric:
        """The figure inside."""

    def get(self) -> float:
        return self.metric.get()

    @property
    def bigger_is_better(self) -> bool:
        return self.metric.bigger_is_better

    def works_with(self, model: base.Estimator) -> bool:
        return self.metric.works_with(model)

    @property
    def requires_labels(self) -> bool:
        return self.metric.requires_labels  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        name = type(self).__name__
        return super().__repr__().replace(name, f"{name}({type(self.metric).__name__})", 1)
