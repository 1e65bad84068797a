"""Metrics of groups by what one division says about the other."""

from __future__ import annotations

import math
import typing

from .base import MultiClassMetric
from .expected_mutual_info import expected_mutual_info

_EPSILON = 2.0**-52
_AVERAGES: dict[str, typing.Callable[[float, float], float]] = {
    "min": min,
    "max": max,
    "geometric": lambda u, v: math.sqrt(u * v),
    "arithmetic": lambda u, v: (u + v) / 2,
}


def mutual_info(cm: typing.Any) -> float:
    """What two divisions say about each other, in nats."""
    total, n = 0.0, cm.n_samples
    for y, row in cm.data.items():
        for p, w in row.items():
            if w > 0:
                term = w / n * (math.log(n * w) - math.log(cm.sum_row[y] * cm.sum_col[p]))
                total += term if abs(term) >= _EPSILON else 0.0
    return total


def entropy(sizes: typing.Mapping[typing.Any, float], n: int) -> float:
    """The entropy of a division, in nats."""
    if n == 0:
        return 1.0
    return -sum(w / n * (math.log(w) - math.log(n)) for w in sizes.values() if w > 0)


class MutualInfo(MultiClassMetric):
    """What two divisions say about each other, in nats.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.MutualInfo()
    >>> for y_true, y_pred in zip([1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> round(metric.get(), 6)
    0.462098

    """

    _fmt = ""

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have weights."""
        return False

    def get(self) -> float:
        """The figure so far."""
        return mutual_info(self.cm)


class _Averaged(MultiClassMetric):
    _fmt = ""

    def __init__(self, cm: typing.Any = None, average_method: str = "arithmetic") -> None:
        super().__init__(cm)
        if average_method not in _AVERAGES:
            raise ValueError(
                f"average_method must be one of {sorted(_AVERAGES)}, got {average_method!r}"
            )
        self.average_method = average_method

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have weights."""
        return False

    def _groups(self) -> tuple[int, int]:
        rows, columns = self.cm.sum_row.values(), self.cm.sum_col.values()
        return sum(w != 0 for w in rows), sum(w != 0 for w in columns)

    def _normalizer(self) -> float:
        n = self.cm.n_samples
        mean = _AVERAGES[self.average_method]
        return mean(entropy(self.cm.sum_row, n), entropy(self.cm.sum_col, n))


class NormalizedMutualInfo(_Averaged):
    """The mutual information as a share of the entropies' mean.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    average_method
        The mean: `"min"`, `"max"`, `"geometric"` or `"arithmetic"`.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.NormalizedMutualInfo()
    >>> for y_true, y_pred in zip([1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> round(metric.get(), 6)
    0.515804

    """

    def get(self) -> float:
        """The figure so far; 1 where there is nothing to tell apart."""
        if self._groups() in ((0, 0), (1, 1)):
            return 1.0
        return mutual_info(self.cm) / max(self._normalizer(), _EPSILON)


class AdjustedMutualInfo(_Averaged):
    """The mutual information beyond what chance would reach, as a share of what is possible.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    average_method
        The mean of the entropies: `"min"`, `"max"`, `"geometric"` or `"arithmetic"`.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.AdjustedMutualInfo()
    >>> for y_true, y_pred in zip([1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> round(metric.get(), 6)
    0.298792

    """

    def get(self) -> float:
        """The figure so far; 1 where there is nothing to tell apart."""
        groups = self._groups()
        if groups in ((0, 0), (1, 1)):
            return 1.0
        if 1 in groups:
            return 0.0
        expected = expected_mutual_info(self.cm)
        above = _away_from_0(mutual_info(self.cm) - expected)
        return above / _away_from_0(self._normalizer() - expected)


def _away_from_0(x: float) -> float:
    return min(x, -_EPSILON) if x < 0 else max(x, _EPSILON)
