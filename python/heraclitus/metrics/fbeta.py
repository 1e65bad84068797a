"""F-scores with an own weight for each label."""

from __future__ import annotations

import typing

from .base import MultiClassMetric


class MultiFBeta(MultiClassMetric):
    """The weighted mean of the F-scores of all labels, each with a `beta` of its own.

    Parameters
    ----------
    betas
        How much recall counts against precision, by label.
    weights
        How much each label's score counts; 1 for all by default.
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.MultiFBeta(betas={0: 0.25, 1: 1, 2: 4}, weights={0: 1, 1: 1, 2: 2})
    >>> for y_true, y_pred in zip([0, 1, 2, 2, 2], [0, 1, 2, 2, 1]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    MultiFBeta: 75.67%

    """

    def __init__(self, betas: typing.Any, weights: typing.Any, cm: typing.Any = None) -> None:
        super().__init__(cm)
        self.betas = betas
        self.weights = weights

    def _weight(self, label: typing.Any) -> float:
        return 1 if self.weights is None else self.weights[label]

    def get(self) -> float:
        """The figure so far."""
        total, weights, cm = 0.0, 0.0, self.cm
        for label in cm.classes:
            b2 = self.betas[label] ** 2
            score = _over((1 + b2) * cm[label][label], b2 * cm.sum_row[label] + cm.sum_col[label])
            total += self._weight(label) * score
            weights += self._weight(label)
        return _over(total, weights)


def _over(a: float, b: float) -> float:
    return a / b if b else 0.0
