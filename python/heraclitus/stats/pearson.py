"""Correlation."""

from __future__ import annotations

import math
import typing

from .._generated.stats import Var
from . import base
from .cov import Cov


class PearsonCorr(base.Bivariate):
    """The running correlation of two series.

    Parameters
    ----------
    ddof
        What is taken from the number of pairs in the divisors.

    Attributes
    ----------
    var_x
        The variance of the first series.
    var_y
        The variance of the second one.
    cov_xy
        Their covariance.

    Examples
    --------

    >>> from heraclitus import stats
    >>> corr = stats.PearsonCorr()
    >>> for x, y in [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (1, 5)]:
    ...     corr.update(x, y)
    >>> corr
    PearsonCorr: 0.87831

    """

    def __init__(self, ddof: int = 1) -> None:
        self.var_x = Var(ddof=ddof)
        self.var_y = Var(ddof=ddof)
        self.cov_xy = Cov(ddof=ddof)

    @property
    def ddof(self) -> int:
        """What is taken from the number of pairs in the divisors."""
        return self.cov_xy.ddof

    def update(self, x: float, y: float) -> None:
        """Take the next number of each series."""
        self.var_x.update(x)
        self.var_y.update(y)
        self.cov_xy.update(x, y)

    def update_many(self, X: typing.Any, Y: typing.Any) -> None:
        """Take several numbers of each series at once, as arrays."""
        self.var_x.update_many(X)
        self.var_y.update_many(Y)
        self.cov_xy.update_many(X, Y)

    def revert(self, x: float, y: float) -> None:
        """Take a pair of numbers back."""
        self.var_x.revert(x)
        self.var_y.revert(y)
        self.cov_xy.revert(x, y)

    def get(self) -> float:
        """The correlation so far; 0 where a series does not vary."""
        var_x, var_y = self.var_x.get(), self.var_y.get()
        return self.cov_xy.get() / math.sqrt(var_x * var_y) if var_x and var_y else 0
