"""Metrics of groups that look at pairs of events: whether two are together in both divisions."""

from __future__ import annotations

import math
import typing

from .base import MultiClassMetric


class _OfPairs(MultiClassMetric):
    """A metric that counts pairs of events, and so knows no weights."""

    def __init__(self, cm: typing.Any = None) -> None:
        super().__init__(cm)

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have weights."""
        return False

    def _sums(self) -> tuple[float, float, float, int]:
        """Ordered pairs together in both, in truth, in prediction; and the number of events."""
        n = self.cm.n_samples
        both = sum(w * w for row in self.cm.data.values() for w in row.values()) - n
        rows = sum(w * w for w in self.cm.sum_row.values()) - n
        columns = sum(w * w for w in self.cm.sum_col.values()) - n
        return both, rows, columns, n


class Rand(_OfPairs):
    """The share of pairs of events on which two divisions agree.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.Rand()
    >>> for y_true, y_pred in zip([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    Rand: 0.6666666666666666

    """

    _fmt = ""

    def get(self) -> float:
        """The figure so far; 1 before the second event."""
        both, rows, columns, n = self._sums()
        pairs = n * (n - 1)
        apart = pairs - rows - columns + both
        return (both + apart) / pairs if pairs else 1.0


class AdjustedRand(_OfPairs):
    """The Rand index less what chance would reach.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.AdjustedRand()
    >>> for y_true, y_pred in zip([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    AdjustedRand: 0.24242424242424243

    """

    _fmt = ""

    def get(self) -> float:
        """The figure so far; 1 where there is nothing to tell apart."""
        tp, rows, columns, n = self._sums()
        fn, fp = rows - tp, columns - tp
        tn = n * (n - 1) - tp - fn - fp
        divisor = (tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)
        return 2.0 * (tp * tn - fn * fp) / divisor if divisor else 1.0


class FowlkesMallows(_OfPairs):
    """The geometric mean of precision and recall of pairs of events that are together.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.FowlkesMallows()
    >>> for y_true, y_pred in zip([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    FowlkesMallows: 47.14%

    """

    def get(self) -> float:
        """The figure so far."""
        both, rows, columns, _ = self._sums()
        if not rows or not columns:
            return 0.0
        return math.sqrt(both / columns) * math.sqrt(both / rows)
