"""Whether groups hold one label only, and labels are in one group only."""

from __future__ import annotations

import math
import typing

from .base import MultiClassMetric


def _log2(x: float) -> float:
    return math.log(x, 2)


def _explained(
    cells: typing.Iterable[tuple[float, float]],
    sizes: typing.Iterable[float],
    n: int,
    log: typing.Callable[[float], float],
) -> float:
    """1 less the share of the entropy of `sizes` that is left once the other division is known.

    `cells` are weights of cells with the sizes of the groups that they are in. Any logarithm does
    it; River's differ, and with them the last bit.
    """
    left = -sum(w / n * log(w / of) for w, of in cells if w > 0 and of > 0) if n else 0.0
    whole = -sum(w / n * log(w / n) for w in sizes if w > 0) if n else 0.0
    return 1.0 - left / whole if whole else 1.0


class _OfGroups(MultiClassMetric):
    def __init__(self, cm: typing.Any = None) -> None:
        super().__init__(cm)

    @property
    def works_with_weights(self) -> bool:
        """Whether observations may have weights."""
        return False


class Homogeneity(_OfGroups):
    """How far each group holds events of one label only.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.Homogeneity()
    >>> for y_true, y_pred in zip([1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    Homogeneity: 42.06%

    """

    def get(self) -> float:
        """The figure so far; 1 where there is nothing to tell apart."""
        cm = self.cm
        cells = ((w, cm.sum_col[p]) for row in cm.data.values() for p, w in row.items())
        return _explained(cells, cm.sum_row.values(), cm.n_samples, _log2)


class Completeness(_OfGroups):
    """How far the events of each label are in one group only.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.Completeness()
    >>> for y_true, y_pred in zip([1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    Completeness: 66.67%

    """

    def get(self) -> float:
        """The figure so far; 1 where there is nothing to tell apart."""
        cm = self.cm
        cells = ((w, cm.sum_row[y]) for y, row in cm.data.items() for w in row.values())
        return _explained(cells, cm.sum_col.values(), cm.n_samples, math.log)


class VBeta(_OfGroups):
    """The harmonic mean of homogeneity and completeness.

    Parameters
    ----------
    beta
        How much completeness counts against homogeneity.
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> metric = metrics.VBeta(beta=1.0)
    >>> for y_true, y_pred in zip([1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2]):
    ...     metric.update(y_true, y_pred)
    >>> metric
    VBeta: 51.58%

    """

    def __init__(self, beta: float = 1.0, cm: typing.Any = None) -> None:
        super().__init__(cm)
        self.beta = beta
        self.homogeneity = Homogeneity(self.cm)
        self.completeness = Completeness(self.cm)

    def get(self) -> float:
        """The figure so far."""
        h, c = self.homogeneity.get(), self.completeness.get()
        divisor = self.beta * h + c
        return (1 + self.beta) * h * c / divisor if divisor else 0.0
