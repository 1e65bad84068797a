"""The area under the curve of precision over recall."""

from __future__ import annotations

import collections
import itertools
import operator
import typing

from .. import base
from .base import BinaryMetric


class RollingPRAUC(BinaryMetric):
    """The area under the curve of precision over recall, over the newest observations.

    Precision is taken as the largest that a threshold as low or lower reaches, and the area below
    it by the trapezoid rule.

    Parameters
    ----------
    window_size
        How many observations count.
    pos_val
        The label that is looked at.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.RollingPRAUC(window_size=4)
    >>> for y_true, y_pred in zip([0, 1, 0, 1, 0, 1], [0.3, 0.5, 0.5, 0.7, 0.1, 0.3]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    RollingPRAUC: 83.33%

    """

    def __init__(self, window_size: int = 1000, pos_val: typing.Any = True) -> None:
        self.window_size = window_size
        self.pos_val = pos_val
        self._window: collections.deque[tuple[float, bool]] = collections.deque(maxlen=window_size)

    def works_with(self, model: typing.Any) -> bool:
        """Whether the model is a classifier, or scores anomalies."""
        return super().works_with(model) or isinstance(
            model, base.AnomalyDetector | base.AnomalyFilter
        )

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have weights."""
        return False

    @property
    def requires_labels(self) -> bool:
        """Whether the predicted label is enough; the probabilities are looked at otherwise."""
        return False

    def _entry(self, y_true: typing.Any, y_pred: typing.Any) -> tuple[float, bool]:
        p = y_pred.get(self.pos_val, 0.0) if isinstance(y_pred, dict) else y_pred
        return float(p), bool(y_true == self.pos_val)

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation; weights are not looked at."""
        self._window.append(self._entry(y_true, y_pred))

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take the oldest equal observation back."""
        entry = self._entry(y_true, y_pred)
        if entry in self._window:
            self._window.remove(entry)

    def get(self) -> float:
        """The area so far; 0 while the window does not hold both sorts."""
        positives = sum(y for _, y in self._window)
        negatives = len(self._window) - positives
        if not positives or not negatives:
            return 0.0
        area, best = 0.0, 0.0
        above = before = positives
        # From the lowest threshold up: what is left above it is predicted as positive.
        for _, tied in itertools.groupby(sorted(self._window), key=operator.itemgetter(0)):
            last, best = best, max(best, above / (above + negatives))
            area += (before - above) * (last + best) / 2
            before = above
            truths = [y for _, y in tied]
            above -= sum(truths)
            negatives -= len(truths) - sum(truths)
        area += (before - above) * (best + 1.0) / 2
        return area / positives
