"""A mean that begins with an opinion."""

from __future__ import annotations

from .._generated.stats import Mean
from . import base


class BayesianMean(base.Univariate):
    """A mean that starts from what is known beforehand.

    Parameters
    ----------
    prior
        The mean to start from.
    prior_weight
        How many values it counts for.

    Examples
    --------

    >>> from heraclitus import stats
    >>> mean = stats.BayesianMean(prior=3.0, prior_weight=2)
    >>> mean.update(9.0)
    >>> mean.get()
    5.0

    """

    def __init__(self, prior: float, prior_weight: float) -> None:
        self.prior = prior
        self.prior_weight = prior_weight
        self._mean = Mean()

    @property
    def name(self) -> str:
        """What features made of this statistic are called."""
        return "bayes_mean"

    def update(self, x: float) -> None:
        """Take the next number of the series."""
        self._mean.update(x)

    def revert(self, x: float) -> None:
        """Take a number back."""
        self._mean.revert(x)

    def get(self) -> float:
        """The mean so far."""
        n, mean, _ = self._mean._moments
        return (mean * n + self.prior * self.prior_weight) / (n + self.prior_weight)
