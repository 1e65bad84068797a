"""The interfaces of metrics of several outputs."""

from __future__ import annotations

import typing

from ... import base
from ..base import Metric
from .confusion import MultiLabelConfusionMatrix

__all__ = ["MultiOutputClassificationMetric", "MultiOutputMetric", "MultiOutputRegressionMetric"]


class MultiOutputMetric(Metric):
    """A metric of several outputs."""


class MultiOutputClassificationMetric(MultiOutputMetric):
    """A metric of several labels.

    Parameters
    ----------
    cm
        Confusion matrices to share with other metrics.

    """

    _fmt = ".2%"

    def __init__(self, cm: MultiLabelConfusionMatrix | None = None) -> None:
        self.cm = MultiLabelConfusionMatrix() if cm is None else cm

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        self.cm.update(y_true, y_pred, w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        self.cm.revert(y_true, y_pred, w)

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model predicts several labels."""
        return isinstance(model, base.MultiLabelClassifier)

    @property
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""
        return True

    @property
    def requires_labels(self) -> bool:
        """Whether the predicted labels are enough."""
        return True


class MultiOutputRegressionMetric(MultiOutputMetric):
    """A metric of several numbers."""

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model predicts several numbers."""
        return isinstance(model, base.MultiTargetRegressor)

    @property
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""
        return False
