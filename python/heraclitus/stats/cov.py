"""Covariance."""

from __future__ import annotations

import copy
import typing

from .._generated.stats import Mean
from . import base


class Cov(base.Bivariate):
    """The running covariance.

    Parameters
    ----------
    ddof
        What is taken from the number of pairs in the divisor.

    Examples
    --------

    >>> from heraclitus import stats
    >>> cov = stats.Cov()
    >>> for x, y in [(1.0, 2.0), (2.0, 4.0), (3.0, 9.0)]:
    ...     cov.update(x, y)
    >>> cov
    Cov: 3.5

    """

    def __init__(self, ddof: int = 1) -> None:
        self.ddof = ddof
        self.mean_x = Mean()
        self.mean_y = Mean()
        self.cov = 0.0

    @property
    def n(self) -> float:
        """The sum of weights."""
        return self.mean_x.n

    def _divisor(self) -> float:
        return max(self.n - self.ddof, 1)

    def update(self, x: float, y: float, w: float = 1.0) -> None:
        """Take the next number of each series, with a weight."""
        off = x - self.mean_x.get()
        self.mean_x.update(x, w)
        self.mean_y.update(y, w)
        self.cov += w * (off * (y - self.mean_y.get()) - self.cov) / self._divisor()

    def revert(self, x: float, y: float, w: float = 1.0) -> None:
        """Take a pair of numbers back."""
        off = x - self.mean_x.get()
        self.mean_x.revert(x, w)
        self.mean_y.revert(y, w)
        self.cov -= w * (off * (y - self.mean_y.get()) - self.cov) / self._divisor()

    def update_many(self, X: typing.Any, Y: typing.Any) -> None:
        """Take several numbers of each series at once, as arrays."""
        off = X - self.mean_x.get()
        self.mean_x.update_many(X)
        self.mean_y.update_many(Y)
        self.cov += (off * (Y - self.mean_y.get()) - self.cov).sum() / self._divisor()

    def get(self) -> float:
        """The covariance so far; 0 before the second pair."""
        return self.cov

    @classmethod
    def _from_state(
        cls, n: float, mean_x: float, mean_y: float, cov: float, *, ddof: int = 1
    ) -> Cov:
        new = cls(ddof=ddof)
        new.mean_x = Mean._from_state(n, mean_x)
        new.mean_y = Mean._from_state(n, mean_y)
        new.cov = cov
        return new

    def _apart(self, other: Cov) -> float:
        """How far the means of two are apart, in both directions."""
        apart_x = self.mean_x.get() - other.mean_x.get()
        return apart_x * (self.mean_y.get() - other.mean_y.get())

    def __iadd__(self, other: Cov) -> Cov:
        before, apart = self.n, self._apart(other)
        self.mean_x += other.mean_x
        self.mean_y += other.mean_y
        if self.n > self.ddof:
            total = (before - self.ddof) * self.cov + (other.n - other.ddof) * other.cov
            total += apart * (before * other.n / self.n)
            self.cov = total / self._divisor()
        return self

    def __add__(self, other: Cov) -> Cov:
        result = copy.deepcopy(self)
        result += other
        return result

    def __isub__(self, other: Cov) -> Cov:
        before = self.n
        if before <= self.ddof:
            return self
        self.mean_x -= other.mean_x
        self.mean_y -= other.mean_y
        left = self.n - self.ddof
        if left <= 0:
            self.cov = 0.0
            return self
        total = (before - self.ddof) * self.cov - (other.n - other.ddof) * other.cov
        total -= self._apart(other) * (self.n * other.n / before)
        self.cov = total / left
        return self

    def __sub__(self, other: Cov) -> Cov:
        result = copy.deepcopy(self)
        result -= other
        return result
