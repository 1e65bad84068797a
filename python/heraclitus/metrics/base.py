"""The interfaces of metrics."""

from __future__ import annotations

import abc
import collections
import operator
import typing

from .. import base

if typing.TYPE_CHECKING:
    from .confusion import ConfusionMatrix

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

    #: How the figure is written.
    _fmt = ",.6f"

    @abc.abstractmethod
    def update(self, y_true: typing.Any, y_pred: typing.Any) -> None:
        """Take an observation.

        Parameters
        ----------
        y_true
            What was true.
        y_pred
            What was predicted.

        """

    @abc.abstractmethod
    def revert(self, y_true: typing.Any, y_pred: typing.Any) -> None:
        """Take an observation back."""

    @abc.abstractmethod
    def get(self) -> typing.Any:
        """The figure so far."""

    @property
    @abc.abstractmethod
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""

    @abc.abstractmethod
    def works_with(self, model: base.Estimator) -> bool:
        """Whether a model's predictions are of the kind that the metric takes."""

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have weights."""
        return True

    def is_better_than(self, other: Metric) -> bool:
        """Whether this figure is better than another one."""
        better = operator.gt if self.bigger_is_better else operator.lt
        return better(self.get(), other.get())

    def __gt__(self, other: Metric) -> bool:
        return self.is_better_than(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.get():{self._fmt}}".rstrip("0")

    def __str__(self) -> str:
        return repr(self)


def _joined(left: typing.Any, right: typing.Any, family: type) -> Metrics:
    if not isinstance(right, family):
        names = f"{type(left).__name__} and {type(right).__name__}"
        raise ValueError(f"{names} do not take the same predictions")
    return Metrics([left, right])


class ClassificationMetric(Metric):
    """A metric of labels, or of their probabilities.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _fmt = ".2%"

    def __init__(self, cm: ConfusionMatrix | None = None) -> None:
        if cm is None:
            from .confusion import ConfusionMatrix

            cm = ConfusionMatrix()
        self.cm = cm

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        self.cm.update(y_true, y_pred, w=w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        self.cm.revert(y_true, y_pred, w=w)

    @property
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""
        return True

    @property
    def requires_labels(self) -> bool:
        """Whether the predicted label is enough; the probabilities are looked at otherwise."""
        return True

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model is a classifier."""
        return isinstance(model, base.Classifier)

    @staticmethod
    def _clamp_proba(p: float) -> float:
        """A probability that is neither 0 nor 1."""
        return min(max(p, 1e-15), 1 - 1e-15)

    def __add__(self, other: typing.Any) -> Metrics:
        return _joined(self, other, ClassificationMetric)


class BinaryMetric(ClassificationMetric):
    """A metric of one label against the others.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The label.

    """

    def __init__(self, cm: ConfusionMatrix | None = None, pos_val: typing.Any = True) -> None:
        super().__init__(cm)
        self.pos_val = pos_val

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        if self.requires_labels:
            y_pred = y_pred == self.pos_val
        super().update(y_true == self.pos_val, y_pred, w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        if self.requires_labels:
            y_pred = y_pred == self.pos_val
        super().revert(y_true == self.pos_val, y_pred, w)


class MultiClassMetric(ClassificationMetric):
    """A metric of any number of labels.

    Parameters
    ----------
    cm
        The matrix to count in, which several metrics may share.

    """

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model is a classifier, or puts events into groups."""
        return isinstance(model, base.Classifier | base.Clusterer)


class RegressionMetric(Metric):
    """A metric of numbers."""

    @property
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""
        return False

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model predicts numbers."""
        return isinstance(model, base.Regressor)

    def __add__(self, other: typing.Any) -> Metrics:
        return _joined(self, other, RegressionMetric)


class Metrics(Metric, collections.UserList):
    """Several metrics that are told the same.

    Parameters
    ----------
    metrics
        The metrics.
    str_sep
        What is written between them.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> both = metrics.MAE() + metrics.MSE()
    >>> both.update(1.0, 3.0)
    >>> both
    MAE: 2.
    MSE: 4.

    """

    def __init__(self, metrics: typing.Iterable[Metric], str_sep: str = "\n") -> None:
        super().__init__(metrics)
        self.str_sep = str_sep

    def _each(self, y_pred: typing.Any) -> typing.Iterator[tuple[typing.Any, typing.Any]]:
        """Each metric with the prediction as it takes it."""
        if all(getattr(m, "requires_labels", True) for m in self):
            yield from ((m, y_pred) for m in self)
            return
        label = max(y_pred, key=y_pred.get) if isinstance(y_pred, dict) and y_pred else y_pred
        for m in self:
            yield m, label if m.requires_labels else y_pred

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        for metric, prediction in self._each(y_pred):
            metric.update(y_true, prediction, w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        for metric, prediction in self._each(y_pred):
            metric.revert(y_true, prediction, w)

    def get(self) -> list[typing.Any]:
        """The figures so far."""
        return [m.get() for m in self]

    def works_with(self, model: typing.Any) -> bool:
        """Whether all metrics work with the model."""
        return all(m.works_with(model) for m in self)

    @property
    def bigger_is_better(self) -> bool:
        """There is no such thing for several figures."""
        raise NotImplementedError

    @property
    def works_with_weights(self) -> bool:
        """Whether all metrics do."""
        return all(m.works_with_weights for m in self)

    @property
    def requires_labels(self) -> bool:
        """Whether the predicted label is enough for all metrics."""
        return all(m.requires_labels for m in self)

    def __repr__(self) -> str:
        return self.str_sep.join(str(m) for m in self)

    def __add__(self, other: typing.Any) -> Metrics:
        if self:
            _ = other + self[0]  # says what does not fit together
        self.append(other)
        return self

    def clone(self, *_args: typing.Any, **_kwargs: typing.Any) -> Metrics:
        """The same metrics with nothing seen."""
        return type(self)([m.clone() for m in self], self.str_sep)


class WrapperMetric(Metric):
    """A metric that works on another one."""

    @property
    def _fmt(self) -> str:  # type: ignore[override]
        return self.metric._fmt

    @property
    @abc.abstractmethod
    def metric(self) -> typing.Any:
        """The other one."""

    def get(self) -> typing.Any:
        """The figure so far."""
        return self.metric.get()

    @property
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""
        return self.metric.bigger_is_better

    def works_with(self, model: typing.Any) -> bool:
        """Whether the other one does."""
        return self.metric.works_with(model)

    @property
    def requires_labels(self) -> bool:
        """Whether the predicted label is enough."""
        return self.metric.requires_labels

    def __repr__(self) -> str:
        name = type(self).__name__
        return super().__repr__().replace(name, f"{name}({type(self.metric).__name__})")


class MeanMetric(abc.ABC):
    """A metric that is the mean of a figure per observation, which `_eval` says."""

    def __init__(self) -> None:
        from ..stats import Mean

        self._mean = Mean()

    @abc.abstractmethod
    def _eval(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The figure of one observation."""

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        self._mean.update(self._eval(y_true, y_pred), w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        self._mean.revert(self._eval(y_true, y_pred), w)

    def get(self) -> float:
        """The mean so far."""
        return self._mean.get()


class ClusteringMetric(base.Base, abc.ABC):
    """A metric of groups that looks at the groups' centers."""

    #: How the figure is written.
    _fmt = ",.6f"

    @abc.abstractmethod
    def update(
        self, x: typing.Any, y_pred: typing.Any, centers: typing.Any, w: float = 1.0
    ) -> None:
        """Take an event, the group that it was put into, and the centers of the groups."""

    @abc.abstractmethod
    def revert(
        self, x: typing.Any, y_pred: typing.Any, centers: typing.Any, w: float = 1.0
    ) -> None:
        """Take an event back."""

    @abc.abstractmethod
    def get(self) -> float:
        """The figure so far."""

    @property
    @abc.abstractmethod
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model puts events into groups."""
        return isinstance(model, base.Clusterer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.get():{self._fmt}}".rstrip("0")
