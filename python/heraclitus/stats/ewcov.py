"""Covariance of late."""

from __future__ import annotations

from .._generated.stats import EWMean
from . import base


class EWCov(base.Bivariate):
    """The covariance of two series in which what is new counts more.

    It is the mean of the products less the product of the means, each of them an `EWMean`.

    Parameters
    ----------
    fading_factor
        How much the newest pair counts, between 0 and 1.

    Examples
    --------

    >>> from heraclitus import stats
    >>> cov = stats.EWCov(0.5)
    >>> for x, y in [(1, 1), (3, 3), (2, 4)]:
    ...     cov.update(x, y)
    >>> cov
    EWCov: 0.5

    """

    def __init__(self, fading_factor: float = 0.5) -> None:
        if not 0 <= fading_factor <= 1:
            raise ValueError(f"fading_factor must lie between 0 and 1, got {fading_factor}")
        self.fading_factor = fading_factor
        self._mean_x = EWMean(fading_factor)
        self._mean_y = EWMean(fading_factor)
        self._mean_xy = EWMean(fading_factor)

    @property
    def name(self) -> str:
        """The name with the fading factor."""
        return f"ewcov_{self.fading_factor}"

    def update(self, x: float, y: float) -> None:
        """Take the next number of each series."""
        self._mean_x.update(x)
        self._mean_y.update(y)
        self._mean_xy.update(x * y)

    def get(self) -> float:
        """The covariance so far."""
        return self._mean_xy.get() - self._mean_x.get() * self._mean_y.get()
