"""Whether all outputs are right."""

from __future__ import annotations

import typing

from ..base import MeanMetric
from .base import MultiOutputClassificationMetric


class ExactMatch(MeanMetric, MultiOutputClassificationMetric):
    """The share of observations all of whose outputs were predicted right.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.multioutput.ExactMatch()
    >>> metric.update({"a": False, "b": True}, {"a": True, "b": True})
    >>> metric.update({"a": False, "b": True}, {"a": False, "b": True})
    >>> metric
    ExactMatch: 50.00%

    """

    def _eval(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        return y_true == y_pred
